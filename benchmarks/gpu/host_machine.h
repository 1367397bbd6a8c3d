// The host in place of a card, for a dry run: the same jobs, checks and output, with the kernels run by the tests'
// device_on_host.h. Its times mean nothing.
#pragma once

#include <chrono>
#include <cstring>
#include <vector>

#include "../../test/native/device_on_host.h"
#include "measure.h"

namespace gpu_bench {

class HostMachine {
 public:
  using Mark = Clock::time_point;

  const Backend& backend() const { return device_on_host::backend(); }
  device_on_host::HostQueue& queue() { return queue_; }
  Mark mark() const { return Clock::now(); }
  double ms(const Mark& begin, const Mark& end) const {
    return std::chrono::duration<double, std::milli>(end - begin).count();
  }
  void forgetMarks() const {}
  void fill() const {}
  template <class Kernel>
  Attributes attributes(const Kernel& kernel) const {
    return {0, 0, static_cast<int>(kernel.sharedBytes()), Kernel::kThreads, 0};
  }
  std::size_t cacheBytes() const { return 1 << 10; }
  void copyUp(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }
  void copyDown(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }

  void describe() const { Json("device").text("name", "host").text("about", backend().description()).number("cores", 1).print(); }

  // Copies of memory, under the names that the card's have.
  void copies(Bench<HostMachine>& bench) const {
    for (const auto& [way, counted] : {std::pair{"device", 2}, std::pair{"up", 1}, std::pair{"down", 1}}) {
      const std::vector<char> from(1 << 20, 1);
      std::vector<char> to(from.size());
      const std::vector<double> ms =
          bench.inRounds([&](int) { return wallOf([&] { std::memcpy(to.data(), from.data(), to.size()); }); });
      const double bytes = counted * static_cast<double>(to.size());
      Json("copy").text("way", way).text("by", "memcpy").number("bytes", bytes).numbers("ms", ms).print();
    }
  }

 private:
  device_on_host::HostQueue queue_;
};

}  // namespace gpu_bench
