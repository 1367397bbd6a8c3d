// What is kept between calls: blocks of scratch memory, and the tables of the last shapes.
#include <algorithm>
#include <cstdint>
#include <thread>

#include "check.h"
#include "cpu/levels.h"
#include "cpu/scratch.h"
#include "cpu/table_cache.h"

using namespace saliencymix;

TEST(aBlockIsLentAgain) {
  Scratch scratch;
  const std::byte* first = nullptr;
  {
    const Scratch::Loan loan = scratch.borrow(100'000);
    first = loan.data();
    CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(first) % 64, std::uintptr_t{0});
    std::fill_n(loan.data(), 100'000, std::byte{7});
  }
  const Scratch::Loan again = scratch.borrow(99'000);
  CHECK(again.data() == first);
  const Scratch::Loan other = scratch.borrow(99'000);
  CHECK(other.data() != first);
}

TEST(theSmallestBlockThatFitsIsLent) {
  Scratch scratch;
  const std::byte* small = nullptr;
  {
    const Scratch::Loan large = scratch.borrow(1'000'000);
    const Scratch::Loan fits = scratch.borrow(10'000);
    small = fits.data();
  }
  const Scratch::Loan loan = scratch.borrow(5'000);
  CHECK(loan.data() == small);
}

TEST(whatIsKeptIsBounded) {
  Scratch scratch;
  const std::size_t large = Scratch::kMostKept / 2 + 1;
  {
    const Scratch::Loan one = scratch.borrow(large);
    const Scratch::Loan two = scratch.borrow(large);
    const Scratch::Loan tooLarge = scratch.borrow(2 * Scratch::kMostKept);
    CHECK_EQUAL(scratch.keptBytes(), std::size_t{0});
  }
  CHECK(scratch.keptBytes() >= large && scratch.keptBytes() <= Scratch::kMostKept);
  scratch.release();
  CHECK_EQUAL(scratch.keptBytes(), std::size_t{0});
}

TEST(threadsBorrowSideBySide) {
  Scratch scratch;
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; i++) {
        const std::size_t size = static_cast<std::size_t>(1 + (i * 37 + t) % 50'000);
        const Scratch::Loan loan = scratch.borrow(size);
        std::fill_n(loan.data(), size, static_cast<std::byte>(t));
        if (loan.data()[size - 1] != static_cast<std::byte>(t) || loan.data()[0] != static_cast<std::byte>(t)) wrong++;
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
