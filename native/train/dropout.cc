#include "train/dropout.h"

#include <stdexcept>

#include "train/sizes.h"
#include "train/tasks.h"

namespace saliencymix::train {

namespace {

// The purpose of these random numbers (src/rng.ts).
constexpr std::uint32_t kDropout = 11;
// Elements that get their random bits from one block of numbers, 16 each.
constexpr std::size_t kPerBlock = 8;

// An image is worked off in tiles of some channels and some pixels. The flags of one tile are drawn in the mask's order, then
// put into that of memory.
struct Tiles {
  // All pixels of small images: their channels then follow one another without a gap.
  static constexpr std::size_t kMaxPixels = 256;
  static constexpr std::size_t kElements = 8192;

  Tiles(std::size_t allPixels, std::size_t allChannels)
      : pixels(std::min(allPixels, kMaxPixels)), channels(std::min(kElements / pixels, allChannels)),
        across((allPixels + pixels - 1) / pixels), down((allChannels + channels - 1) / channels) {}
  std::size_t pixels;  // of a tile
  std::size_t channels;
  std::size_t across;  // tiles in an image
  std::size_t down;
};

// Flags of the elements first .. first + count - 1 of an image; gives where the first flag lies. A block that begins before
// the first element, or ends after the last, is drawn whole.
class Flags {
 public:
  Flags(const LayerKernels& kernels, const RandomRun& image, std::uint32_t threshold)
      : kernels_(kernels), run_(image), threshold_(threshold) {}

  const std::uint8_t* draw(std::size_t first, std::size_t count, std::uint8_t* room) const {
    RandomRun run = run_;
    run.counter[0] += static_cast<std::uint32_t>(first / kPerBlock);
    kernels_.drawFlags(run, (first % kPerBlock + count + kPerBlock - 1) / kPerBlock, threshold_, room);
    return room + first % kPerBlock;
  }

 private:
  const LayerKernels& kernels_;
  RandomRun run_;
  std::uint32_t threshold_;
};

struct Tile {
  std::size_t firstPixel;
  std::size_t pixels;
  std::size_t firstChannel;
  std::size_t channels;
};

// to[pixel][channel] = flag. The channels of the tile follow one another in `flags`, `stride` flags apart.
void transpose(const std::uint8_t* flags, std::size_t stride, const Tile& tile, std::size_t channel, std::size_t channels,
               std::uint8_t* to) {
  for (std::size_t p = 0; p < tile.pixels; p++) {
    std::uint8_t* row = to + p * tile.channels + channel;
    for (std::size_t c = 0; c < channels; c++) row[c] = flags[c * stride + p];
  }
}

// The flags of a tile, pixel by pixel.
void flagsOfTile(const Flags& flags, const Tile& tile, std::size_t allPixels, std::uint8_t* result) {
  std::uint8_t room[Tiles::kElements + 2 * kPerBlock];
  if (tile.pixels == allPixels) {
    const std::uint8_t* drawn = flags.draw(tile.firstChannel * allPixels, tile.channels * allPixels, room);
    return transpose(drawn, allPixels, tile, 0, tile.channels, result);
  }
  for (std::size_t c = 0; c < tile.channels; c++) {
    const std::uint8_t* drawn = flags.draw((tile.firstChannel + c) * allPixels + tile.firstPixel, tile.pixels, room);
    transpose(drawn, 0, tile, c, 1, result);
  }
}

}  // namespace

void dropout(const TrainRun& run, const DropoutMask& mask, const DropoutShape& shape, const float* x, float* y) {
  if (mask.dropped > 65536) throw std::invalid_argument("dropout: more than all elements are dropped");
  if (shape.images < 1 || shape.height < 1 || shape.width < 1 || shape.channels < 1) {
    throw std::invalid_argument("dropout: a side is below 1");
  }
  const std::size_t pixels = product({static_cast<std::size_t>(shape.height), static_cast<std::size_t>(shape.width)});
  const std::size_t channels = static_cast<std::size_t>(shape.channels);
  product({static_cast<std::size_t>(shape.images), pixels, channels});
  const Tiles tiles(pixels, channels);
  const std::size_t tilesPerImage = tiles.across * tiles.down;
  forEachBlock(run, static_cast<std::size_t>(shape.images) * tilesPerImage, [&](std::size_t i) {
    const std::size_t image = i / tilesPerImage;
    const std::size_t pixel = i % tiles.across * tiles.pixels;
    const std::size_t channel = i / tiles.across % tiles.down * tiles.channels;
    const Tile tile = {pixel, std::min(tiles.pixels, pixels - pixel), channel, std::min(tiles.channels, channels - channel)};
    const RandomRun random = {{kDropout << 24, static_cast<std::uint32_t>(image), mask.number, mask.step},
                              {static_cast<std::uint32_t>(mask.seed), static_cast<std::uint32_t>(mask.seed >> 32)}};
    std::uint8_t flags[Tiles::kElements];
    flagsOfTile(Flags(run.kernels.layers, random, mask.dropped), tile, pixels, flags);
    for (std::size_t p = 0; p < tile.pixels; p++) {
      const std::size_t at = (image * pixels + pixel + p) * channels + channel;
      run.kernels.layers.scaleKept(x + at, flags + p * tile.channels, tile.channels, mask.scale, y + at);
    }
  });
}

}  // namespace saliencymix::train
