// ONNX Runtime's provider for graphics cards. (Tests have another one in its place, of the same functions: the processor, test/
// native/host_card.)
#pragma once

#include "ort/library.h"

namespace saliencymix::ort {

// A graphics card, by CUDA.
struct CardSettings {
  int device;
  // Factors of products with ten bits after the first, which is faster.
  bool tf32;
};

// Whose memory tensors are in: the names of the backends of this package.
inline constexpr const char* kCardBackend = "cuda";
inline constexpr const char* kProcessorBackend = "cpu";

// What the provider calls itself, in the operators that it is to take.
const char* cardProvider();

// Adds it to a session, all of whose nodes it then must take.
void appendCard(const Library& library, raw::SessionOptions* options, const CardSettings& card);

// The card's memory.
Handle<raw::MemoryInfo> cardMemory(const Library& library, const CardSettings& card);

}  // namespace saliencymix::ort
