#include "threads/pool.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "threads/cpu_affinity.h"
#include "threads/parts.h"

namespace saliencymix {

namespace {

// How many calls may run at the same time. Where many are begun at once, each is mostly the work of one thread.
int maxCalls() { return std::max(4, static_cast<int>(std::thread::hardware_concurrency())); }

// Whether there is more than one processor. With a single one, a thread that spins only keeps the others from working.
bool severalCpus() {
  static const bool several = std::thread::hardware_concurrency() != 1;
  return several;
}

// How long a thread stays awake for more work before it sleeps. This bridges the time between two steps of a call, and
// between small calls that follow one another. Waking a thread takes about as long.
std::chrono::microseconds spinTime() { return std::chrono::microseconds(PoolParts::kSpinning && severalCpus() ? 50 : 0); }

// With at most this many workers, sleeping ones are moved off the caller's processor wherever they slept. To move a thread
// takes as long as a few images, so among more workers only those are moved that slept there.
constexpr int kFewWorkers = 3;

// How long a thread that was woken in advance stays awake.
constexpr std::chrono::microseconds kPrewakeTime{200};

}  // namespace

struct Pool::Job {
  Job(int size, const std::function<void(int)>& work) : count(size), task(work) {}
  explicit Job(std::function<void()> call) : count(1), own([call = std::move(call)](int) { call(); }), task(own) {}

  const int count;
  const std::function<void(int)> own;    // the work of a call that start() was given; no thread waits for it
  const std::function<void(int)>& task;  // `own`, or the caller's, which lives until its forEach returns
  std::atomic<int> next{0};
  std::mutex mutex;
  std::condition_variable finished;
  std::atomic<int> running{0};  // threads inside work()
  std::exception_ptr error;

  void work() {
    {
      const std::lock_guard lock(mutex);
      if (next.load() >= count) return;  // too late: the caller, and with it the task, may be gone
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

  // Spins at first: most often the other threads are about to finish, and falling asleep and being woken takes longer.
  void wait() {
    const Clock::time_point until = Clock::now() + spinTime();
    while (running != 0 && Clock::now() < until) std::this_thread::yield();
    std::unique_lock lock(mutex);
    finished.wait(lock, [this] { return running == 0; });
    // Moved out of the job: if a helper holds the job last, it must not be the one that frees the exception.
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
    for (int i = 0; i < helpers; i++) slots_.push_back(job);
    clearCallersCpu();
    offer();
  }
  job->work();
  job->wait();
}

void Pool::start(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  startThreads(std::min(maxCalls(), busy_ + static_cast<int>(slots_.size()) + 1));
  if (workers_.empty() && !stopping_) throw std::runtime_error("no thread can be started");
  slots_.push_back(std::make_shared<Job>(std::move(call)));
  clearCallersCpu();
  offer();
}

void Pool::startThreads(int wanted) {
  if (stopping_) return;  // a caller of forEach works alone, a call waits for new threads
  workers_.reserve(static_cast<std::size_t>(std::max(wanted, 0)));
  while (static_cast<int>(workers_.size()) < wanted) {
    auto worker = std::make_unique<Worker>();
    try {
      worker->thread = std::thread([this, &self = *worker] { serve(self); });
    } catch (const std::system_error&) {
      return;  // the system allows no more threads: the existing ones do the work
    }
    workers_.push_back(std::move(worker));
  }
}

// The thread that asks for help goes on computing, so its helpers must not wait for its processor. Moves those idle threads
// that are on it, or may wake up on it, to other processors.
void Pool::clearCallersCpu() {
  const int own = currentCpu();
  if (!PoolParts::kMovingThreads || own < 0 || !severalCpus()) return;
  const bool few = static_cast<int>(workers_.size()) <= kFewWorkers;
  for (const auto& worker : workers_) {
    if (worker->busy) continue;
    const bool onCallersCpu = worker->spinning ? worker->cpu == own : few || worker->cpu == own;
    if (onCallersCpu && avoidCpu(worker->thread, own)) worker->moved = true;
  }
}

void Pool::offer() {
  hasSlots_ = true;
  wake(static_cast<int>(slots_.size()));
}

// Threads that are awake find the work by themselves. Only as many are woken as are still missing.
void Pool::wake(int wanted) {
  const int missing = wanted - spinning_;
  const int asleep = static_cast<int>(workers_.size()) - busy_ - spinning_;
  if (missing > 0 && missing >= asleep) return wake_.notify_all();
  for (int i = 0; i < missing; i++) wake_.notify_one();
}

void Pool::prewake(int threads) { prewakeSlots(threads - 1); }

void Pool::prewakeCall() { prewakeSlots(1); }

void Pool::prewakeSlots(int slots) {
  if (!PoolParts::kPrewaking || slots < 1 || !severalCpus()) return;
  const std::lock_guard lock(mutex_);
  startThreads(slots);
  prewakeUntil_ = Clock::now() + kPrewakeTime;
  wake(slots);
}

void Pool::serve(Worker& self) {
  Clock::time_point until{};
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    until = std::max(until, prewakeUntil_);
    if (!slots_.empty()) {
      take(self, lock);
      until = Clock::now() + spinTime();
    } else if (Clock::now() < until) {
      spin(self, lock, until);
    } else {
      self.cpu = currentCpu();
      wake_.wait(lock, [this] { return stopping_ || !slots_.empty() || Clock::now() < prewakeUntil_; });
    }
  }
}

void Pool::take(Worker& self, std::unique_lock<std::mutex>& lock) {
  {
    const std::shared_ptr<Job> job = std::move(slots_.front());
    slots_.pop_front();
    hasSlots_ = !slots_.empty();
    busy_++;
    self.busy = true;
    lock.unlock();
    if (self.moved.exchange(false)) resetAffinity();
    job->work();
  }
  lock.lock();
  self.busy = false;
  busy_--;
}

// Waits without sleeping until there is work or the time is up. It yields the processor to other threads.
void Pool::spin(Worker& self, std::unique_lock<std::mutex>& lock, Clock::time_point until) {
  spinning_++;
  self.spinning = true;
  lock.unlock();
  while (!hasSlots_ && !stopping_ && Clock::now() < until) {
    self.cpu = currentCpu();
    std::this_thread::yield();
  }
  lock.lock();
  self.spinning = false;
  spinning_--;
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

// Calls that have not begun are dropped.
Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    users_ = 0;
  }
  stopThreads();
}

// Jobs that are running go on without the helpers that leave.
void Pool::stopThreads() {
  const std::lock_guard one(stopMutex_);
  std::vector<std::unique_ptr<Worker>> leaving;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    leaving.swap(workers_);
    wake_.notify_all();
  }
  for (const auto& worker : leaving) worker->thread.join();
  const std::lock_guard lock(mutex_);
  stopping_ = false;
  // The thread that called forEach finishes its job, so slots for helpers are dropped. Calls stay: they belong to the next
  // user of the pool.
  std::erase_if(slots_, [](const std::shared_ptr<Job>& job) { return !job->own; });
  hasSlots_ = !slots_.empty();
  if (users_ > 0) startThreads(std::min(maxCalls(), static_cast<int>(slots_.size())));
}

}  // namespace saliencymix
