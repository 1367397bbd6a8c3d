// Blocks that are lent and come back: which one is lent, how much is kept, and threads.
#include "memory/block_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"

using namespace saliencymix;

namespace {
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr BlockPool::Limits kLimits{.kept = 16 * kMiB, .excess = 1.25, .alignment = 4096, .largePagesFrom = 4 * kMiB};
}  // namespace

TEST(aBlockHasRoomAndIsLittleLarger) {
  check::Numbers numbers(11);
  BlockPool pool(kLimits);
  for (int i = 0; i < 500; i++) {
    const std::size_t bytes = 65'536 + static_cast<std::size_t>(numbers.below(3'000'000));
    const BlockPool::Lease lease = pool.borrow(bytes);
    CHECK(lease.size() >= bytes);
    CHECK(static_cast<double>(lease.size()) <= 1.25 * static_cast<double>(bytes + 4096));
    CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(lease.data()) % 4096, std::uintptr_t{0});
    lease.data()[bytes - 1] = std::byte{1};
  }
  CHECK(pool.keptBytes() <= kLimits.kept);
}

TEST(equalNeedsTakeTurnsInTheSameBlocks) {
  BlockPool pool(kLimits);
  std::vector<const std::byte*> seen;
  for (int i = 0; i < 100; i++) {
    const BlockPool::Lease one = pool.borrow(5 * kMiB - 7);
    const BlockPool::Lease two = pool.borrow(5 * kMiB - 7);
    CHECK(one.data() != two.data());
    for (const std::byte* data : {one.data(), two.data()}) {
      if (std::find(seen.begin(), seen.end(), data) == seen.end()) seen.push_back(data);
    }
  }
  CHECK_EQUAL(seen.size(), std::size_t{2});
  CHECK_EQUAL(pool.allBytes(), 10 * kMiB);
}

TEST(ofEqualBlocksTheLastIsLentFirst) {
  BlockPool pool(kLimits);
  std::optional<BlockPool::Lease> first(pool.borrow(kMiB));
  std::optional<BlockPool::Lease> last(pool.borrow(kMiB));
  const std::byte* const data = last->data();
  first.reset();
  last.reset();
  CHECK(pool.borrow(kMiB).data() == data);
}

TEST(theOldestMakeRoomAndWhatIsTooLargeIsNotKept) {
  BlockPool pool(kLimits);
  {
    const BlockPool::Lease tooLarge = pool.borrow(17 * kMiB);
    CHECK_EQUAL(pool.allBytes(), 17 * kMiB);
  }
  CHECK_EQUAL(pool.allBytes(), std::size_t{0});
  const std::byte* newest = nullptr;
  for (const std::size_t size : {7 * kMiB, 5 * kMiB, 9 * kMiB}) {
    const BlockPool::Lease lease = pool.borrow(size);
    newest = lease.data();
  }
  CHECK_EQUAL(pool.keptBytes(), 14 * kMiB);
  const BlockPool::Lease again = pool.borrow(9 * kMiB);
  CHECK(again.data() == newest);
  CHECK_EQUAL(pool.keptBytes(), 5 * kMiB);
  CHECK_EQUAL(pool.allBytes(), 14 * kMiB);
  pool.release();
  CHECK_EQUAL(pool.allBytes(), 9 * kMiB);
}

TEST(aSizeThatCannotBeRoundedUpThrows) {
  BlockPool pool(kLimits);
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 4094}) {
    bool thrown = false;
    try {
      static_cast<void>(pool.borrow(bytes));
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    CHECK(thrown);
  }
  CHECK_EQUAL(pool.allBytes(), std::size_t{0});
}

// Leases go from thread to thread, as transferred buffers do.
TEST(leasesEndOnOtherThreads) {
  BlockPool pool(kLimits);
  std::mutex mutex;
  std::vector<std::pair<BlockPool::Lease, std::byte>> passed;
  std::atomic<int> wrong = 0;
  const auto work = [&](int thread) {
    for (int i = 0; i < 2000; i++) {
      const auto mark = static_cast<std::byte>(17 * thread + i);
      const std::size_t bytes = 65'536 * static_cast<std::size_t>(1 + (i + thread) % 5);
      BlockPool::Lease lease = pool.borrow(bytes);
      std::fill_n(lease.data(), bytes, mark);
      std::optional<std::pair<BlockPool::Lease, std::byte>> other;
      {
        const std::lock_guard lock(mutex);
        passed.emplace_back(std::move(lease), mark);
        if (passed.size() > 8) {
          other.emplace(std::move(passed.back()));
          passed.pop_back();
        }
      }
      if (other && (other->first.data()[0] != other->second || other->first.data()[65'535] != other->second)) wrong++;
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) threads.emplace_back(work, t);
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(wrong.load(), 0);
  passed.clear();
  CHECK_EQUAL(pool.keptBytes(), pool.allBytes());
  CHECK(pool.keptBytes() <= kLimits.kept);
}
