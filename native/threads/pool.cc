#include "threads/pool.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

namespace saliencymix {

struct Pool::Job {
  Job(int size, const std::function<void(int)>& work) : count(size), task(work) {}

  const int count;
  const std::function<void(int)>& task;  // the caller's; only used while it waits in forEach
  std::atomic<int> next{0};
  std::mutex mutex;
  std::condition_variable finished;
  int running = 0;  // threads inside work()
  std::exception_ptr error;

  void work() {
    {
      const std::lock_guard lock(mutex);
      if (next.load() >= count) return;  // too late: the caller may be gone, and with it the task
      running++;
    }
    for (int i = next++; i < count; i = next++) {
      try {
        task(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
        next = count;
      }
    }
    const std::lock_guard lock(mutex);
    if (--running == 0) finished.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex);
    finished.wait(lock, [this] { return running == 0; });
    // Taken along: a helper that lets go of the job last must not be the one to free it.
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
  }
};

Pool& Pool::shared() {
  static Pool pool;
  return pool;
}

void Pool::forEach(int count, int threads, const std::function<void(int)>& task) {
  const int helpers = std::min(threads, count) - 1;
  const auto job = std::make_shared<Job>(count, task);
  if (helpers > 0) {
    const std::lock_guard lock(mutex_);
    startThreads(helpers);
    for (int i = 0; i < helpers; i++) seats_.push_back(job);
    seatFree_ = true;
    wake_.notify_all();
  }
  job->work();
  job->wait();
}

void Pool::startThreads(int wanted) {
  if (stopping_) return;  // the caller does all the work
  while (static_cast<int>(threads_.size()) < wanted) threads_.emplace_back([this] { serve(); });
}

void Pool::expect(int threads) {
  if (threads < 2) return;
  const std::lock_guard lock(mutex_);
  startThreads(threads - 1);
  expectedUntil_ = Clock::now() + std::chrono::microseconds(200);
  wake_.notify_all();
}

// Until there is a seat, or none is expected any more. Others may have the processor meanwhile.
void Pool::lookOut(Clock::time_point until) const {
  while (!seatFree_ && Clock::now() < until) std::this_thread::yield();
}

void Pool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] {
      return stopping_ || !seats_.empty() || Clock::now() < expectedUntil_;
    });
    if (stopping_) return;
    if (seats_.empty()) {
      const Clock::time_point until = expectedUntil_;
      lock.unlock();
      lookOut(until);
      lock.lock();
      continue;
    }
    const std::shared_ptr<Job> job = seats_.front();
    seats_.pop_front();
    seatFree_ = !seats_.empty();
    lock.unlock();
    job->work();
    lock.lock();
  }
}

void Pool::retain() {
  const std::lock_guard lock(mutex_);
  users_++;
}

bool Pool::release() {
  {
    const std::lock_guard lock(mutex_);
    if (--users_ > 0) return false;
  }
  stopThreads();
  return true;
}

Pool::~Pool() { stopThreads(); }

// A job that is running goes on without the helpers that leave.
void Pool::stopThreads() {
  std::vector<std::thread> leaving;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    leaving.swap(threads_);
    wake_.notify_all();
  }
  for (std::thread& thread : leaving) thread.join();
  const std::lock_guard lock(mutex_);
  seats_.clear();
  seatFree_ = false;
  stopping_ = false;
}

}  // namespace saliencymix
