// Memory for results: blocks that come back when JavaScript has let go of them.
#pragma once

#include <napi.h>

namespace saliencymix::binding {

// Takes a number of bytes and gives an ArrayBuffer of that size over a block of native memory, its content left over from
// earlier results: the caller has to write every byte. The block comes back when the buffer is garbage, for the next result.
// Gives undefined where the runtime allows no buffers over native memory (Electron), or no memory is left.
Napi::Value newBlock(const Napi::CallbackInfo& info);

// Takes a typed array that nobody has written to yet and asks for large pages under it (memory/large_pages.h).
Napi::Value preferLargePages(const Napi::CallbackInfo& info);

// Frees the blocks that no buffer lies over.
void releaseKeptBlocks();

}  // namespace saliencymix::binding
