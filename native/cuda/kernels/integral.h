// The integral image in two steps: sums down the columns, then along the rows. Entry (y, x) of the (height + 1) x
// (width + 1) sums is that over rows < y and columns < x, modulo 2^32. Sums of windows, which are differences, are exact.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/block.h"
#include "cuda/bytes.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// Planes of bytes and their sums, so that four of a row are read and written at once: rows are as long as whole words, what lies
// beyond the width means nothing, and the sum at (y, 1) is at an address for four.
struct IntegralImages {
  std::uint8_t* planes;
  std::uint32_t* sums;
  int count;
  int height;
  int width;

  // Whether a place in the sums of an image is an int: always, but for narrow images of hundreds of millions of rows.
  static bool fits(int height, int width) { return sumsLength(height, width) <= 0x7fffffff; }

  SALIENCYMIX_HOST_DEVICE static int wordsOf(int width) { return partsOf(width, 4); }
  SALIENCYMIX_HOST_DEVICE static std::size_t planeBytes(int height, int width) {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(4 * wordsOf(width));
  }
  SALIENCYMIX_HOST_DEVICE static std::size_t sumsLength(int height, int width) {
    return (static_cast<std::size_t>(height) + 1) * static_cast<std::size_t>(4 * wordsOf(width) + 4);
  }

  // From row to row.
  SALIENCYMIX_HOST_DEVICE int planePitch() const { return 4 * wordsOf(width); }
  SALIENCYMIX_HOST_DEVICE int sumsPitch() const { return planePitch() + 4; }
  SALIENCYMIX_HOST_DEVICE std::uint8_t* plane(int image) const {
    return planes + static_cast<std::size_t>(image) * planeBytes(height, width);
  }
  // Where entry (0, 0) is.
  SALIENCYMIX_HOST_DEVICE std::uint32_t* sumsOf(int image) const {
    return sums + static_cast<std::size_t>(image) * sumsLength(height, width) + 3;
  }
};

using FourSums = Vector<16>;

// A block takes some columns of an image, four for each thread, and cuts them into segments, so that many threads read memory at
// once: each adds up its segment, then walks it again with the sum of those above it. Row 0 and column 0 become 0.
struct SumColumns {
  static constexpr int kSegments = tuning::kColumnSegments;
  static constexpr int kWords = tuning::kColumnWords;
  static constexpr int kThreads = kSegments * kWords;

  IntegralImages images;

  std::size_t sharedBytes() const { return kThreads * sizeof(FourSums); }
  int blocks() const { return images.count * partsOf(IntegralImages::wordsOf(images.width), kWords); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece words(block.index(), IntegralImages::wordsOf(images.width), kWords);
    const int height = images.height;
    const int each = partsOf(height, kSegments);
    [[maybe_unused]] constexpr int width = 4;  // rows that are read at once
    const int pitch = images.sumsPitch();
    const std::uint8_t* const plane = images.plane(words.image);
    std::uint32_t* const sums = images.sumsOf(words.image);
    FourSums* const totals = reinterpret_cast<FourSums*>(block.shared());  // kSegments x kWords

    const auto add = [&](FourSums& total, int y, int word) {
      const auto bytes = Bytes<4>::loadAligned(plane + y * images.planePitch() + 4 * word);
      SALIENCYMIX_UNROLL
      for (int n = 0; n < 4; n++) total.words[n] += bytes.get(n);
    };
    const auto put = [&](int y, int word, const FourSums& four) {
      *reinterpret_cast<FourSums*>(sums + y * pitch + 4 * word + 1) = four;
    };

    block.each(kThreads, [&](int thread) {
      const int word = words.begin + thread % kWords;
      const int begin = thread / kWords * each;
      const int end = begin + each < height ? begin + each : height;
      FourSums total{};
      if (word < words.end) {
        SALIENCYMIX_UNROLL_BY_WIDTH
        for (int y = begin; y < end; y++) add(total, y, word);
      }
      totals[thread] = total;
    });
    block.each(kThreads, [&](int thread) {
      const int word = words.begin + thread % kWords;
      const int begin = thread / kWords * each;
      const int end = begin + each < height ? begin + each : height;
      if (word >= words.end) return;
      FourSums total{};
      for (int above = thread % kWords; above < thread / kWords * kWords; above += kWords) {
        const FourSums of = totals[above];
        SALIENCYMIX_UNROLL
        for (int n = 0; n < 4; n++) total.words[n] += of.words[n];
      }
      if (begin == 0) put(0, word, FourSums{});
      SALIENCYMIX_UNROLL_BY_WIDTH
      for (int y = begin; y < end; y++) {
        add(total, y, word);
        put(y + 1, word, total);
      }
    });
    if (words.begin > 0) return;
    block.each(height + 1, [&](int y) { sums[y * pitch] = 0; });
  }
};

// In place. A block takes kRows rows, with kLanes threads for each row and kFours times four successive values for each thread.
// Wider rows are done in several strips.
struct SumRows {
  static constexpr int kThreads = tuning::kRowThreads;
  static constexpr int kLanes = tuning::kRowLanes;
  static constexpr int kRows = kThreads / kLanes;
  static constexpr int kFours = tuning::kRowValues / 4;
  static constexpr int kStrip = kLanes * kFours;
  // Room for four more values for each thread, so that those eight threads that are served at once use all banks.
  static constexpr int kPadded = kLanes * (kFours + 1);

  IntegralImages images;

  std::size_t sharedBytes() const { return kRows * (kPadded * sizeof(FourSums) + (kLanes + 2) * sizeof(std::uint32_t)); }
  int blocks() const { return partsOf(rows(), kRows); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    FourSums* const strip = reinterpret_cast<FourSums*>(block.shared());                       // kRows x kPadded
    std::uint32_t* const totals = reinterpret_cast<std::uint32_t*>(strip + kRows * kPadded);  // kRows x kLanes
    std::uint32_t* const carries = totals + kRows * kLanes;                                   // kRows x 2
    const int firstRow = block.index() * kRows;
    const int here = rows() - firstRow < kRows ? rows() - firstRow : kRows;
    const int fours = IntegralImages::wordsOf(images.width);
    std::uint32_t* const first = images.sumsOf(0) + static_cast<std::size_t>(firstRow) * static_cast<std::size_t>(images.sumsPitch());

    block.each(kRows, [&](int row) { carries[2 * row] = 0; });
    for (int begin = 0, turn = 0; begin < fours; begin += kStrip, turn ^= 1) {
      const int length = fours - begin < kStrip ? fours - begin : kStrip;
      const auto global = [&](int row, int i) -> FourSums& {
        return reinterpret_cast<FourSums*>(first + row * images.sumsPitch() + 1)[begin + i];
      };
      const auto local = [&](int row, int i) -> FourSums& { return strip[row * kPadded + i + i / kFours]; };
      const auto ofThread = [&](int i) { return strip + i / kLanes * kPadded + i % kLanes * (kFours + 1); };
      eachOfRectangle(block, kThreads, here, kStrip,
                      [&](int row, int i) { local(row, i) = i < length ? global(row, i) : FourSums{}; });
      block.each(here * kLanes, [&](int i) {
        const FourSums* const values = ofThread(i);
        std::uint32_t total = 0;
        SALIENCYMIX_UNROLL
        for (int k = 0; k < kFours; k++) {
          const FourSums four = values[k];
          total += four.words[0] + four.words[1] + four.words[2] + four.words[3];
        }
        totals[i] = total;
      });
      block.each(here * kLanes, [&](int i) {
        FourSums* const values = ofThread(i);
        const int row = i / kLanes;
        const int lane = i % kLanes;
        std::uint32_t sum = carries[2 * row + turn];
        for (int before = 0; before < lane; before++) sum += totals[row * kLanes + before];
        SALIENCYMIX_UNROLL
        for (int k = 0; k < kFours; k++) {
          FourSums four = values[k];
          SALIENCYMIX_UNROLL
          for (int n = 0; n < 4; n++) four.words[n] = sum += four.words[n];
          values[k] = four;
        }
        if (lane == kLanes - 1) carries[2 * row + (turn ^ 1)] = sum;
      });
      eachOfRectangle(block, kThreads, here, length, [&](int row, int i) { global(row, i) = local(row, i); });
    }
  }

 private:
  SALIENCYMIX_HOST_DEVICE int rows() const { return images.count * (images.height + 1); }
};

}  // namespace saliencymix::cuda
