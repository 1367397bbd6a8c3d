// Named tensors that stay in native memory between runs, such as the weights of a trainer.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ort/tensor.h"

namespace saliencymix::ort {

// A tensor has two memories once a run writes what comes `next`: runs read the one, and write the other, and when all of a run
// went well they change places. So nothing is copied, and a run that fails changes nothing. Large tensors are written `over`.
class State {
 public:
  explicit State(const Library& library) : library_(library) {}

  // Copies a tensor, in place of one with its name.
  void write(const std::string& name, const TensorView& tensor);

  // Null where there is none.
  const raw::Value* current(const std::string& name) const;

  // What a run writes in place of the tensor, of its type and shape. Throws Error where there is none.
  raw::Value* next(const std::string& name);

  // What a run writes over. Throws Error where there is none.
  raw::Value* over(const std::string& name) { return find(name).current.value.get(); }

  // In place of a tensor that is there: a value of its own, which may be on a graphics card.
  void keep(const std::string& name, Handle<raw::Value> value);

  // Makes what runs have written into `next` the current ones.
  void swap(const std::vector<std::string>& names);

  // Throws Error where there is none, or where it is on a graphics card. The memory is the state's.
  TensorView read(const std::string& name) const;

  void clear() { tensors_.clear(); }

 private:
  // A cache line, which is as wide as the widest vector.
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  // Without lines the memory is the value's own.
  struct Memory {
    std::unique_ptr<Line[]> lines;
    Handle<raw::Value> value;
  };
  struct Tensor {
    Element element;
    Shape shape;
    Memory current;
    Memory next;
  };

  Memory allocate(Element element, const Shape& shape) const;
  const Tensor& find(const std::string& name) const;
  Tensor& find(const std::string& name);

  const Library& library_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace saliencymix::ort
