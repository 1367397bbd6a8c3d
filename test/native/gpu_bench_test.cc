// A dry run of the graphics card's benchmark (benchmarks/gpu) on the host: its jobs at small sizes, each checked and timed,
// with a line for every stage. Only benchmarks/gpu/card.cu, the program for a card, is not covered.
#include "../../benchmarks/gpu/host_machine.h"

TEST(everyJobRunsOnTheHost) {
  gpu_bench::HostMachine machine;
  gpu_bench::Settings settings;
  settings.rounds = 3;
  settings.warmUp = 1;
  gpu_bench::Bench bench(machine, settings);
  machine.describe();
  machine.copies(bench);
  bench.jobs(gpu_bench::JobList({3, 48}, {5, 16}));
}
