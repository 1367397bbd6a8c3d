// An operator of the domain `saliencymix`, as its own code sees it: attributes, and a call with inputs and outputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ort/library.h"
#include "ort/tensor.h"
#include "train/run.h"

namespace saliencymix::ort {

class CardRun;  // card/run.h

inline constexpr const char* kDomain = "saliencymix";

// Memory for a node's work, kept for the next node: they run one after the other.
class Workspace {
 public:
  // `bytes` of it, from a multiple of 64 on. What it held is lost.
  std::span<std::byte> take(std::size_t bytes);

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::unique_ptr<Line[]> lines_;
  std::size_t count_ = 0;
};

// Of a node in the model. Each throws Error for one that is missing or of another type.
class Attributes {
 public:
  Attributes(const Library& library, const raw::KernelInfo* info) : library_(library), info_(info) {}
  int whole(const char* name) const;
  float real(const char* name) const;
  // So many whole numbers.
  std::vector<int> wholes(const char* name, std::size_t count) const;

 private:
  const Library& library_;
  const raw::KernelInfo* info_;
};

// One run of a node. ONNX Runtime has seen to it that tensors are of the operator's types.
class Call {
 public:
  // `card` is null on the processor.
  Call(const Library& library, raw::KernelContext* context, int threads, Workspace& workspace, CardRun* card)
      : library_(library), context_(context), threads_(threads), workspace_(workspace), card_(card) {}

  std::size_t inputCount() const;
  std::size_t outputCount() const;

  // An input that was left out has no data.
  struct Input {
    const float* data = nullptr;
    Shape shape;
    const std::uint8_t* bytes = nullptr;   // in the place of `data`
    const std::int64_t* wholes = nullptr;  // likewise
    // Side `axis` as an int; throws Error where there is none.
    int side(std::size_t axis) const;
    std::size_t size() const { return countOf(shape); }
  };
  Input input(std::size_t index) const;

  // Null for an output that nobody asked for.
  float* output(std::size_t index, const Shape& shape);
  // Throws Error in place of null.
  float* askedOutput(std::size_t index, const Shape& shape);
  std::uint8_t* outputBytes(std::size_t index, const Shape& shape);

  int threads() const { return threads_; }
  // On the processor, with so much working memory.
  train::TrainRun run(std::size_t workspaceBytes);
  // On a graphics card, where all memory of inputs and outputs is.
  CardRun& card() { return *card_; }

 private:
  void* memoryOf(std::size_t index, const Shape& shape);

  const Library& library_;
  raw::KernelContext* context_;
  int threads_;
  Workspace& workspace_;
  CardRun* card_;
};

// Throws Error where a tensor is not of the shape, since its memory must not be left. `what` is its name.
void expectShape(const Call::Input& input, const Shape& shape, const char* what);

// What was made of a node: it keeps the attributes.
class Node {
 public:
  virtual ~Node() = default;
  virtual void compute(Call& call) const = 0;
};

struct Operator {
  const char* name;
  std::vector<Element> inputs;
  std::size_t required;  // inputs from here on may be left out, and so may outputs but the first
  std::vector<Element> outputs;
  std::unique_ptr<Node> (*make)(const Attributes& attributes);
  bool variadic = false;  // the last input, and the last output, may be there any number of times
};

template <class Made>
std::unique_ptr<Node> makeNode(const Attributes& attributes) {
  return std::make_unique<Made>(attributes);
}

// All operators of the domain (operators.cc).
std::span<const Operator> operators();

}  // namespace saliencymix::ort
