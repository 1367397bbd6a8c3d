// The jobs, one after the other: checked, warmed up, then timed in rounds over batches that take turns.
#pragma once

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "checks.h"
#include "cuda/device_call.h"
#include "json.h"
#include "timed_queue.h"

namespace gpu_bench {

struct Settings {
  int rounds = 31;
  int warmUp = 5;
  int threads = 1;  // of the host, for what passes through its memory
  std::string only;  // jobs whose names begin with it; all where it is empty
};

using Clock = std::chrono::steady_clock;

// Milliseconds that the host waits.
template <class Go>
double wallOf(const Go& go) {
  const auto begin = Clock::now();
  go();
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

template <class Machine>
class Bench {
 public:
  Bench(Machine& machine, const Settings& settings)
      : machine_(machine), settings_(settings), run_{settings.threads, nullptr} {}

  void jobs(const JobList& list) {
    for (const Job& job : list.all()) {
      if (job.id.starts_with(settings_.only)) measure(job);
    }
  }

  // The numbers that go(round) gives, round after round. The first rounds warm up and are left out.
  template <class Go>
  std::vector<double> inRounds(const Go& go) {
    std::vector<double> kept;
    for (int round = -settings_.warmUp; round < settings_.rounds; round++) {
      const double value = go(round + settings_.warmUp);
      if (round >= 0) kept.push_back(value);
    }
    return kept;
  }

 private:
  // A stage's times, a number for each round.
  struct Series {
    Timed first;
    std::vector<double> ms;
  };

  void measure(const Job& job) {
    std::vector<Input> inputs = makeInputs(job, machine_.backend(), run_, machine_.cacheBytes());
    const std::string checked = job.work == Work::saliency ? checkSaliency(machine_.backend(), job, inputs[0], run_)
                                                           : checkMix(machine_.backend(), job, inputs[0], run_);
    Json line("job");
    line.text("id", job.id).number("images", job.size.count).number("side", job.size.side).text("checked", checked);
    line.number("batches", static_cast<double>(inputs.size()));
    line.number("in", job.bytesIn()).number("out", job.bytesOut());
    if (job.fromHost) timeFromHost(job, inputs, line);
    else timeOnDevice(job, inputs, line);
  }

  // Times whole calls by the host's clock, and the same calls with marks in the queue, for the device's own times.
  void timeOnDevice(const Job& job, std::vector<Input>& inputs, Json& line) {
    const std::vector<double> wall = inRounds([&](int round) {
      Input& input = turn(inputs, round);
      std::vector<MixSample> samples = input.samples;
      return wallOf([&] { call(job, input, samples); });
    });
    std::vector<Series> stages;
    const std::vector<double> device = inRounds([&](int round) {
      Input& input = turn(inputs, round);
      TimedQueue<Machine> queue(machine_, job.kind == MixKind::blend ? 2 : 1);
      machine_.forgetMarks();
      machine_.fill();
      std::vector<MixSample> samples = input.samples;
      cuda::DeviceCall deviceCall(queue, run_);
      ask(deviceCall, job, input, samples);
      queue.wait();
      if (round >= settings_.warmUp) keep(stages, queue.stages());
      return queue.span();
    });
    line.numbers("wallMs", wall).numbers("deviceMs", device).print();
    for (const Series& series : stages) printStage(job, series);
  }

  // Times whole calls, and beside them only the copies of the same bytes: through the queue, and from pageable memory.
  void timeFromHost(const Job& job, std::vector<Input>& inputs, Json& line) {
    std::vector<std::uint8_t> out(static_cast<std::size_t>(job.bytesOut()));
    std::vector<double> copies;
    std::vector<double> plain;
    const std::vector<double> wall = inRounds([&](int round) {
      Input& input = turn(inputs, round);
      std::vector<MixSample> samples = input.samples;
      const BatchView view = input.images->view();
      const double byQueue = wallOf([&] {
        machine_.backend().upload(view.data, *input.resident, run_);
        machine_.backend().download(*input.mixed, out.data(), run_);
      });
      const double byRuntime = wallOf([&] {
        machine_.copyUp(input.resident->data(), view.data, input.resident->bytes);
        machine_.copyDown(out.data(), input.mixed->data(), input.mixed->bytes);
      });
      if (round >= settings_.warmUp) {
        copies.push_back(byQueue);
        plain.push_back(byRuntime);
      }
      return wallOf([&] {
        machine_.backend().mix({{view}, samples, placingOf(job), job.format(), {out.data()}}, run_);
      });
    });
    line.numbers("wallMs", wall).numbers("copiesMs", copies).numbers("plainCopiesMs", plain).print();
  }

  static Input& turn(std::vector<Input>& inputs, int round) {
    return inputs[static_cast<std::size_t>(round) % inputs.size()];
  }

  static BatchSource sourceOf(const Input& input) {
    BatchView view = input.images->view();
    view.data = nullptr;
    return {view, input.resident.get()};
  }

  // What the backend is asked, and what a DeviceCall does, from device memory to device memory.
  template <class Asked>
  void ask(Asked& asked, const Job& job, Input& input, std::vector<MixSample>& samples, const auto&... run) {
    if (job.work == Work::saliency) {
      points_.resize(2 * static_cast<std::size_t>(job.size.count));
      asked.saliency({sourceOf(input), findSaliencyMethod(job.method), nullptr, points_.data(),
                      points_.data() + job.size.count}, run...);
    } else {
      asked.mix({sourceOf(input), samples, placingOf(job), job.format(), {nullptr, input.mixed.get()}}, run...);
    }
  }
  void call(const Job& job, Input& input, std::vector<MixSample>& samples) {
    ask(machine_.backend(), job, input, samples, run_);
  }

  static void keep(std::vector<Series>& all, const std::vector<Timed>& round) {
    if (all.empty()) {
      for (const Timed& timed : round) all.push_back({timed, {}});
    }
    for (std::size_t i = 0; i < all.size(); i++) all[i].ms.push_back(round[i].ms);
  }

  void printStage(const Job& job, const Series& series) const {
    const auto& [stage, attributes, launches, ms] = series.first;
    Json("stage")
        .text("job", job.id)
        .text("name", stage.name)
        .text("formula", stage.formula)
        .number("launches", launches)
        .number("read", stage.moved.read)
        .number("written", stage.moved.written)
        .number("registers", attributes.registers)
        .number("spilledBytes", attributes.spilledBytes)
        .number("sharedBytes", attributes.sharedBytes)
        .number("threads", attributes.threads)
        .number("blocksOfProcessor", attributes.blocksOfProcessor)
        .numbers("ms", series.ms)
        .print();
  }

  Machine& machine_;
  const Settings settings_;
  const Run run_;
  std::vector<Point> points_;  // must outlive the call that is queued: they are written when it ends
};

}  // namespace gpu_bench
