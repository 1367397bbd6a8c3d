#include "ort/state.h"

#include <cstring>
#include <utility>

namespace saliencymix::ort {

State::Memory State::allocate(Element element, const Shape& shape) const {
  const std::size_t bytes = countOf(shape) * bytesOf(element);
  // Not cleared: it is written before it is read. At least one line, as a tensor without elements has an address, too.
  auto lines = std::make_unique_for_overwrite<Line[]>(bytes / sizeof(Line) + 1);
  Handle<raw::Value> value = valueOver(library_, {element, shape, lines.get()}, library_.cpuMemory());
  return {std::move(lines), std::move(value)};
}

const State::Tensor& State::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error("no tensor is named \"" + name + "\"");
  return found->second;
}

State::Tensor& State::find(const std::string& name) { return const_cast<Tensor&>(std::as_const(*this).find(name)); }

void State::write(const std::string& name, const TensorView& tensor) {
  Memory memory = allocate(tensor.element, tensor.shape);
  std::memcpy(memory.lines.get(), tensor.data, tensor.bytes());
  tensors_[name] = {tensor.element, tensor.shape, std::move(memory), {}};
}

const raw::Value* State::current(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : found->second.current.value.get();
}

raw::Value* State::next(const std::string& name) {
  Tensor& tensor = find(name);
  if (!tensor.next.value) tensor.next = allocate(tensor.element, tensor.shape);
  return tensor.next.value.get();
}

void State::keep(const std::string& name, Handle<raw::Value> value) {
  Tensor& tensor = find(name);
  tensor.current = {nullptr, std::move(value)};
  tensor.next = {};
}

void State::swap(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Tensor& tensor = find(name);
    std::swap(tensor.current, tensor.next);
  }
}

TensorView State::read(const std::string& name) const {
  const Tensor& tensor = find(name);
  if (tensor.current.lines == nullptr) throw Error("the tensor \"" + name + "\" is on a graphics card");
  return {tensor.element, tensor.shape, tensor.current.lines.get()};
}

}  // namespace saliencymix::ort
