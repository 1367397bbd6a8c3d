// Samples of a plan as two flat arrays, the form in which they cross the binding. src/mix/records.ts has the same table.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>
#include <vector>

#include "binding/args.h"
#include "core/plan.h"

namespace saliencymix::binding {

// int32 per sample: target, source, kind, placeOf, from (kind, row, col), to (kind, row, col), fill,
//                   from box (top, left, bottom, right), to box (top, left, bottom, right)
constexpr std::size_t kWholePerSample = 19;
// float64 per sample: lambda, u of from, u of to
constexpr std::size_t kRealPerSample = 3;

inline Anchor readAnchor(const std::int32_t* whole, double u) {
  return {static_cast<AnchorKind>(whole[0]), {whole[1], whole[2]}, u};
}

inline void readSample(const std::int32_t* whole, const double* real, MixSample& sample) {
  sample.target = whole[0];
  sample.source = whole[1];
  sample.kind = static_cast<MixKind>(whole[2]);
  sample.placeOf = whole[3];
  sample.from = readAnchor(whole + 4, real[1]);
  sample.to = readAnchor(whole + 7, real[2]);
  sample.lambda = real[0];
  sample.fill = whole[10];
  sample.boxes = {{whole[11], whole[12], whole[13], whole[14]}, {whole[15], whole[16], whole[17], whole[18]}};
}

inline void writeSample(const MixSample& sample, std::int32_t* whole, double* real) {
  const Box& from = sample.boxes.from;
  const Box& to = sample.boxes.to;
  const std::int32_t found[8] = {from.top, from.left, from.bottom, from.right, to.top, to.left, to.bottom, to.right};
  whole[5] = sample.from.at.row;
  whole[6] = sample.from.at.col;
  whole[8] = sample.to.at.row;
  whole[9] = sample.to.at.col;
  for (std::size_t i = 0; i < 8; i++) whole[11 + i] = found[i];
  real[0] = sample.lambda;
}

inline bool inside(const Box& box, int height, int width) {
  return box.top >= 0 && box.left >= 0 && box.top <= box.bottom && box.left <= box.right && box.bottom <= height &&
         box.right <= width;
}

inline bool inside(Point point, int height, int width) {
  return point.row >= 0 && point.row < height && point.col >= 0 && point.col < width;
}

// What a sample must satisfy so that neither placing nor mixing can leave the batch's memory.
inline bool safe(const MixSample& s, int count, int samples, int height, int width) {
  const auto known = [](auto kind, int last) { return static_cast<int>(kind) >= 0 && static_cast<int>(kind) <= last; };
  return s.target >= 0 && s.target < count && s.source >= 0 && s.source < count && s.placeOf >= 0 &&
         s.placeOf < samples && known(s.kind, 3) && known(s.from.kind, 3) && known(s.to.kind, 3) && s.lambda >= 0.0 &&
         s.lambda <= 1.0 && s.from.u < 1.0 && s.to.u < 1.0 && inside(s.from.at, height, width) &&
         inside(s.to.at, height, width) && inside(s.boxes.from, height, width) && inside(s.boxes.to, height, width) &&
         (s.kind != MixKind::paste || (s.boxes.from.height() == s.boxes.to.height() &&
                                       s.boxes.from.width() == s.boxes.to.width()));
}

struct Records {
  std::int32_t* whole;
  double* real;
  std::vector<MixSample> samples;

  void writeBack() const {
    for (std::size_t i = 0; i < samples.size(); i++) {
      writeSample(samples[i], whole + i * kWholePerSample, real + i * kRealPerSample);
    }
  }
};

inline Records readRecords(const Napi::Object& from, int count, int height, int width) {
  const int size = readInt(from, "samples", 1);
  Records records{readArray<std::int32_t>(from, "whole", static_cast<std::size_t>(size) * kWholePerSample),
                  readArray<double>(from, "real", static_cast<std::size_t>(size) * kRealPerSample),
                  {}};
  records.samples.reserve(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < static_cast<std::size_t>(size); i++) {
    MixSample& sample = records.samples.emplace_back();
    readSample(records.whole + i * kWholePerSample, records.real + i * kRealPerSample, sample);
    if (!safe(sample, count, size, height, width)) {
      throw badArgument(from.Env(), "samples", "inside the batch and the images (sample " + std::to_string(i) + ")");
    }
  }
  return records;
}

}  // namespace saliencymix::binding
