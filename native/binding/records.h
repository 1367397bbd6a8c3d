// Samples of a plan as two flat arrays, the form in which they cross the binding. src/mix/records.ts asks for their layout.
#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "binding/args.h"
#include "core/mix_kinds.h"
#include "core/plan.h"

namespace saliencymix::binding {

// Where the fields of a sample stand among its int32 numbers. An anchor has its kind, row and column there, a box its top,
// left, bottom and right.
namespace int_at {
enum : std::size_t { target, source, kind, boxOwner, from, to = from + 3, fill = to + 3, fromBox, toBox = fromBox + 4, end = toBox + 4 };
}
// Among its float64 numbers. The u of an anchor picks among tied pixels.
namespace double_at {
enum : std::size_t { lambda, uOfFrom, uOfTo, end };
}

inline Anchor readAnchor(const std::int32_t* ints, double u) {
  return {static_cast<AnchorKind>(ints[0]), {ints[1], ints[2]}, u};
}

inline Box readBox(const std::int32_t* ints) { return {ints[0], ints[1], ints[2], ints[3]}; }

inline void writePoint(Point point, std::int32_t* ints) {
  ints[0] = point.row;
  ints[1] = point.col;
}

inline void writeBox(const Box& box, std::int32_t* ints) {
  ints[0] = box.top;
  ints[1] = box.left;
  ints[2] = box.bottom;
  ints[3] = box.right;
}

inline void readSample(const std::int32_t* ints, const double* doubles, MixSample& sample) {
  sample.target = ints[int_at::target];
  sample.source = ints[int_at::source];
  sample.kind = static_cast<MixKind>(ints[int_at::kind]);
  sample.boxOwner = ints[int_at::boxOwner];
  sample.from = readAnchor(ints + int_at::from, doubles[double_at::uOfFrom]);
  sample.to = readAnchor(ints + int_at::to, doubles[double_at::uOfTo]);
  sample.lambda = doubles[double_at::lambda];
  sample.fill = ints[int_at::fill];
  sample.boxes = {readBox(ints + int_at::fromBox), readBox(ints + int_at::toBox)};
}

// What placing has found.
inline void writeSample(const MixSample& sample, std::int32_t* ints, double* doubles) {
  writePoint(sample.from.at, ints + int_at::from + 1);
  writePoint(sample.to.at, ints + int_at::to + 1);
  writeBox(sample.boxes.from, ints + int_at::fromBox);
  writeBox(sample.boxes.to, ints + int_at::toBox);
  doubles[double_at::lambda] = sample.lambda;
}

// Tells JavaScript this layout: how many numbers a sample has, where each field stands, the numbers of kinds and anchors.
inline Napi::Value recordLayout(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto numbers = [&](std::initializer_list<std::pair<const char*, std::size_t>> fields) {
    Napi::Object object = Napi::Object::New(env);
    for (const auto& [name, at] : fields) object.Set(name, static_cast<double>(at));
    return object;
  };
  Napi::Object layout = Napi::Object::New(env);
  layout.Set("ints", numbers({{"target", int_at::target}, {"source", int_at::source}, {"kind", int_at::kind},
                              {"boxOwner", int_at::boxOwner}, {"from", int_at::from}, {"to", int_at::to},
                              {"fill", int_at::fill}, {"fromBox", int_at::fromBox}, {"toBox", int_at::toBox},
                              {"end", int_at::end}}));
  layout.Set("doubles", numbers({{"lambda", double_at::lambda}, {"uOfFrom", double_at::uOfFrom},
                                 {"uOfTo", double_at::uOfTo}, {"end", double_at::end}}));
  layout.Set("anchors", numbers({{"given", static_cast<std::size_t>(AnchorKind::given)},
                                 {"corresponding", static_cast<std::size_t>(AnchorKind::corresponding)},
                                 {"peak", static_cast<std::size_t>(AnchorKind::peak)},
                                 {"low", static_cast<std::size_t>(AnchorKind::low)}}));
  Napi::Array kinds = Napi::Array::New(env);
  for (const std::string_view name : kMixKindNames) kinds.Set(kinds.Length(), std::string(name));
  layout.Set("kinds", kinds);
  return layout;
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
  const auto below = [](auto value, int end) { return static_cast<int>(value) >= 0 && static_cast<int>(value) < end; };
  const int anchors = static_cast<int>(AnchorKind::low) + 1;
  return below(s.target, count) && below(s.source, count) && below(s.boxOwner, samples) &&
         below(s.kind, static_cast<int>(kMixKindNames.size())) && below(s.from.kind, anchors) &&
         below(s.to.kind, anchors) && s.lambda >= 0.0 && s.lambda <= 1.0 && s.from.u < 1.0 && s.to.u < 1.0 &&
         inside(s.from.at, height, width) && inside(s.to.at, height, width) && inside(s.boxes.from, height, width) &&
         inside(s.boxes.to, height, width) &&
         visitKind(s.kind, [&](auto kind) { return kind.boxesFit(s.boxes); });
}

struct Records {
  std::int32_t* ints;
  double* doubles;
  std::vector<MixSample> samples;

  void writeBack() const {
    for (std::size_t i = 0; i < samples.size(); i++) {
      writeSample(samples[i], ints + i * int_at::end, doubles + i * double_at::end);
    }
  }
};

inline Records readRecords(const Napi::Object& from, int count, int height, int width) {
  const int size = readInt(from, "samples", 1);
  Records records{readArray<std::int32_t>(from, "ints", static_cast<std::size_t>(size) * int_at::end),
                  readArray<double>(from, "doubles", static_cast<std::size_t>(size) * double_at::end),
                  {}};
  records.samples.reserve(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < static_cast<std::size_t>(size); i++) {
    MixSample& sample = records.samples.emplace_back();
    readSample(records.ints + i * int_at::end, records.doubles + i * double_at::end, sample);
    if (!safe(sample, count, size, height, width)) {
      throw badArgument(from.Env(), "samples", "inside the batch and the images (sample " + std::to_string(i) + ")");
    }
  }
  return records;
}

}  // namespace saliencymix::binding
