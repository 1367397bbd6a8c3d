// The sizes of launches, in one place: threads of a block, and how much work a block or a thread does. They were chosen by
// the number of registers and the shared memory; results do not depend on them, but for the last digits of training's sums.
#pragma once

#include <cstddef>

namespace saliencymix::cuda::tuning {

// Scratch memory of the images that go through a method together: so little that it stays in the second-level cache (50 MiB
// on H100) from one kernel to the next.
constexpr std::size_t kChunkBytes = std::size_t{36} << 20;
constexpr int kMaxImagesOfChunk = 4096;
constexpr int kUploadedParts = 4;  // chunks, at least, where pixels come from the host: one is uploaded beside the kernels of another

// Page-locked memory through which bytes go to the card and back: slots of this size, and their number for each queue.
constexpr std::size_t kStagingBytes = std::size_t{2} << 20;
constexpr int kStagingSlots = 4;
constexpr int kOutputParts = 4;  // in which mixed images are written and downloaded
constexpr int kQueues = 2;       // calls that run at once: one is copied while another is computed

// Memory of freed batches that is kept: training has three uploaded ones under way, and as many mixed ones.
constexpr std::size_t kKeptPieces = 8;
constexpr std::size_t kKeptBytes = std::size_t{1} << 30;

// Of sobel: tiles with a border of one pixel, with which 60 columns are two warps, nearly.
constexpr int kTileThreads = 256;
constexpr int kTileColumns = 60;
constexpr int kTilePixels = 960;
constexpr int kTileRows = 64;

// Of smoothing: with its border a tile is 16 words of four pixels wide and 32 rows high, of which a thread goes down four.
constexpr int kSmoothThreads = 128;
constexpr int kSmoothColumns = 56;
constexpr int kSmoothRows = 28;

// Of smoothing colours: a thread goes down half a tile.
constexpr int kDistanceThreads = 128;
constexpr int kDistanceColumns = 56;
constexpr int kDistanceRows = 28;

// Sums down columns: the segments that they are cut into, and words of four columns side by side.
constexpr int kColumnSegments = 16;
constexpr int kColumnWords = 16;

// Of an image that one block makes whole, in the shared memory that every version of CUDA gives a block without being asked.
constexpr std::size_t kSharedOfBlock = std::size_t{48} << 10;
constexpr int kWholeThreads = 128;
constexpr int kWholeBlocksAtOnce = 10;

// Sums along rows. The threads of a row read each other's sums one after the other, so there are few, with many values each.
constexpr int kRowThreads = 256;
constexpr int kRowLanes = 16;
constexpr int kRowValues = 16;

constexpr int kContrastThreads = 128;
constexpr int kContrastBlocksAtOnce = 10;  // 48 registers
// Rows that one thread walks down: few, so that a chunk of images fills the card.
constexpr int kContrastRows = 8;

constexpr int kPeakThreads = 128;  // of the search for a first peak, a cell for each, or a pixel
constexpr int kPeakBlocks = 2048;  // that go through all pixels that are left

constexpr int kPixelThreads = 256;  // of kernels that go from pixel to pixel
constexpr int kPixelsOfThread = 16;

constexpr int kFloatSpectrumThreads = 256;  // one image a block
// In float64, for the few images that need it.
constexpr int kSpectrumThreads = 512;
constexpr int kSpectrumBlocks = 128;

constexpr int kTieThreads = 256;
constexpr int kPlaceThreads = 64;

constexpr int kMixThreads = 256;
// Of mixing by vectors: as many as leave it its registers (48, 64; for 48 values a thread 64, 128), so that none is kept in memory.
constexpr int mixBlocksAtOnce(bool isMoved, bool isLarge) { return isMoved ? (isLarge ? 4 : 5) : (isLarge ? 2 : 4); }

// Training. There are many more blocks than multiprocessors, so that none waits long for the last; each has enough reads under
// way to keep the memory busy.
constexpr int kMapThreads = 256;  // of kernels that go through maps once
constexpr int kMapValues = 8;     // of a thread

// Of blocks that sum. The last digits of sums depend on these, so they are the same for every card.
constexpr int kSumThreads = 256;
constexpr int kSumValues = 32;       // of a thread
constexpr int kSampledRounds = 2;    // of its 8 rounds: what a mean is guessed from
constexpr int kCombineThreads = 32;  // for the sums of a channel's blocks

constexpr int kWindowThreads = 256;  // of pooling, a window or a pixel for each
constexpr int kPlaneThreads = 256;   // of global pooling, for one plane or for several small ones
constexpr int kPlaneValues = 8;      // of a thread, until a plane has a block of its own
constexpr int kRowsThreads = 256;    // of cross entropy, for one row of classes or for several short ones

constexpr int kUpdateThreads = 256;  // of the optimizers
constexpr int kUpdateValues = 16;    // of a thread, all of one tensor

}  // namespace saliencymix::cuda::tuning
