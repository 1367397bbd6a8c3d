// What is measured. bars.mjs has the figures that these jobs must reach, by the same names.
#pragma once

#include <string>
#include <vector>

#include "core/backend.h"

namespace gpu_bench {

using namespace saliencymix;

struct Size {
  int count;
  int side;
  double values() const { return static_cast<double>(count) * side * side * 3; }
};

enum class Work {
  saliency,  // peaks and lows of every image
  write,     // samples that are placed already, mixed and converted
  mix,       // all of it: saliency of every source, boxes, pixels
};

struct Job {
  std::string id;
  Work work;
  Size size;
  std::string method;  // of saliency
  MixKind kind = MixKind::paste;
  Layout layout = Layout::nhwc;
  Dtype dtype = Dtype::uint8;
  bool fromHost = false;  // and back to it

  OutputFormat format() const {
    OutputFormat format{layout, dtype, {}, {}};
    const float mean[] = {0.485f, 0.456f, 0.406f};
    const float deviation[] = {0.229f, 0.224f, 0.225f};
    for (int c = 0; c < 3; c++) {
      format.offset[c] = 255 * mean[c];
      format.scale[c] = 1 / (255 * deviation[c]);
    }
    return format;
  }
  double bytesIn() const { return size.values(); }
  double bytesOut() const {
    return work == Work::saliency ? 0 : size.values() * static_cast<double>(bytesPerValue(dtype));
  }
};

inline std::string formatName(Layout layout, Dtype dtype) {
  const char* const types[] = {"uint8", "float32", "float16"};
  return std::string(types[static_cast<int>(dtype)]) + (layout == Layout::nhwc ? " NHWC" : " NCHW");
}

class JobList {
 public:
  // The sizes of ImageNet's batches and of CIFAR's.
  JobList(const Size& large, const Size& small) {
    constexpr auto kHwc = Layout::nhwc;
    constexpr auto kChw = Layout::nchw;
    for (const auto& [name, size] : {std::pair{"large", large}, std::pair{"small", small}}) {
      write(name, size, MixKind::paste, kHwc, Dtype::uint8);
      write(name, size, MixKind::paste, kChw, Dtype::float16);
      write(name, size, MixKind::paste, kChw, Dtype::float32);
      write(name, size, MixKind::blend, kChw, Dtype::float32);
    }
    write("large", large, MixKind::paste, kHwc, Dtype::float16);
    write("large", large, MixKind::paste, kHwc, Dtype::float32);
    write("large", large, MixKind::blend, kHwc, Dtype::uint8);
    write("large", large, MixKind::blend, kChw, Dtype::float16);
    for (const char* const method : {"fine-grained", "spectral-residual", "frequency-tuned", "sobel"}) {
      all_.push_back({std::string(method) + " large", Work::saliency, large, method});
      all_.push_back({std::string(method) + " small", Work::saliency, small, method});
    }
    for (const bool fromHost : {false, true}) {
      mix("large", large, kHwc, Dtype::uint8, fromHost);
      mix("large", large, kChw, Dtype::float16, fromHost);
      mix("small", small, kHwc, Dtype::uint8, fromHost);
    }
  }
  const std::vector<Job>& all() const { return all_; }

 private:
  void write(const std::string& name, const Size& size, MixKind kind, Layout layout, Dtype dtype) {
    const std::string what = kind == MixKind::paste ? "paste" : "blend";
    all_.push_back({what + " " + formatName(layout, dtype) + " " + name, Work::write, size, "", kind, layout, dtype});
  }
  void mix(const std::string& name, const Size& size, Layout layout, Dtype dtype, bool fromHost) {
    all_.push_back({std::string("mix ") + formatName(layout, dtype) + " " + name + (fromHost ? " host" : ""), Work::mix,
                    size, "fine-grained", MixKind::paste, layout, dtype, fromHost});
  }

  std::vector<Job> all_;
};

}  // namespace gpu_bench
