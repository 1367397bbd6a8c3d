#include "ort/operator.h"

#include <limits>

namespace saliencymix::ort {

std::span<std::byte> Workspace::take(std::size_t bytes) {
  const std::size_t needed = bytes / sizeof(Line) + 1;
  if (needed > count_) {
    lines_.reset();
    lines_ = std::make_unique_for_overwrite<Line[]>(needed);
    count_ = needed;
  }
  return {lines_[0].bytes, bytes};
}

namespace {

int asInt(std::int64_t value, const char* name) {
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
    throw Error(std::string("the attribute ") + name + " is too large");
  }
  return static_cast<int>(value);
}

}  // namespace

int Attributes::whole(const char* name) const {
  std::int64_t value = 0;
  library_.check(library_.api().KernelInfoGetAttribute_int64(info_, name, &value));
  return asInt(value, name);
}

float Attributes::real(const char* name) const {
  float value = 0;
  library_.check(library_.api().KernelInfoGetAttribute_float(info_, name, &value));
  return value;
}

std::vector<int> Attributes::wholes(const char* name, std::size_t count) const {
  std::size_t found = 0;
  library_.check(library_.api().KernelInfoGetAttributeArray_int64(info_, name, nullptr, &found));
  if (found != count) throw Error(std::string("the attribute ") + name + " must have " + std::to_string(count) + " numbers");
  std::vector<std::int64_t> values(count);
  library_.check(library_.api().KernelInfoGetAttributeArray_int64(info_, name, values.data(), &found));
  std::vector<int> result;
  for (const std::int64_t value : values) result.push_back(asInt(value, name));
  return result;
}

std::size_t Call::inputCount() const {
  std::size_t count = 0;
  library_.check(library_.api().KernelContext_GetInputCount(context_, &count));
  return count;
}

std::size_t Call::outputCount() const {
  std::size_t count = 0;
  library_.check(library_.api().KernelContext_GetOutputCount(context_, &count));
  return count;
}

int Call::Input::side(std::size_t axis) const {
  if (axis >= shape.size()) throw Error("a tensor has too few dimensions");
  if (shape[axis] > std::numeric_limits<int>::max()) throw Error("a tensor is too large");
  return static_cast<int>(shape[axis]);
}

Call::Input Call::input(std::size_t index) const {
  if (index >= inputCount()) return {};
  const raw::Value* value = nullptr;
  library_.check(library_.api().KernelContext_GetInput(context_, index, &value));
  if (value == nullptr) return {};
  // The interface gives memory to read only through the function for memory to write.
  TensorView view = viewOf(library_, const_cast<raw::Value*>(value));
  if (view.element == Element::uint8) return {nullptr, std::move(view.shape), static_cast<const std::uint8_t*>(view.data)};
  if (view.element == Element::int64) {
    return {nullptr, std::move(view.shape), nullptr, static_cast<const std::int64_t*>(view.data)};
  }
  if (view.element != Element::float32) throw Error("an input is not float32");
  return {static_cast<const float*>(view.data), std::move(view.shape)};
}

void expectShape(const Call::Input& input, const Shape& shape, const char* what) {
  if (input.shape == shape) return;
  const auto words = [](const Shape& of) {
    std::string text;
    for (const std::int64_t side : of) {
      if (!text.empty()) text += 'x';
      text += std::to_string(side);
    }
    return text;
  };
  throw Error(std::string(what) + " must have the shape " + words(shape) + ", not " + words(input.shape));
}

void* Call::memoryOf(std::size_t index, const Shape& shape) {
  if (index >= outputCount()) return nullptr;
  raw::Value* value = nullptr;
  library_.check(library_.api().KernelContext_GetOutput(context_, index, shape.data(), shape.size(), &value));
  if (value == nullptr) return nullptr;
  void* data = nullptr;
  library_.check(library_.api().GetTensorMutableData(value, &data));
  return data;
}

float* Call::output(std::size_t index, const Shape& shape) { return static_cast<float*>(memoryOf(index, shape)); }

float* Call::askedOutput(std::size_t index, const Shape& shape) {
  float* const data = output(index, shape);
  if (data == nullptr) throw Error("output " + std::to_string(index) + " must be asked for");
  return data;
}

std::uint8_t* Call::outputBytes(std::size_t index, const Shape& shape) {
  return static_cast<std::uint8_t*>(memoryOf(index, shape));
}

}  // namespace saliencymix::ort
