#include "ort/session.h"

#include "ort/paths.h"

namespace saliencymix::ort {

namespace {

Handle<raw::SessionOptions> optionsOf(const Library& library, const SessionSettings& settings, const Domain& domain) {
  const Api& api = library.api();
  auto options = library.own<raw::SessionOptions>(
      api.ReleaseSessionOptions, [&](raw::SessionOptions** made) { return api.CreateSessionOptions(made); });
  library.check(api.SetIntraOpNumThreads(options.get(), settings.threads));
  library.check(api.SetInterOpNumThreads(options.get(), 1));
  library.check(api.SetSessionGraphOptimizationLevel(options.get(), Optimization::all));
  // Takes 25 to 33 % less memory at its peak, and is as fast.
  library.check(api.DisableMemPattern(options.get()));
  // Its threads have little to do here: our operators, which do nearly everything, have threads of their own, and those that
  // stay awake for more work would take processors from them.
  library.check(api.AddSessionConfigEntry(options.get(), "session.intra_op.allow_spinning", "0"));
  library.check(api.SetSessionLogSeverityLevel(options.get(), static_cast<int>(LogLevel::fatal)));
  domain.addTo(options.get());
  if (settings.card) appendCard(library, options.get(), *settings.card);
  if (!settings.profile.empty()) {
    library.check(api.EnableProfiling(options.get(), pathOf(settings.profile).c_str()));
  }
  return options;
}

// Element and shape of an input or output; undefined where it is no tensor.
Port portOf(const Library& library, std::string name, const raw::TypeInfo* type) {
  const Api& api = library.api();
  Port port{std::move(name), Element::undefined, {}};
  ValueKind kind = ValueKind::unknown;
  library.check(api.GetOnnxTypeFromTypeInfo(type, &kind));
  if (kind != ValueKind::tensor) return port;
  const raw::TensorInfo* info = nullptr;  // a part of `type`
  library.check(api.CastTypeInfoToTensorInfo(type, &info));
  library.check(api.GetTensorElementType(info, &port.element));
  std::size_t rank = 0;
  library.check(api.GetDimensionsCount(info, &rank));
  port.shape.resize(rank);
  library.check(api.GetDimensions(info, port.shape.data(), rank));
  return port;
}

}  // namespace

Session::Session(const Library& library, std::span<const std::byte> model, const SessionSettings& settings)
    : library_(library),
      settings_(settings),
      domain_(std::make_unique<const Domain>(library, settings.threads, settings.card)),
      model_(model.begin(), model.end()),
      card_(settings.card ? cardMemory(library, *settings.card) : nullptr) {
  compile();
  describe();
}

Session::Session(const Library& library, const std::string& path, const SessionSettings& settings)
    : library_(library),
      settings_(settings),
      domain_(std::make_unique<const Domain>(library, settings.threads, settings.card)),
      path_(path),
      card_(settings.card ? cardMemory(library, *settings.card) : nullptr) {
  compile();
  describe();
}

void Session::compile() {
  const Api& api = library_.api();
  const auto options = optionsOf(library_, settings_, *domain_);
  session_ = library_.own<raw::Session>(api.ReleaseSession, [&](raw::Session** made) {
    if (!path_.empty()) return api.CreateSession(library_.env(), pathOf(path_).c_str(), options.get(), made);
    return api.CreateSessionFromArray(library_.env(), model_.data(), model_.size(), options.get(), made);
  });
}

void Session::describe() {
  const Api& api = library_.api();
  const raw::Session* session = session_.get();
  const auto ports = [&](auto countOfPorts, auto nameOf, auto typeOf) {
    std::size_t count = 0;
    library_.check(countOfPorts(session, &count));
    std::vector<Port> found;
    for (std::size_t i = 0; i < count; i++) {
      char* name = nullptr;
      library_.check(nameOf(session, i, library_.allocator(), &name));
      std::string kept = library_.take(name);
      const auto type = library_.own<raw::TypeInfo>(
          api.ReleaseTypeInfo, [&](raw::TypeInfo** made) { return typeOf(session, i, made); });
      found.push_back(portOf(library_, std::move(kept), type.get()));
    }
    return found;
  };
  inputs_ = ports(api.SessionGetInputCount, api.SessionGetInputName, api.SessionGetInputTypeInfo);
  outputs_ = ports(api.SessionGetOutputCount, api.SessionGetOutputName, api.SessionGetOutputTypeInfo);
}

void Session::run(std::span<const raw::Value* const> inputs, std::span<const std::size_t> wanted,
                  std::span<raw::Value*> outputs) {
  if (!session_) compile();
  std::vector<const char*> given;
  for (const Port& input : inputs_) given.push_back(input.name.c_str());
  std::vector<const char*> asked;
  for (const std::size_t output : wanted) asked.push_back(outputs_[output].name.c_str());
  raw::Status* const status = library_.api().Run(session_.get(), nullptr, given.data(), inputs.data(), inputs.size(),
                                                 asked.data(), asked.size(), outputs.data());
  checkRun(status);
}

void Session::checkRun(raw::Status* status) {
  // A run for which there is too little memory has taken nearly all there is. A profile would end with the session.
  if (status != nullptr && settings_.profile.empty()) session_.reset();
  library_.check(status);
}

std::vector<Handle<raw::Value>> Session::runOnCard(std::span<const raw::Value* const> inputs,
                                                   std::span<const CardOutput> wanted) {
  if (!session_) compile();
  const Api& api = library_.api();
  const auto binding = library_.own<raw::IoBinding>(
      api.ReleaseIoBinding, [&](raw::IoBinding** made) { return api.CreateIoBinding(session_.get(), made); });
  for (std::size_t i = 0; i < inputs.size(); i++) {
    library_.check(api.BindInput(binding.get(), inputs_[i].name.c_str(), inputs[i]));
  }
  for (const CardOutput& one : wanted) {
    const char* const name = outputs_[one.output].name.c_str();
    library_.check(one.over != nullptr
                       ? api.BindOutput(binding.get(), name, one.over)
                       : api.BindOutputToDevice(binding.get(), name, one.stays ? memory() : library_.cpuMemory()));
  }
  checkRun(api.RunWithBinding(session_.get(), nullptr, binding.get()));
  raw::Value** values = nullptr;
  std::size_t count = 0;
  library_.check(api.GetBoundOutputValues(binding.get(), library_.allocator(), &values, &count));
  std::vector<Handle<raw::Value>> results;
  for (std::size_t i = 0; i < count; i++) {
    Handle<raw::Value> value(values[i], {api.ReleaseValue});
    results.push_back(wanted[i].over != nullptr ? Handle<raw::Value>{} : std::move(value));
  }
  library_.check(api.AllocatorFree(library_.allocator(), values));
  return results;
}

std::string Session::endProfile() {
  char* path = nullptr;
  library_.check(library_.api().SessionEndProfiling(session_.get(), library_.allocator(), &path));
  return library_.take(path);
}

}  // namespace saliencymix::ort
