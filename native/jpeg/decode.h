// JPEG files to pixels, by libjpeg where the build found it. Only files that every libjpeg decodes to the same bits, and that
// need nothing but decoding: the others are left to the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace saliencymix::jpeg {

// Version of libjpeg, or nothing where the build had none: then no file is ever decoded here.
std::string version();

enum class Outcome : std::uint8_t {
  kDone = 0,
  kOther = 1,  // no JPEG, a damaged one, or one to be turned, with a colour profile, or of four components
  kSize = 2,   // of another size, where that was not to be changed
};

struct Request {
  const std::uint8_t* file;
  std::size_t bytes;
  bool plainProfile;  // a colour profile, if there is one, changes nothing
  bool resize;        // cover the size (core/resize_crop.h), rather than tell that it is another
  int height;
  int width;
};

// Decodes one file to height x width RGB pixels at `out`. Where this gives another outcome than kDone, what is at `out` is
// not defined. `rows`: memory that is used again for the next file.
Outcome decode(const Request& request, std::uint8_t* out, std::vector<std::uint8_t>& rows);

}  // namespace saliencymix::jpeg
