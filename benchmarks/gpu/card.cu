// The benchmark on a graphics card: JSON lines to stdout (run.mjs reads them and writes the report).
//   gpu_bench [--rounds n] [--threads n] [--only "beginning of a job's name"] [--quick]
// Ends with status 3 and one sentence where there is no card.
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include "card_machine.cuh"
#include "copies.cuh"
#include "jobs.h"

namespace {

using namespace gpu_bench;

constexpr int kNoCard = 3;

int wholeNumber(std::string_view name, const char* text) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value < 1 || value > 100'000) {
    throw std::runtime_error(std::string(name) + " takes a whole number of at least 1, not \"" + text + "\"");
  }
  return static_cast<int>(value);
}

Settings readSettings(int count, char** words) {
  Settings settings;
  settings.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  for (int i = 1; i < count; i++) {
    const std::string_view word = words[i];
    const char* const value = i + 1 < count ? words[i + 1] : "";
    if (word == "--quick") {
      settings.rounds = 7;
      settings.warmUp = 2;
      continue;
    }
    if (word == "--rounds") settings.rounds = wholeNumber(word, value);
    else if (word == "--threads") settings.threads = wholeNumber(word, value);
    else if (word == "--only") settings.only = value;
    else throw std::runtime_error("unknown option \"" + std::string(word) + "\"");
    i++;
  }
  return settings;
}

void run(const Settings& settings) {
  const Size large{256, 224};
  CardMachine machine(settings.threads);
  Bench bench(machine, settings);
  machine.describe();
  // Awake and at its clock, before anything is timed.
  for (int i = 0; i < 200; i++) machine.fill();
  machine.queue().wait();
  Copies(machine, bench, large).all();
  bench.jobs(JobList(large, {4096, 32}));
}

}  // namespace

int main(int count, char** words) {
  try {
    const Settings settings = readSettings(count, words);
    const std::string problem = cudaBackend().unavailable();
    if (!problem.empty()) {
      std::cerr << problem << "\n";
      return kNoCard;
    }
    run(settings);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
