#include "ort/engine.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace saliencymix::ort {

namespace {

bool isFinite(const TensorView& tensor) {
  const std::span values(static_cast<const float*>(tensor.data), countOf(tensor.shape));
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

bool isState(const std::string& output) { return output.starts_with(kNext) || output.starts_with(kOver); }

}  // namespace

const Session& Engine::add(const std::string& name, std::unique_ptr<Session> session) {
  auto& kept = sessions_[name];
  kept = std::move(session);
  return *kept;
}

Handle<raw::Value> Engine::valueOf(const Session& session, const NamedTensor& input) const {
  if (input.memory == nullptr) return valueOver(library_, input.tensor, library_.cpuMemory());
  if (std::string_view(input.memory->backend) != session.place()) {
    throw Error("the input \"" + input.name + "\" is in memory of " + input.memory->backend + ", not of " + session.place());
  }
  return valueOver(library_, input.tensor, session.memory());
}

Session& Engine::sessionOf(const std::string& model) {
  const auto found = sessions_.find(model);
  if (found == sessions_.end()) throw Error("no model is named \"" + model + "\"");
  return *found->second;
}

std::vector<Result> Engine::run(const RunRequest& request) {
  Session& session = sessionOf(request.model);
  std::vector<Handle<raw::Value>> given;  // kept until the run has ended
  std::vector<const raw::Value*> inputs;
  for (const Port& port : session.inputs()) {
    const auto found = std::ranges::find(request.inputs, port.name, &NamedTensor::name);
    if (found != request.inputs.end()) {
      given.push_back(valueOf(session, *found));
      inputs.push_back(given.back().get());
    } else {
      inputs.push_back(state_.current(port.name));
    }
    if (inputs.back() == nullptr) throw Error("the input \"" + port.name + "\" of \"" + request.model + "\" is missing");
  }

  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < session.outputs().size(); i++) {
    const std::string& name = session.outputs()[i].name;
    if (isState(name) || std::ranges::find(request.outputs, name) != request.outputs.end()) wanted.push_back(i);
  }
  return session.isOnCard() ? runOnCard(session, inputs, wanted, request.guard) : runHere(session, inputs, wanted, request.guard);
}

std::vector<Result> Engine::runHere(Session& session, std::span<const raw::Value* const> inputs,
                                    std::span<const std::size_t> wanted, const std::string& guard) {
  std::vector<raw::Value*> outputs;
  std::vector<std::string> written;
  for (const std::size_t i : wanted) {
    const std::string& name = session.outputs()[i].name;
    const bool isNext = name.starts_with(kNext), isOver = name.starts_with(kOver);
    if (isNext) written.push_back(name.substr(kNext.size()));
    outputs.push_back(isNext ? state_.next(written.back()) : isOver ? state_.over(name.substr(kOver.size())) : nullptr);
  }
  session.run(inputs, wanted, outputs);

  std::vector<Result> results;
  for (std::size_t i = 0; i < wanted.size(); i++) {
    const std::string& name = session.outputs()[wanted[i]].name;
    if (isState(name)) continue;
    results.push_back({name, Handle<raw::Value>(outputs[i], {library_.api().ReleaseValue}), {}});
  }
  for (Result& result : results) result.tensor = viewOf(library_, result.value.get());
  if (isGood(results, guard)) state_.swap(written);
  return results;
}

// What comes next is memory that the run makes: what it replaces is given back when the run has gone well, else the new.
std::vector<Result> Engine::runOnCard(Session& session, std::span<const raw::Value* const> inputs,
                                      std::span<const std::size_t> wanted, const std::string& guard) {
  std::vector<CardOutput> outputs;
  for (const std::size_t i : wanted) {
    const std::string& name = session.outputs()[i].name;
    raw::Value* const over = name.starts_with(kOver) ? state_.over(name.substr(kOver.size())) : nullptr;
    outputs.push_back({i, over, name.starts_with(kNext)});
  }
  std::vector<Handle<raw::Value>> values = session.runOnCard(inputs, outputs);

  std::vector<Result> results;
  std::vector<std::pair<std::string, Handle<raw::Value>>> next;
  for (std::size_t i = 0; i < values.size(); i++) {
    const std::string& name = session.outputs()[wanted[i]].name;
    if (name.starts_with(kNext)) {
      next.emplace_back(name.substr(kNext.size()), std::move(values[i]));
    } else if (!isState(name)) {
      results.push_back({name, std::move(values[i]), {}});
    }
  }
  for (Result& result : results) result.tensor = viewOf(library_, result.value.get());
  if (isGood(results, guard)) {
    for (auto& [name, value] : next) state_.keep(name, std::move(value));
  }
  return results;
}

bool Engine::isGood(std::span<const Result> results, const std::string& guard) const {
  const auto found = std::ranges::find(results, guard, &Result::name);
  return found == results.end() || isFinite(found->tensor);
}

std::string Engine::endProfile(const std::string& model) { return sessionOf(model).endProfile(); }

}  // namespace saliencymix::ort
