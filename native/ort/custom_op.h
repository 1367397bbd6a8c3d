// How ONNX Runtime is told of operators of our own (onnxruntime_c_api.h, struct OrtCustomOp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "ort/api.h"

namespace saliencymix::ort {

enum class Characteristic : int { required, optional, variadic };

// A version and functions, in this order. Those that are null need not be there.
struct CustomOp {
  std::uint32_t version = kApiVersion;
  void* (*CreateKernel)(const CustomOp*, const void* api, const raw::KernelInfo*) = nullptr;
  const char* (*GetName)(const CustomOp*) = nullptr;
  const char* (*GetExecutionProviderType)(const CustomOp*) = nullptr;
  Element (*GetInputType)(const CustomOp*, std::size_t) = nullptr;
  std::size_t (*GetInputTypeCount)(const CustomOp*) = nullptr;
  Element (*GetOutputType)(const CustomOp*, std::size_t) = nullptr;
  std::size_t (*GetOutputTypeCount)(const CustomOp*) = nullptr;
  void (*KernelCompute)(void* kernel, raw::KernelContext*) = nullptr;
  void (*KernelDestroy)(void* kernel) = nullptr;
  Characteristic (*GetInputCharacteristic)(const CustomOp*, std::size_t) = nullptr;
  Characteristic (*GetOutputCharacteristic)(const CustomOp*, std::size_t) = nullptr;
  MemoryKind (*GetInputMemoryType)(const CustomOp*, std::size_t) = nullptr;
  int (*GetVariadicInputMinArity)(const CustomOp*) = nullptr;
  int (*GetVariadicInputHomogeneity)(const CustomOp*) = nullptr;
  int (*GetVariadicOutputMinArity)(const CustomOp*) = nullptr;
  int (*GetVariadicOutputHomogeneity)(const CustomOp*) = nullptr;
  raw::Status* (*CreateKernelV2)(const CustomOp*, const void* api, const raw::KernelInfo*, void** kernel) = nullptr;
  raw::Status* (*KernelComputeV2)(void* kernel, raw::KernelContext*) = nullptr;
  raw::Status* (*InferOutputShapeFn)(const CustomOp*, void* context) = nullptr;
  int (*GetStartVersion)(const CustomOp*) = nullptr;
  int (*GetEndVersion)(const CustomOp*) = nullptr;
  std::size_t (*GetMayInplace)(int** inputs, int** outputs) = nullptr;
  void (*ReleaseMayInplace)(int* inputs, int* outputs) = nullptr;
  std::size_t (*GetAliasMap)(int** inputs, int** outputs) = nullptr;
  void (*ReleaseAliasMap)(int* inputs, int* outputs) = nullptr;
};

}  // namespace saliencymix::ort
