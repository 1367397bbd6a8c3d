#include "jpeg/decode.h"

#ifdef SALIENCYMIX_JPEG

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

#include "core/cover.h"

namespace saliencymix::jpeg {

namespace {

// Larger images would be refused by the decoder that stands in for this one, too.
constexpr std::uint64_t kMostPixels = 0x3fff * static_cast<std::uint64_t>(0x3fff);

struct Decompressor {
  jpeg_decompress_struct info{};
  ~Decompressor() { jpeg_destroy_decompress(&info); }
};

struct Errors {
  jpeg_error_mgr manager;
  std::jmp_buf leave;
};

void leave(j_common_ptr info) { std::longjmp(reinterpret_cast<Errors*>(info->err)->leave, 1); }
void countWarning(j_common_ptr info, int level) {
  if (level < 0) info->err->num_warnings++;
}
void stayQuiet(j_common_ptr) {}
void formatNothing(j_common_ptr, char* text) { *text = '\0'; }
void forgetWarnings(j_common_ptr info) { info->err->num_warnings = 0; }

// In place of jpeg_std_error, which prints, and whose object file cannot be linked into a shared library everywhere.
jpeg_error_mgr* prepare(Errors& errors) {
  errors.manager.error_exit = leave;
  errors.manager.emit_message = countWarning;
  errors.manager.output_message = stayQuiet;
  errors.manager.format_message = formatNothing;
  errors.manager.reset_error_mgr = forgetWarnings;
  return &errors.manager;
}

bool startsWith(const jpeg_marker_struct* marker, int kind, const char* name, std::size_t length) {
  return marker->marker == JPEG_APP0 + kind && marker->data_length > length &&
         std::memcmp(marker->data, name, length) == 0;
}

// Reads whole numbers of a TIFF structure; zero beyond its end.
class Tiff {
 public:
  Tiff(const std::uint8_t* data, std::size_t size) : data_(data), size_(size), little_(size > 0 && data[0] == 'I') {}
  unsigned two(std::size_t at) const {
    if (at + 2 > size_) return 0;
    return little_ ? data_[at] | data_[at + 1] << 8 : data_[at] << 8 | data_[at + 1];
  }
  std::size_t four(std::size_t at) const {
    const std::size_t a = two(at), b = two(at + 2);
    return little_ ? a | b << 16 : a << 16 | b;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  bool little_;
};

// Whether the EXIF data asks for the image to be turned or mirrored.
bool oriented(const std::uint8_t* exif, std::size_t size) {
  constexpr unsigned kOrientation = 0x0112;
  const Tiff tiff(exif + 6, size - 6);
  const std::size_t directory = tiff.four(4);
  const unsigned entries = tiff.two(directory);
  for (unsigned i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (tiff.two(entry) == kOrientation) return tiff.two(entry + 8) > 1;
  }
  return false;
}

bool needsMore(const jpeg_decompress_struct& info, bool plainProfile) {
  if (info.num_components != 1 && info.num_components != 3) return true;
  if (info.data_precision != 8) return true;
  if (static_cast<std::uint64_t>(info.image_width) * info.image_height > kMostPixels) return true;
  for (const jpeg_marker_struct* marker = info.marker_list; marker; marker = marker->next) {
    if (!plainProfile && startsWith(marker, 2, "ICC_PROFILE", 12)) return true;
    if (startsWith(marker, 1, "Exif\0", 6) && oriented(marker->data, marker->data_length)) return true;
  }
  return false;
}

// Everything with a destructor is outside: errors leave this function by longjmp.
Outcome read(jpeg_decompress_struct& info, Errors& errors, const Request& request, std::uint8_t* out, Decoded& image) {
  if (setjmp(errors.leave)) return Outcome::kOther;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, request.file, static_cast<unsigned long>(request.bytes));
  jpeg_save_markers(&info, JPEG_APP0 + 1, 0xffff);
  jpeg_save_markers(&info, JPEG_APP0 + 2, 0xffff);
  jpeg_read_header(&info, TRUE);
  if (needsMore(info, request.plainProfile)) return Outcome::kOther;
  info.out_color_space = JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  info.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&info);
  image.height = static_cast<int>(info.output_height);
  image.width = static_cast<int>(info.output_width);
  const bool same = image.height == request.height && image.width == request.width;
  if (!same && !request.resize) return Outcome::kSize;
  const std::size_t line = static_cast<std::size_t>(image.width) * 3;
  if (!same) image.pixels.resize(line * static_cast<std::size_t>(image.height));
  std::uint8_t* to = same ? out : image.pixels.data();
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = to + static_cast<std::size_t>(info.output_scanline) * line;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  // What libjpeg only warns of (a file cut short is one) is looked at by the caller, who has words for it.
  return errors.manager.num_warnings == 0 ? Outcome::kDone : Outcome::kOther;
}

}  // namespace

std::string version() {
#ifdef LIBJPEG_TURBO_VERSION
#define SALIENCYMIX_TEXT(x) #x
#define SALIENCYMIX_VERSION(x) SALIENCYMIX_TEXT(x)
  return "libjpeg-turbo " SALIENCYMIX_VERSION(LIBJPEG_TURBO_VERSION);
#else
  return "libjpeg " + std::to_string(JPEG_LIB_VERSION);
#endif
}

Outcome decode(const Request& request, std::uint8_t* out, Memory& memory) {
  if (request.bytes < 4 || request.file[0] != 0xff || request.file[1] != 0xd8) return Outcome::kOther;
  Errors errors{};
  Decompressor decompressor;
  jpeg_decompress_struct& info = decompressor.info;
  info.err = prepare(errors);
  const Outcome outcome = read(info, errors, request, out, memory.image);
  const Decoded& image = memory.image;
  if (outcome == Outcome::kDone && (image.height != request.height || image.width != request.width)) {
    cover({image.pixels.data(), image.height, image.width, 3}, request.height, request.width, out, memory.rows);
  }
  return outcome;
}

}  // namespace saliencymix::jpeg

#else

namespace saliencymix::jpeg {
std::string version() { return {}; }
Outcome decode(const Request&, std::uint8_t*, Memory&) { return Outcome::kOther; }
}  // namespace saliencymix::jpeg

#endif
