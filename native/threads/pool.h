// The package's own thread pool: libuv's four threads are left to the file system and image decoding.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace saliencymix {

// Threads start when first needed. Any thread may call forEach, several at once.
class Pool {
  struct Job;

 public:
  // The pool of the whole process, for the parts of calls. The calls themselves run on a pool of their own
  // (binding/calls.cc).
  static Pool& shared();
  ~Pool();

  // Calls task(i) once for every i in 0 .. count - 1, in any order, on up to `threads` threads of which the caller is one.
  // Returns when all are done. After the first exception no further task starts, and it is thrown again here.
  void forEach(int count, int threads, const std::function<void(int)>& task);

  // Calls call() on a thread of the pool, and returns at once. It must not throw. As many run at the same time as there are
  // processors, and at least four; the others wait for their turn. Throws where no thread can be started.
  void start(std::function<void()> call);

  // Wakes helpers for a forEach on `threads` threads that another thread is about to begin; they stay awake for a moment to
  // take part at once. If that thread woke them itself, the system would often put them on the processor on which it goes on
  // computing.
  void prewake(int threads);

  // Wakes one thread for a call that is about to be started.
  void prewakeCall();

  // Users are counted. When the last one releases the pool its threads are joined, and release() gives true. They start again
  // when they are needed.
  void retain();
  bool release();

 private:
  using Clock = std::chrono::steady_clock;

  struct Worker {
    std::thread thread;
    bool busy = false;
    bool spinning = false;           // awake and waiting for work; `cpu` is up to date
    std::atomic<int> cpu{-1};        // where it was last seen while it was not busy
    std::atomic<bool> moved{false};  // kept off a processor until it takes its next job
  };

  void startThreads(int wanted);
  void prewakeSlots(int slots);
  void offer();
  void wake(int wanted);
  void clearCallersCpu();
  void serve(Worker& self);
  void take(Worker& self, std::unique_lock<std::mutex>& lock);
  void spin(Worker& self, std::unique_lock<std::mutex>& lock, Clock::time_point until);
  void stopThreads();

  std::mutex stopMutex_;  // held while the threads are being stopped
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> slots_;  // a job is listed once for every helper it may have, a call once
  std::atomic<bool> hasSlots_{false};       // whether slots_ has entries, to be read without the lock
  Clock::time_point prewakeUntil_{};
  std::vector<std::unique_ptr<Worker>> workers_;
  int busy_ = 0;      // threads at work
  int spinning_ = 0;  // threads that are awake and waiting for work: they need not be woken
  int users_ = 0;
  std::atomic<bool> stopping_{false};
};

}  // namespace saliencymix
