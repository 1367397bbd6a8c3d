// How fast the card copies its own memory, with which every kernel's GB/s are compared, and how fast bytes come from the
// host and go back to it. A copy on the card reads and writes every byte, so each counts twice; over the bus, once.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "card_machine.cuh"

namespace gpu_bench {

class Copies {
 public:
  Copies(CardMachine& machine, Bench<CardMachine>& bench, const Size& batch)
      : machine_(machine), bench_(bench), batch_(static_cast<std::size_t>(batch.values())) {}

  void all() {
    // Far larger than the cache; and as large as a batch of the jobs, where starting and ending take a larger share.
    const std::size_t large = std::max(std::size_t{512} << 20, 4 * machine_.cacheBytes());
    onCard("device", large, 1);
    onCard("device batch", batch_, 2 * machine_.cacheBytes() / (2 * batch_) + 2);
    overBus();
    nothing();
  }

 private:
  void onCard(const std::string& way, std::size_t bytes, std::size_t pairs) {
    std::vector<cuda::DeviceMemory> from;
    std::vector<cuda::DeviceMemory> to;
    for (std::size_t i = 0; i < pairs; i++) {
      from.push_back(cuda::allocateOnDevice(bytes, [] {}));
      to.push_back(cuda::allocateOnDevice(bytes, [] {}));
      check(cudaMemset(from.back().get(), static_cast<int>(i), bytes), "clearing memory");
    }
    const auto timed = [&](const char* by, const auto& copy) {
      print(way, by, 2 * bytes, bench_.inRounds([&](int round) {
        const std::size_t i = static_cast<std::size_t>(round) % pairs;
        return machine_.deviceTime([&] { copy(from[i].get(), to[i].get()); });
      }));
    };
    timed("cudaMemcpyAsync", [&](const std::byte* source, std::byte* target) {
      check(cudaMemcpyAsync(target, source, bytes, cudaMemcpyDeviceToDevice, machine_.stream()), "copying on the card");
    });
    timed("kernel of 16-byte vectors", [&](const std::byte* source, std::byte* target) {
      const std::size_t count = bytes / sizeof(uint4);
      const std::size_t whole = (count + 1023) / 1024;
      copyVectors<<<static_cast<unsigned>(whole), 256, 0, machine_.stream()>>>(
          reinterpret_cast<const uint4*>(source), reinterpret_cast<uint4*>(target), count);
      check(cudaGetLastError(), "launching a kernel");
    });
  }

  void overBus() {
    const cuda::DeviceMemory there = cuda::allocateOnDevice(batch_, [] {});
    void* memory = nullptr;
    check(cudaMallocHost(&memory, batch_), "allocating page-locked memory");
    const cuda::PinnedMemory pinned(static_cast<std::byte*>(memory));
    std::memset(pinned.get(), 1, batch_);
    std::vector<std::byte> pageable(batch_, std::byte{1});
    for (const auto& [by, here] : {std::pair{"page-locked memory", pinned.get()}, std::pair{"pageable memory", pageable.data()}}) {
      const auto timed = [&](const char* way, const auto& go) {
        print(way, by, batch_, bench_.inRounds([&](int) { return wallOf(go); }));
      };
      timed("up", [&] { machine_.copyUp(there.get(), here, batch_); });
      timed("down", [&] { machine_.copyDown(here, there.get(), batch_); });
    }
    print("up", "the queue, from pageable memory", batch_, bench_.inRounds([&](int) {
      return wallOf([&] {
        machine_.queue().upload(there.get(), pageable.data(), batch_);
        machine_.queue().wait();
      });
    }));
    print("down", "the queue, to pageable memory", batch_, bench_.inRounds([&](int) {
      return wallOf([&] {
        machine_.queue().download(pageable.data(), there.get(), batch_, machine_.queue().recordEvent());
        machine_.queue().wait();
      });
    }));
  }

  // The time between two marks with an empty kernel between them: every stage's time includes about that much.
  void nothing() {
    print("nothing", "a launch", 0, bench_.inRounds([&](int) {
      return machine_.deviceTime([&] {
        spin<<<1, 1, 0, machine_.stream()>>>(0);
        check(cudaGetLastError(), "launching a kernel");
      });
    }));
  }

  static void print(const std::string& way, const std::string& by, std::size_t bytes, const std::vector<double>& ms) {
    Json("copy").text("way", way).text("by", by).number("bytes", static_cast<double>(bytes)).numbers("ms", ms).print();
  }

  CardMachine& machine_;
  Bench<CardMachine>& bench_;
  const std::size_t batch_;
};

}  // namespace gpu_bench
