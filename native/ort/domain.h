// Our operators as ONNX Runtime takes them, for one session.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ort/card/provider.h"
#include "ort/custom_op.h"
#include "ort/operator.h"

namespace saliencymix::ort {

// Name of the level of the operators' code. Throws Error where this build has none that could run here.
const char* levelOfOperators();

// Outlives the session that it is added to. The session's nodes run one after the other, and share a workspace.
class Domain {
 public:
  // The operators of the processor, or those of a graphics card.
  Domain(const Library& library, int threads, const std::optional<CardSettings>& card);
  Domain(const Domain&) = delete;
  Domain& operator=(const Domain&) = delete;

  // Throws Error where this build has no code for the operators' work.
  void addTo(raw::SessionOptions* options) const;

 private:
  // ONNX Runtime sees the base alone, and hands it back.
  struct Registered : CustomOp {
    Registered(const Operator& one, Domain& of);
    const Operator& definition;
    Domain& domain;
  };
  struct Kernel {
    Domain& domain;
    std::unique_ptr<Node> node;
  };

  // What `work` throws, as a status.
  template <class Work>
  static raw::Status* statusOf(const Library& library, const Work& work);
  static const Registered& of(const CustomOp* op) { return static_cast<const Registered&>(*op); }

  const Library& library_;
  int threads_;
  Handle<raw::MemoryInfo> cardMemory_;  // null on the processor
  Workspace workspace_;
  std::vector<std::unique_ptr<Registered>> operators_;
  Handle<raw::CustomOpDomain> domain_;
};

}  // namespace saliencymix::ort
