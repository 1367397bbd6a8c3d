// The part of ONNX Runtime's C API that is used here, declared by ourselves: the npm package brings the library without its
// header. A table of functions that only grows at its end, so a function's place in it is the same in every release that has
// it (onnxruntime_c_api.h, struct OrtApi). Those below are in version 1.22 and later.
#pragma once

#include <cstddef>
#include <cstdint>

namespace saliencymix::ort {

// Objects of the library, known by their addresses.
namespace raw {
struct Allocator;
struct CudaOptions;
struct CustomOpDomain;
struct Env;
struct IoBinding;
struct KernelContext;
struct KernelInfo;
struct MemoryInfo;
struct RunOptions;
struct Session;
struct SessionOptions;
struct Status;
struct TensorInfo;
struct TypeInfo;
struct Value;
}  // namespace raw
struct CustomOp;  // custom_op.h

enum class LogLevel : int { verbose, info, warning, error, fatal };
enum class Optimization : int { none = 0, all = 99 };
enum class AllocatorKind : int { device = 0, arena = 1 };
enum class MemoryKind : int { ordinary = 0 };
enum class ValueKind : int { unknown, tensor };
enum class ErrorCode : int { fail = 1 };
// Of a tensor's elements; the numbers are those of ONNX.
enum class Element : int {
  undefined, float32, uint8, int8, uint16, int16, int32, int64, string, boolean, float16, float64, uint32, uint64
};

#ifdef _WIN32
using PathChar = wchar_t;
#else
using PathChar = char;
#endif

// The functions, each a member of its name.
struct Api {
  explicit Api(void* const* functions)
      : table(functions)
#define ORT_FUNCTION(place, name, result, ...) , name(reinterpret_cast<result (*)(__VA_ARGS__)>(functions[place]))
#include "ort/functions.def"
#undef ORT_FUNCTION
  {}

  void* const* const table;

#define ORT_FUNCTION(place, name, result, ...) result (*const name)(__VA_ARGS__);
#include "ort/functions.def"
#undef ORT_FUNCTION
};

// What the library's only exported function gives.
struct ApiBase {
  void* const* (*GetApi)(std::uint32_t version);
  const char* (*GetVersionString)();
};

// GetApi is asked for this version: 1.22 has all functions above.
inline constexpr std::uint32_t kApiVersion = 22;

}  // namespace saliencymix::ort
