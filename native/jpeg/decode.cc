#include "jpeg/decode.h"

#ifdef SALIENCYMIX_JPEG

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

#include "core/image_rows.h"

namespace saliencymix::jpeg {

namespace {

struct Errors {
  jpeg_error_mgr manager;
  std::jmp_buf leave;
};

// More scans than any file has that is made to be looked at. libjpeg goes through the whole image for each: the limit of
// the other decoder (src/data/jpeg-scans.ts), which says so.
constexpr int kMaxScans = 100;

void leave(j_common_ptr info) { std::longjmp(reinterpret_cast<Errors*>(info->err)->leave, 1); }
// Files that libjpeg only warns of, such as one that was cut short, are left to the caller, which has better messages for
// them. Nothing more is read of them, as what is left can be large.
void leaveAtWarning(j_common_ptr info, int level) {
  if (level < 0) leave(info);
}
void limitScans(j_common_ptr info) {
  if (reinterpret_cast<jpeg_decompress_struct*>(info)->input_scan_number > kMaxScans) leave(info);
}
void stayQuiet(j_common_ptr) {}
void formatNothing(j_common_ptr, char* text) { *text = '\0'; }
void forgetNothing(j_common_ptr) {}

// In place of jpeg_std_error, which prints, and whose object file cannot be linked into a shared library everywhere.
jpeg_error_mgr* prepare(Errors& errors) {
  errors.manager.error_exit = leave;
  errors.manager.emit_message = leaveAtWarning;
  errors.manager.output_message = stayQuiet;
  errors.manager.format_message = formatNothing;
  errors.manager.reset_error_mgr = forgetNothing;
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
    const unsigned a = data_[at], b = data_[at + 1];
    return little_ ? a | b << 8 : a << 8 | b;
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

// libjpeg holds an image of several scans whole, in up to 6 bytes a pixel. Larger ones are left to the other decoder, of which
// the caller runs fewer at once.
constexpr std::uint64_t kMaxHeldPixels = 1 << 25;

bool needsOtherDecoder(jpeg_decompress_struct& info, const Request& request) {
  if (info.num_components != 1 && info.num_components != 3) return true;
  if (info.data_precision != 8) return true;
  const std::uint64_t pixels = static_cast<std::uint64_t>(info.image_width) * info.image_height;
  if (pixels > request.maxPixels) return true;
  if (pixels > kMaxHeldPixels && jpeg_has_multiple_scans(&info)) return true;
  for (const jpeg_marker_struct* marker = info.marker_list; marker; marker = marker->next) {
    if (!request.plainProfile && startsWith(marker, 2, "ICC_PROFILE", 12)) return true;
    if (startsWith(marker, 1, "Exif\0", 6) && oriented(marker->data, marker->data_length)) return true;
  }
  return false;
}

// Decodes one file. Where libjpeg cannot go on it leaves by longjmp, back to attempt(). Nothing in between may have a
// destructor. After that nothing more is read.
class Decoder {
 public:
  Decoder() { info_.err = prepare(errors_); }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Gives kDone where the rows can be read.
  Outcome begin(const Request& request) {
    bool other = false;
    attempt([&] {
      jpeg_create_decompress(&info_);
      jpeg_mem_src(&info_, request.file, static_cast<unsigned long>(request.bytes));
      jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xffff);
      jpeg_save_markers(&info_, JPEG_APP0 + 2, 0xffff);
      jpeg_read_header(&info_, TRUE);
      other = needsOtherDecoder(info_, request);
      if (other) return;
      info_.out_color_space = JCS_RGB;
      info_.dct_method = JDCT_ISLOW;
      info_.do_fancy_upsampling = TRUE;
      progress_.progress_monitor = limitScans;
      if (jpeg_has_multiple_scans(&info_)) info_.progress = &progress_;
      jpeg_start_decompress(&info_);
    });
    return failed_ || other ? Outcome::kOther : Outcome::kDone;
  }

  int height() const { return static_cast<int>(info_.output_height); }
  int width() const { return static_cast<int>(info_.output_width); }

  // Does nothing after the last row.
  void readRow(std::uint8_t* to) {
    if (info_.output_scanline == info_.output_height) return;
    attempt([&] {
      JSAMPROW row = to;
      jpeg_read_scanlines(&info_, &row, 1);
    });
  }

  // Reads the rows that are left, each into `row`, and ends.
  Outcome finish(std::uint8_t* row) {
    while (!failed_ && info_.output_scanline < info_.output_height) readRow(row);
    attempt([&] { jpeg_finish_decompress(&info_); });
    return failed_ ? Outcome::kOther : Outcome::kDone;
  }

 private:
  template <class Step>
  void attempt(const Step& step) {
    if (failed_) return;
    if (setjmp(errors_.leave)) failed_ = true;
    else step();
  }

  Errors errors_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct info_{};
  bool failed_ = false;
};

class DecodedRows final : public ImageRows {
 public:
  DecodedRows(Decoder& decoder, std::vector<std::uint8_t>& memory)
      : ImageRows(decoder.height(), decoder.width()), decoder_(decoder), memory_(memory) {
    memory_.resize(2 * kBlock * (rowBytes() + kSlack));
  }

  const std::uint8_t* next() override {
    if (y_ % kBlock == 0) {
      for (std::size_t i = 0; i < kBlock; i++) decoder_.readRow(rowAt(y_ + i));
    }
    return rowAt(y_++);
  }

 private:
  // As many rows as libjpeg decodes at a time, or half of that: so they are still in the first-level cache when they are
  // used.
  static constexpr std::size_t kBlock = 8;
  static_assert(kBlock >= kKept);

  std::uint8_t* rowAt(std::size_t y) { return memory_.data() + y % (2 * kBlock) * (rowBytes() + kSlack); }

  Decoder& decoder_;
  std::vector<std::uint8_t>& memory_;
  std::size_t y_ = 0;
};

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

Outcome decode(const Request& request, std::uint8_t* out, std::vector<std::uint8_t>& rows) {
  if (request.bytes < 4 || request.file[0] != 0xff || request.file[1] != 0xd8) return Outcome::kOther;
  Decoder decoder;
  const Outcome begun = decoder.begin(request);
  if (begun != Outcome::kDone) return begun;
  DecodedRows image(decoder, rows);
  const bool isSize = image.height() == request.height && image.width() == request.width;
  if (!isSize && !request.otherSizes) return Outcome::kSize;
  if (isSize && request.framing.keepsSize()) {
    for (int y = 0; y < request.height; y++) decoder.readRow(out + static_cast<std::size_t>(y) * image.rowBytes());
  } else {
    request.resize(image, request.framing, request.height, request.width, out);
  }
  return decoder.finish(rows.data());
}

}  // namespace saliencymix::jpeg

#else

namespace saliencymix::jpeg {
std::string version() { return {}; }
Outcome decode(const Request&, std::uint8_t*, std::vector<std::uint8_t>&) { return Outcome::kOther; }
}  // namespace saliencymix::jpeg

#endif
