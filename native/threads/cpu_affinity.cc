#include "threads/cpu_affinity.h"

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace saliencymix {

#if defined(__linux__)

namespace {

// The processors that the process may use: those of its first thread, which is never moved.
cpu_set_t cpusOfProcess() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(getpid(), sizeof(set), &set);
  return set;
}

}  // namespace

int currentCpu() { return sched_getcpu(); }

bool avoidCpu(std::thread& thread, int cpu) {
  cpu_set_t others = cpusOfProcess();
  if (cpu < 0 || cpu >= CPU_SETSIZE) return false;
  CPU_CLR(cpu, &others);
  return CPU_COUNT(&others) > 0 && pthread_setaffinity_np(thread.native_handle(), sizeof(others), &others) == 0;
}

void resetAffinity() {
  const cpu_set_t all = cpusOfProcess();
  if (CPU_COUNT(&all) > 0) pthread_setaffinity_np(pthread_self(), sizeof(all), &all);
}

#else

int currentCpu() { return -1; }
bool avoidCpu(std::thread&, int) { return false; }
void resetAffinity() {}

#endif

}  // namespace saliencymix
