// Which processor a thread is on. A thread that waits stays behind another one that computes, for as long as some
// milliseconds, where the system finds it not worth moving; a small batch is done by then.
//
// On Linux. Elsewhere nobody knows, and nothing is moved.
#pragma once

#include <thread>

namespace saliencymix {

// Of the calling thread; -1 where nobody knows.
int currentProcessor();

// Moves another thread, at once where it waits and does not run; it stays off that processor until it calls roam().
// False, and nothing is done, where this process may use no other one.
bool moveOff(std::thread& thread, int processor);

// The calling thread may be on any processor again that the process may use.
void roam();

}  // namespace saliencymix
