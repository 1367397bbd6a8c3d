// Memory that a backend keeps between calls.
#pragma once

#include <cstddef>

namespace saliencymix {

// Memory in which a backend keeps pixels between calls, so that they need not be copied: a graphics card's own, or ordinary
// memory on the CPU. Shared by all that use it, and freed with the last of them.
class Resident {
 public:
  Resident(const char* owner, std::size_t size) : backend(owner), bytes(size) {}
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;
  virtual ~Resident() = default;

  // Its address, which only the backend that owns it can use.
  virtual std::byte* data() const = 0;

  const char* const backend;  // the name of the backend whose memory this is
  const std::size_t bytes;
};

}  // namespace saliencymix
