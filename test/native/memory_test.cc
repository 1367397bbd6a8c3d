// What is kept between calls: blocks of scratch memory, and the tables of the last shapes.
#include <algorithm>
#include <cstdint>
#include <thread>

#include "check.h"
#include "cpu/levels.h"
#include "cpu/scratch_pool.h"
#include "cpu/table_cache.h"
#include "cuda/kept_memory.h"

using namespace saliencymix;

TEST(aBlockIsLentAgain) {
  ScratchPool scratch;
  const std::byte* first = nullptr;
  {
    const ScratchPool::Lease lease = scratch.borrow(100'000);
    first = lease.data();
    CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(first) % 64, std::uintptr_t{0});
    std::fill_n(lease.data(), 100'000, std::byte{7});
  }
  const ScratchPool::Lease again = scratch.borrow(99'000);
  CHECK(again.data() == first);
  const ScratchPool::Lease other = scratch.borrow(99'000);
  CHECK(other.data() != first);
}

TEST(theSmallestBlockThatFitsIsLent) {
  ScratchPool scratch;
  const std::byte* small = nullptr;
  {
    const ScratchPool::Lease large = scratch.borrow(1'000'000);
    const ScratchPool::Lease fits = scratch.borrow(10'000);
    small = fits.data();
  }
  const ScratchPool::Lease lease = scratch.borrow(5'000);
  CHECK(lease.data() == small);
}

TEST(whatIsKeptIsBounded) {
  ScratchPool scratch;
  const std::size_t large = ScratchPool::kMaxKept / 2 + 1;
  {
    const ScratchPool::Lease one = scratch.borrow(large);
    const ScratchPool::Lease two = scratch.borrow(large);
    const ScratchPool::Lease tooLarge = scratch.borrow(2 * ScratchPool::kMaxKept);
    CHECK_EQUAL(scratch.keptBytes(), std::size_t{0});
  }
  CHECK(scratch.keptBytes() >= large && scratch.keptBytes() <= ScratchPool::kMaxKept);
  scratch.release();
  CHECK_EQUAL(scratch.keptBytes(), std::size_t{0});
}

TEST(threadsBorrowSideBySide) {
  ScratchPool scratch;
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; i++) {
        const std::size_t size = static_cast<std::size_t>(1 + (i * 37 + t) % 50'000);
        const ScratchPool::Lease lease = scratch.borrow(size);
        std::fill_n(lease.data(), size, static_cast<std::byte>(t));
        if (lease.data()[size - 1] != static_cast<std::byte>(t) || lease.data()[0] != static_cast<std::byte>(t)) wrong++;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(wrong.load(), 0);
}

TEST(tablesOfTheLastShapesAreKept) {
  const cpu::Kernels& kernels = *cpu::levels().front().kernels;
  if (kernels.saliencyCount == 0) return;  // a compiler without vectors: there is only the reference
  cpu::TableCache cache;
  const auto first = cache.find(kernels.saliency[0], 30, 40);
  CHECK(cache.find(kernels.saliency[0], 30, 40) == first);
  CHECK(cache.find(kernels.saliency[0], 40, 30) != first);
  for (int i = 1; i < 20; i++) cache.find(kernels.saliency[0], i, i);
  CHECK(cache.find(kernels.saliency[0], 30, 40) != first);
}

TEST(aBatchHasMemoryOfOneThatWasFreed) {
  using Memory = std::unique_ptr<int>;
  cuda::KeptMemory<Memory> kept;
  CHECK(kept.take(100) == nullptr);
  kept.keep(100, std::make_unique<int>(1));
  kept.keep(200, std::make_unique<int>(2));
  CHECK(kept.take(150) == nullptr);
  CHECK_EQUAL(*kept.take(200), 2);
  CHECK(kept.take(200) == nullptr);
  CHECK_EQUAL(*kept.take(100), 1);
}

TEST(freedBatchesAreKeptUpToAnumberAndAsize) {
  using Memory = std::unique_ptr<int>;
  const auto sizesKept = [](const std::vector<std::size_t>& sizes) {
    cuda::KeptMemory<Memory> kept;
    for (const std::size_t size : sizes) kept.keep(size, std::make_unique<int>(0));
    std::vector<std::size_t> found;
    for (const std::size_t size : sizes) {
      if (kept.take(size) != nullptr) found.push_back(size);
    }
    return found;
  };
  std::vector<std::size_t> many;
  for (std::size_t size = 1; size <= cuda::tuning::kKeptPieces + 2; size++) many.push_back(size);
  CHECK(sizesKept(many) == std::vector<std::size_t>(many.begin() + 2, many.end()));
  const std::size_t half = cuda::tuning::kKeptBytes / 2;
  CHECK((sizesKept({half - 1, half, 5}) == std::vector<std::size_t>{half, 5}));
  CHECK(sizesKept({2 * half + 1}).empty());
  cuda::KeptMemory<Memory> released;
  released.keep(7, std::make_unique<int>(0));
  released.release();
  CHECK(released.take(7) == nullptr);
}
