#include "ort/tensor.h"

#include <string>

namespace saliencymix::ort {

std::size_t bytesOf(Element element) {
  switch (element) {
    case Element::undefined:
    case Element::string: return 0;
    case Element::uint8:
    case Element::int8:
    case Element::boolean: return 1;
    case Element::uint16:
    case Element::int16:
    case Element::float16: return 2;
    case Element::float32:
    case Element::int32:
    case Element::uint32: return 4;
    case Element::int64:
    case Element::float64:
    case Element::uint64: return 8;
  }
  return 0;
}

std::size_t countOf(const Shape& shape) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  std::int64_t count = 1;
  for (const std::int64_t side : shape) {
    if (side < 0 || (side > 0 && count > kMost / side)) throw Error("a tensor has a side that it cannot have");
    count *= side;
  }
  return static_cast<std::size_t>(count);
}

Handle<raw::Value> valueOver(const Library& library, const TensorView& view, const raw::MemoryInfo* where) {
  const Api& api = library.api();
  return library.own<raw::Value>(api.ReleaseValue, [&](raw::Value** made) {
    return api.CreateTensorWithDataAsOrtValue(where, view.data, view.bytes(), view.shape.data(), view.shape.size(), view.element,
                                              made);
  });
}

TensorView viewOf(const Library& library, raw::Value* value) {
  const Api& api = library.api();
  const auto info = library.own<raw::TensorInfo>(api.ReleaseTensorTypeAndShapeInfo, [&](raw::TensorInfo** made) {
    return api.GetTensorTypeAndShape(value, made);
  });
  TensorView view{Element::undefined, {}, nullptr};
  library.check(api.GetTensorElementType(info.get(), &view.element));
  if (bytesOf(view.element) == 0) throw Error("an output is text, not numbers");
  std::size_t rank = 0;
  library.check(api.GetDimensionsCount(info.get(), &rank));
  view.shape.resize(rank);
  library.check(api.GetDimensions(info.get(), view.shape.data(), rank));
  library.check(api.GetTensorMutableData(value, &view.data));
  return view;
}

}  // namespace saliencymix::ort
