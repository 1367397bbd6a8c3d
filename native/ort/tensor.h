// Tensors: values of ONNX Runtime over memory that others keep, and what a value holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ort/library.h"

namespace saliencymix::ort {

// The names that onnxruntime-node gives to types, by the number of Element.
inline constexpr std::array<std::string_view, 14> kElementNames = {
    "undefined", "float32", "uint8", "int8",    "uint16",  "int16",  "int32",
    "int64",     "string",  "bool",  "float16", "float64", "uint32", "uint64"};

// Bytes of one element; 0 for those that are not numbers.
std::size_t bytesOf(Element element);

using Shape = std::vector<std::int64_t>;

// Elements of a tensor. Throws Error for a negative side, or a product beyond 2^53.
std::size_t countOf(const Shape& shape);

// A tensor's elements, in memory that somebody else keeps.
struct TensorView {
  Element element;
  Shape shape;
  void* data;

  std::size_t bytes() const { return countOf(shape) * bytesOf(element); }
};

// A value that reads and writes the view's memory, which must outlive it. `where`: what kind of memory it is.
Handle<raw::Value> valueOver(const Library& library, const TensorView& view, const raw::MemoryInfo* where);

// What a value holds; lives as long as the value. Throws Error where it is no tensor of numbers.
TensorView viewOf(const Library& library, raw::Value* value);

}  // namespace saliencymix::ort
