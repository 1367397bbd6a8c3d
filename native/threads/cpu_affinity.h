// Which processor a thread runs on, and how to keep it off one. A thread that wakes up on the processor of a busy thread may
// wait there for some milliseconds until the system moves it; a small batch is done by then.
//
// Linux only. Elsewhere the processor is unknown and no thread is moved.
#pragma once

#include <thread>

namespace saliencymix {

// The processor of the calling thread; -1 where it is unknown.
int currentCpu();

// Keeps another thread off a processor until that thread calls resetAffinity(). False, and nothing is done, where the process
// may use no other processor.
bool avoidCpu(std::thread& thread, int cpu);

// Lets the calling thread run on every processor again that the process may use.
void resetAffinity();

}  // namespace saliencymix
