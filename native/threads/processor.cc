#include "threads/processor.h"

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace saliencymix {

#if defined(__linux__)

namespace {

// The processors that the process may use: those of its first thread, which is never moved.
cpu_set_t processorsOfProcess() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(getpid(), sizeof(set), &set);
  return set;
}

}  // namespace

int currentProcessor() { return sched_getcpu(); }

bool moveOff(std::thread& thread, int processor) {
  cpu_set_t others = processorsOfProcess();
  if (processor < 0 || processor >= CPU_SETSIZE) return false;
  CPU_CLR(processor, &others);
  return CPU_COUNT(&others) > 0 && pthread_setaffinity_np(thread.native_handle(), sizeof(others), &others) == 0;
}

void roam() {
  const cpu_set_t all = processorsOfProcess();
  if (CPU_COUNT(&all) > 0) pthread_setaffinity_np(pthread_self(), sizeof(all), &all);
}

#else

int currentProcessor() { return -1; }
bool moveOff(std::thread&, int) { return false; }
void roam() {}

#endif

}  // namespace saliencymix
