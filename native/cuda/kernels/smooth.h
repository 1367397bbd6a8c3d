// Gray, smoothed twice by [1 2 1] x [1 2 1] (core/saliency/fine_grained.h), four pixels at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/block.h"
#include "cuda/bytes.h"
#include "cuda/chunk.h"
#include "cuda/kernels/tiles.h"

namespace saliencymix::cuda {

// A part of an image, by a block. Beyond its borders the image is read mirrored. The mirrored pixels have mirrored neighbours, so
// smoothing them once gives just the pixels that the second smoothing needs there.
//
// A word has four pixels. Both steps have a row of words for each row of the part and some around it, with one more word at either
// side, of which the pixels next to the part are used.
class SmoothPart {
 public:
  // left: a multiple of 4.
  SALIENCYMIX_HOST_DEVICE SmoothPart(const ImageView& image, int top, int left, int rows, int cols)
      : image_(image), top_(top), left_(left), rows_(rows), words_(wordsOf(cols)), pitch_(pitchOf(cols)) {}

  // Shared memory for a part.
  SALIENCYMIX_HOST_DEVICE static std::size_t bytes(int rows, int cols) {
    return sizeof(Word) * (2 * static_cast<std::size_t>(rows) + 6) * static_cast<std::size_t>(pitchOf(cols));
  }

  static constexpr int kStrip = 4;  // rows that one thread goes down
  SALIENCYMIX_HOST_DEVICE static constexpr int wordsOf(int cols) { return (cols + 3) / 4 + 2; }
  // From row to row. A little longer, so that threads of 16 words whose strips lie one below the other use different banks of the
  // shared memory.
  SALIENCYMIX_HOST_DEVICE static constexpr int pitchOf(int cols) { return wordsOf(cols) + 4; }

  // put(y, x, four): the pixels x .. x + 3 of row y of the part; those from `cols` on mean nothing.
  template <class Block, class Put>
  SALIENCYMIX_HOST_DEVICE void run(const Block& block, std::byte* shared, const Put& put) const {
    Word* const gray = reinterpret_cast<Word*>(shared);
    Word* const once = gray + (rows_ + 4) * pitch_;
    eachStrip(block, rows_ + 4, words_, [&](int begin, int end, int word) {
      for (int y = begin; y < end; y++) {
        gray[y * pitch_ + word] = grayOfFour(mirrored(top_ + y - 2, image_.height), left_ + 4 * (word - 1));
      }
    });
    eachStrip(block, rows_ + 2, words_, [&](int begin, int end, int word) {
      smoothStrip(gray, begin, end, word, [&](int y, std::uint32_t four) { once[y * pitch_ + word] = four; });
    });
    eachStrip(block, rows_, words_ - 2, [&](int begin, int end, int word) {
      smoothStrip(once, begin, end, word + 1, [&](int y, std::uint32_t four) { put(y, 4 * word, four); });
    });
  }

 private:
  static constexpr std::uint32_t kPairs = 0x00ff00ff;

  // f(begin, end, word): for strips of the columns of words.
  template <class Block, class F>
  SALIENCYMIX_HOST_DEVICE static void eachStrip(const Block& block, int rows, int words, const F& f) {
    block.each(partsOf(rows, kStrip) * words, [&](int i) {
      const int begin = i / words * kStrip;
      f(begin, begin + kStrip < rows ? begin + kStrip : rows, i % words);
    });
  }

  // Of pixels x .. x + 3; of those outside of the image, only the two next to it are right.
  SALIENCYMIX_HOST_DEVICE std::uint32_t grayOfFour(int y, int x) const {
    if (image_.width % 4 == 0) {
      if (x < 0) {
        const std::uint32_t four = grayInside(y, 0);
        return (four & 0x00ff0000) | (four << 16 & 0xff000000);
      }
      if (x < image_.width) return grayInside(y, x);
      const std::uint32_t four = grayInside(y, image_.width - 4);
      return (four >> 16 & 0x000000ff) | (four & 0x0000ff00);
    }
    if (x >= 0 && x + 4 <= image_.width) return grayInside(y, x);
    std::uint32_t four = 0;
    for (int i = 0; i < 4; i++) {
      four |= static_cast<std::uint32_t>(grayAt(image_, y, reflect101(x + i, image_.width))) << (8 * i);
    }
    return four;
  }
  SALIENCYMIX_HOST_DEVICE std::uint32_t grayInside(int y, int x) const {
    const std::uint32_t at = static_cast<std::uint32_t>(y) * static_cast<std::uint32_t>(image_.width) + static_cast<std::uint32_t>(x);
    if (image_.channels == 1) return Bytes<4>::load(image_.data + at).words[0];
    const auto bytes = Bytes<12>::load(image_.data + std::size_t{3} * at);
    std::uint32_t four = 0;
    SALIENCYMIX_UNROLL
    for (int i = 0; i < 4; i++) {
      four |= static_cast<std::uint32_t>(grayOf(bytes.get(3 * i), bytes.get(3 * i + 1), bytes.get(3 * i + 2))) << (8 * i);
    }
    return four;
  }

  // Sums of four pixels and their neighbours, two numbers of 16 bits in each word: of pixels 0 and 2, and of 1 and 3.
  struct Sums {
    std::uint32_t even;
    std::uint32_t odd;
  };
  // [1 2 1] along a row. The words at its ends have no word beside them; what would come of it is not used.
  SALIENCYMIX_HOST_DEVICE Sums across(const Word* row, int word) const {
    const std::uint32_t here = row[word];
    const std::uint32_t before = word > 0 ? row[word - 1] : 0;
    const std::uint32_t behind = word + 1 < words_ ? row[word + 1] : 0;
    const std::uint32_t even = here & kPairs;
    const std::uint32_t odd = here >> 8 & kPairs;
    const std::uint32_t leftOfEven = odd << 16 | before >> 24;
    const std::uint32_t rightOfOdd = even >> 16 | (behind & 0xff) << 16;
    return {leftOfEven + 2 * even + odd, even + 2 * odd + rightOfOdd};
  }
  // put(y, four): rows begin .. end - 1, each made of the rows y, y + 1 and y + 2 of `from`.
  template <class Put>
  SALIENCYMIX_HOST_DEVICE void smoothStrip(const Word* from, int begin, int end, int word, const Put& put) const {
    constexpr std::uint32_t kHalves = 0x00080008;  // for rounding, in sixteenths
    Sums above = across(from + begin * pitch_, word);
    Sums middle = across(from + (begin + 1) * pitch_, word);
    for (int y = begin; y < end; y++) {
      const Sums below = across(from + (y + 2) * pitch_, word);
      const std::uint32_t even = above.even + 2 * middle.even + below.even + kHalves;
      const std::uint32_t odd = above.odd + 2 * middle.odd + below.odd + kHalves;
      put(y, (even >> 4 & kPairs) | (odd << 4 & (kPairs << 8)));
      above = middle;
      middle = below;
    }
  }

  ImageView image_;
  int top_;
  int left_;
  int rows_;
  int words_;
  int pitch_;
};

}  // namespace saliencymix::cuda
