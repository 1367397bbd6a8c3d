// A compiled model.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ort/card/provider.h"
#include "ort/domain.h"
#include "ort/library.h"
#include "ort/tensor.h"

namespace saliencymix::ort {

// An input or output of a model. Sides that are not fixed are -1; the element is undefined where it is no tensor.
struct Port {
  std::string name;
  Element element;
  Shape shape;
};

struct SessionSettings {
  int threads;
  // The first part of the path of a file to which ONNX Runtime writes how long each node takes; empty for none.
  std::string profile;
  // All nodes run there, and a node that cannot is an error; without it the processor runs them.
  std::optional<CardSettings> card = {};
};

// An output of a run on a card: written over a value that is there, or made, to stay on the card or to be read here.
struct CardOutput {
  std::size_t output;
  raw::Value* over;
  bool stays;
};

class Session {
 public:
  // Of the bytes of a model, or of the file at a path. Throws Error.
  Session(const Library& library, std::span<const std::byte> model, const SessionSettings& settings);
  Session(const Library& library, const std::string& path, const SessionSettings& settings);

  const std::vector<Port>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }

  // One value for each input. An output that is not null is memory to write to; the others are made. Throws Error; the memory
  // that the run has taken is given back then, and the model compiled again by the next run.
  void run(std::span<const raw::Value* const> inputs, std::span<const std::size_t> wanted, std::span<raw::Value*> outputs);

  bool isOnCard() const { return settings_.card.has_value(); }
  // The backend that has the memory in which the session computes, and what ONNX Runtime calls that memory.
  const char* place() const { return isOnCard() ? kCardBackend : kProcessorBackend; }
  const raw::MemoryInfo* memory() const { return card_ ? card_.get() : library_.cpuMemory(); }

  // The same on the card: gives the values of the outputs in their order, null for those that are written over.
  std::vector<Handle<raw::Value>> runOnCard(std::span<const raw::Value* const> inputs, std::span<const CardOutput> wanted);

  // Ends the profile, and gives the path of its file.
  std::string endProfile();

 private:
  void compile();
  void describe();
  // What a run says, after which the model may have to be compiled again.
  void checkRun(raw::Status* status);

  const Library& library_;
  SessionSettings settings_;
  std::unique_ptr<const Domain> domain_;  // of our operators
  std::vector<std::byte> model_;          // or its path
  std::string path_;
  Handle<raw::MemoryInfo> card_;  // null on the processor
  Handle<raw::Session> session_;  // null after a run that failed
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
};

}  // namespace saliencymix::ort
