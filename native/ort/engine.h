// Models and the state that they share. One thread uses an engine at a time.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/resident.h"
#include "ort/session.h"
#include "ort/state.h"

namespace saliencymix::ort {

// An output of this name, with a tensor's name after it, is what the tensor is after the run.
inline constexpr std::string_view kNext = "next/";
// Likewise, but written over the tensor, which then needs no memory beside it. The node that writes it is the last that reads
// it and the last that can fail, and leaves it as it was where the run's guard is not finite.
inline constexpr std::string_view kOver = "over/";

struct NamedTensor {
  std::string name;
  TensorView tensor;
  // Where it is not in this process's ordinary memory: the backend's memory that it is in, of which this is one of the owners.
  std::shared_ptr<const Resident> memory;
};

// An output, which owns its memory.
struct Result {
  std::string name;
  Handle<raw::Value> value;
  TensorView tensor;
};

struct RunRequest {
  std::string model;
  // Inputs that are not among them are taken from the state.
  std::vector<NamedTensor> inputs;
  // Names of the outputs to give back.
  std::vector<std::string> outputs;
  // Name of a float32 output. If any of its values is not finite, the state is not changed. Empty for none.
  std::string guard;
};

class Engine {
 public:
  explicit Engine(const Library& library) : library_(library), state_(library) {}

  // In place of a model of that name. Throws Error, and then keeps the one before.
  const Session& add(const std::string& name, std::unique_ptr<Session> session);
  const Library& library() const { return library_; }
  State& state() { return state_; }
  const State& state() const { return state_; }

  // Throws Error: nothing has changed then.
  std::vector<Result> run(const RunRequest& request);

  // Ends the profile of a model, and gives the path of its file.
  std::string endProfile(const std::string& model);

 private:
  Session& sessionOf(const std::string& model);
  // An input over the memory that it is in.
  Handle<raw::Value> valueOf(const Session& session, const NamedTensor& input) const;
  // Each writes what comes next, and gives the other outputs; `wanted` are positions among the session's.
  std::vector<Result> runHere(Session& session, std::span<const raw::Value* const> inputs, std::span<const std::size_t> wanted,
                              const std::string& guard);
  std::vector<Result> runOnCard(Session& session, std::span<const raw::Value* const> inputs,
                                std::span<const std::size_t> wanted, const std::string& guard);
  // Whether the guard, if it is among the results, is finite.
  bool isGood(std::span<const Result> results, const std::string& guard) const;

  const Library& library_;
  State state_;
  std::map<std::string, std::unique_ptr<Session>> sessions_;
};

}  // namespace saliencymix::ort
