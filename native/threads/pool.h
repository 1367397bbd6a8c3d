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

// Threads start when first needed. Any thread may call forEach, several at once.
class Pool {
  struct Job;

 public:
  // That of the process for parts of calls, shared by all callers. Calls have one of their own (binding/calls.cc).
  static Pool& shared();
  ~Pool();

  // Calls task(i) once for every i in 0 .. count - 1, in any order, on up to `threads` threads of which the caller is one.
  // Returns when all are done. After the first exception no further task starts, and it is thrown again here.
  void forEach(int count, int threads, const std::function<void(int)>& task);

  // Calls call() on a thread of the pool, and returns at once. It must not throw. As many run at the same time as there are
  // processors, and at least four; the others wait for their turn. Throws where no thread can be started.
  void start(std::function<void()> call);

  // Wakes helpers for a forEach on so many threads that another thread is about to begin: they look out for it for a moment.
  // Woken by that thread, they are often put on the very processor on which it keeps working.
  void expect(int threads);

  // The same for a call that is about to be started.
  void expectCall();

  // A thread that is none of the pool's and helps with one call, as its own has nothing else to do until that ends.
  class Guest {
   public:
    // As long as this lives, a forEach on the thread that made it has the guest as one of its threads.
    class Stay {
     public:
      explicit Stay(Guest* guest);
      ~Stay();
      Stay(const Stay&) = delete;
      Stay& operator=(const Stay&) = delete;

     private:
      Guest* guest_;
    };

    // On the guest's own thread: works until the stay is over, or there was nothing to do for so long.
    void help(std::chrono::microseconds patience);

   private:
    friend class Pool;
    void offer(std::shared_ptr<Job> job);

    std::mutex mutex_;
    std::shared_ptr<Job> seat_;
    std::atomic<bool> called_{false};  // a seat is there
    std::atomic<bool> over_{false};
  };

  // Each user of the pool holds on to it; when the last lets go (true) the threads are joined. They start again on demand.
  void retain();
  bool release();

 private:
  using Clock = std::chrono::steady_clock;

  struct Worker {
    std::thread thread;
    bool busy = false;
    bool looking = false;            // out for a seat: awake, and it knows where it is
    std::atomic<int> processor{-1};  // where it was last, while it is not busy
    std::atomic<bool> moved{false};  // off a processor, until it takes a seat
  };

  void startThreads(int wanted);
  void expectSeats(int seats);
  void offer();
  void wake(int wanted);
  void makeWay();
  void serve(Worker& self);
  void take(Worker& self, std::unique_lock<std::mutex>& lock);
  void lookOut(Worker& self, std::unique_lock<std::mutex>& lock, Clock::time_point until);
  void stopThreads();

  std::mutex stopMutex_;  // one at a time stops the threads
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> seats_;  // a job stands here once for every helper it may have; a call once
  std::atomic<bool> seatFree_{false};        // whether one stands there, for those who only look
  Clock::time_point expectedUntil_{};
  std::vector<std::unique_ptr<Worker>> workers_;
  int busy_ = 0;     // threads at work
  int looking_ = 0;  // threads that look out for a seat: they need not be woken
  int users_ = 0;
  std::atomic<bool> stopping_{false};
};

}  // namespace saliencymix
