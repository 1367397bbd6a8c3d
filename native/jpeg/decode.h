// Decodes JPEG files by libjpeg, where the build found it. Takes only files that every libjpeg decodes to the same bits and
// that need nothing but decoding. The others are left to the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/framing.h"

namespace saliencymix::jpeg {

// Version of libjpeg; empty where the build had none: then no file is ever decoded here.
std::string version();

enum class Outcome : std::uint8_t {
  kDone = 0,
  kOther = 1,  // for another decoder: no JPEG, damaged, to be turned, with a colour profile, of four components or too large
  kSize = 2,   // of another size, where resizing was not asked for
};

// Brings an image to a size, as showFramed of core/framing.h.
using Resizer = void(ImageRows& image, const Framing& framing, int height, int width, std::uint8_t* out);

struct Request {
  const std::uint8_t* file;
  std::size_t bytes;
  bool plainProfile;  // whether a colour profile, if there is one, can be ignored
  Resizer* resize;
  Framing framing;
  bool otherSizes;  // whether an image of another size is resized; else the outcome is kSize
  int height;
  int width;
  std::uint64_t maxPixels;  // a larger image is left to the other decoder, which refuses it in words
};

// Decodes one file to height x width RGB pixels at `out`. Where this gives another outcome than kDone, what is at `out` is
// not defined. `rows`: memory that is used again for the next file.
Outcome decode(const Request& request, std::uint8_t* out, std::vector<std::uint8_t>& rows);

}  // namespace saliencymix::jpeg
