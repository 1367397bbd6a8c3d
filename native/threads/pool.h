// A small thread pool of our own: libuv's four threads serve the file system and image decoding.
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

// One pool per process, shared by all callers; threads start when first needed. Any thread may call forEach, several at
// once.
class Pool {
 public:
  static Pool& shared();
  ~Pool();

  // Calls task(i) once for every i in 0 .. count - 1, in any order, on up to `threads` threads of which the caller is one.
  // Returns when all are done. After the first exception no further task starts, and it is thrown again here.
  void forEach(int count, int threads, const std::function<void(int)>& task);

  // Wakes helpers for a forEach on so many threads that another thread is about to begin: they look out for it for a moment.
  // Woken by that thread, they are often put on the very processor on which it keeps working.
  void expect(int threads);

  // Each user of the pool holds on to it; when the last lets go (true) the threads are joined. They start again on demand.
  void retain();
  bool release();

 private:
  using Clock = std::chrono::steady_clock;
  struct Job;

  void startThreads(int wanted);
  void serve();
  void lookOut(Clock::time_point until) const;
  void stopThreads();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> seats_;  // a job stands here once for every helper it may have
  std::atomic<bool> seatFree_{false};        // whether one stands there, for those who only look
  Clock::time_point expectedUntil_{};
  std::vector<std::thread> threads_;
  int users_ = 0;
  bool stopping_ = false;
};

}  // namespace saliencymix
