// A queue of device_call.h that marks the time before and after every kernel. So each kernel is timed inside its call, with
// the caches as the kernels before it have left them.
//
// A Machine is where the benchmark runs: a card (card_machine.cuh), or the host in a dry run (host_machine.h). It gives
//   queue()                the queue that does the work
//   mark()                 a point in the queue, of which ms(begin, end) tells the time once wait() has returned
//   forgetMarks()          all marks may be used again
//   fill()                 makes the queue wait a moment, so that it is full when it starts and launching costs no time
//   attributes(kernel)     registers and other resources that the compiled kernel needs
//   backend()              the backend over the same device, and whole calls through it
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "stages.h"

namespace gpu_bench {

// 0 where unknown.
struct Attributes {
  int registers = 0;
  int spilledBytes = 0;
  int sharedBytes = 0;
  int threads = 0;
  int blocksOfProcessor = 0;  // that fit a multiprocessor at once
};

// All launches of one kernel in a call together.
struct Timed {
  Stage stage;
  Attributes attributes;
  int launches;
  double ms;
};

template <class Machine>
class TimedQueue {
 public:
  using Mark = typename Machine::Mark;

  TimedQueue(Machine& machine, ReadsPerValue reads) : machine_(machine), reads_(reads) {}

  std::byte* reserve(std::size_t bytes) { return machine_.queue().reserve(bytes); }
  // Copies run beside the kernels and are not timed here: whole calls are timed with them.
  void upload(void* to, const void* from, std::size_t bytes) { machine_.queue().upload(to, from, bytes); }
  void waitForUpload() { machine_.queue().waitForUpload(); }
  int recordEvent() { return machine_.queue().recordEvent(); }
  void zero(void* at, std::size_t bytes) {
    timed({"clear", "", {0, static_cast<double>(bytes)}}, {}, [&] { machine_.queue().zero(at, bytes); });
    last_ = entries_.back().end;
  }
  template <class Kernel>
  void launch(const Kernel& kernel) {
    if (kernel.blocks() == 0) return;
    timed(stageOf(kernel, reads_), machine_.attributes(kernel), [&] { machine_.queue().launch(kernel); });
    last_ = entries_.back().end;
  }
  void download(void* to, const void* from, std::size_t bytes, int event) {
    machine_.queue().download(to, from, bytes, event);
  }
  void wait() { machine_.queue().wait(); }

  // From the first of what was queued to the end of the last kernel.
  double span() const { return entries_.empty() ? 0 : machine_.ms(entries_.front().begin, *last_); }

  std::vector<Timed> stages() const {
    std::vector<Timed> all;
    for (const Entry& entry : entries_) {
      const auto same = [&](const Timed& timed) { return timed.stage.name == entry.stage.name; };
      auto found = std::find_if(all.begin(), all.end(), same);
      if (found == all.end()) found = all.insert(all.end(), {{entry.stage.name, entry.stage.formula, {}}, entry.attributes, 0, 0});
      found->launches++;
      found->ms += machine_.ms(entry.begin, entry.end);
      found->stage.moved.read += entry.stage.moved.read;
      found->stage.moved.written += entry.stage.moved.written;
    }
    return all;
  }

 private:
  struct Entry {
    Stage stage;
    Attributes attributes;
    Mark begin;
    Mark end;
  };

  template <class Go>
  void timed(Stage stage, const Attributes& attributes, const Go& go) {
    const Mark begin = machine_.mark();
    go();
    entries_.push_back({std::move(stage), attributes, begin, machine_.mark()});
  }

  Machine& machine_;
  ReadsPerValue reads_;
  std::vector<Entry> entries_;
  std::optional<Mark> last_;
};

}  // namespace gpu_bench
