#include "ort/domain.h"

#include <exception>
#include <limits>

#include "ort/card/operators.h"
#include "ort/card/run.h"
#include "train/levels.h"

namespace saliencymix::ort {

namespace {

const train::TrainLevel& levelInUse() {
  const train::ChosenTrainLevel& chosen = train::chosenTrainLevel();
  if (chosen.level == nullptr) throw Error(chosen.problem);
  return *chosen.level;
}

}  // namespace

const char* levelOfOperators() { return levelInUse().name; }

template <class Work>
raw::Status* Domain::statusOf(const Library& library, const Work& work) {
  try {
    work();
    return nullptr;
  } catch (const std::bad_alloc&) {
    return library.api().CreateStatus(ErrorCode::fail, "there is not enough memory");
  } catch (const std::exception& error) {
    return library.api().CreateStatus(ErrorCode::fail, error.what());
  }
}

Domain::Registered::Registered(const Operator& one, Domain& owner) : definition(one), domain(owner) {
  GetName = [](const CustomOp* op) { return of(op).definition.name; };
  GetExecutionProviderType = [](const CustomOp* op) -> const char* {
    return of(op).domain.cardMemory_ ? cardProvider() : nullptr;  // null: the CPU's
  };
  GetInputTypeCount = [](const CustomOp* op) { return of(op).definition.inputs.size(); };
  GetOutputTypeCount = [](const CustomOp* op) { return of(op).definition.outputs.size(); };
  GetInputType = [](const CustomOp* op, std::size_t i) { return of(op).definition.inputs[i]; };
  GetOutputType = [](const CustomOp* op, std::size_t i) { return of(op).definition.outputs[i]; };
  GetInputCharacteristic = [](const CustomOp* op, std::size_t i) {
    const Operator& self = of(op).definition;
    if (self.variadic && i + 1 == self.inputs.size()) return Characteristic::variadic;
    return i < self.required ? Characteristic::required : Characteristic::optional;
  };
  GetOutputCharacteristic = [](const CustomOp* op, std::size_t i) {
    const Operator& self = of(op).definition;
    if (self.variadic && i + 1 == self.outputs.size()) return Characteristic::variadic;
    return i == 0 ? Characteristic::required : Characteristic::optional;
  };
  GetInputMemoryType = [](const CustomOp*, std::size_t) { return MemoryKind::ordinary; };
  GetVariadicInputMinArity = GetVariadicOutputMinArity = [](const CustomOp*) { return 1; };
  GetVariadicInputHomogeneity = GetVariadicOutputHomogeneity = [](const CustomOp*) { return 1; };
  GetStartVersion = [](const CustomOp*) { return 1; };
  GetEndVersion = [](const CustomOp*) { return std::numeric_limits<int>::max(); };
  CreateKernelV2 = [](const CustomOp* op, const void*, const raw::KernelInfo* info, void** kernel) {
    const Registered& self = of(op);
    const Library& library = self.domain.library_;
    return statusOf(library, [&] {
      *kernel = new Kernel{self.domain, self.definition.make(Attributes(library, info))};
    });
  };
  KernelComputeV2 = [](void* kernel, raw::KernelContext* context) {
    const Kernel& self = *static_cast<Kernel*>(kernel);
    const Library& library = self.domain.library_;
    return statusOf(library, [&] {
      std::optional<CardRun> card;
      if (self.domain.cardMemory_) card.emplace(library, context, self.domain.cardMemory_.get());
      Call call(library, context, self.domain.threads_, self.domain.workspace_, card ? &*card : nullptr);
      self.node->compute(call);
    });
  };
  KernelDestroy = [](void* kernel) { delete static_cast<Kernel*>(kernel); };
}

Domain::Domain(const Library& library, int threads, const std::optional<CardSettings>& card)
    : library_(library), threads_(threads), cardMemory_(card ? cardMemory(library, *card) : nullptr), domain_(library.own<raw::CustomOpDomain>(
                                                library.api().ReleaseCustomOpDomain, [&](raw::CustomOpDomain** made) {
                                                  return library.api().CreateCustomOpDomain(kDomain, made);
                                                })) {
  for (const Operator& one : card ? cardOperators() : operators()) {
    operators_.push_back(std::make_unique<Registered>(one, *this));
    library_.check(library_.api().CustomOpDomain_Add(domain_.get(), operators_.back().get()));
  }
}

void Domain::addTo(raw::SessionOptions* options) const {
  library_.check(library_.api().AddCustomOpDomain(options, domain_.get()));
}

train::TrainRun Call::run(std::size_t workspaceBytes) {
  return {*levelInUse().kernels, threads_, workspace_.take(workspaceBytes)};
}

}  // namespace saliencymix::ort
