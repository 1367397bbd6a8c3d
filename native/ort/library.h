// ONNX Runtime as a library of the process: found, its version checked, and its functions called with errors as exceptions.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ort/api.h"

namespace saliencymix::ort {

// What ONNX Runtime refused, in its own words, or why it cannot be used at all.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Gives an object of the library back to it.
template <class T>
struct Release {
  void (*release)(T*) = nullptr;
  void operator()(T* object) const { release(object); }
};
template <class T>
using Handle = std::unique_ptr<T, Release<T>>;

class Library {
 public:
  // The library at this full path: the copy that the process has loaded already, if it has, else it is loaded. It stays until
  // the process ends, and opening it again gives the same one. Throws Error where it cannot be loaded, or is older than 1.22.
  static const Library& open(const std::string& path);

  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const Api& api() const { return api_; }
  const std::string& version() const { return version_; }
  const raw::Env* env() const { return env_.get(); }
  const raw::MemoryInfo* cpuMemory() const { return cpuMemory_.get(); }

  // The names of the execution providers that this build of the library knows, such as CPUExecutionProvider.
  std::vector<std::string> providers() const;

  // Throws Error with the message of a status that says that something failed.
  void check(raw::Status* status) const;

  // What `make` stores in the pointer it is given. `release` gives it back.
  template <class T, class Make>
  Handle<T> own(void (*release)(T*), const Make& make) const {
    T* made = nullptr;
    check(make(&made));
    return Handle<T>(made, {release});
  }

  // A text that the library allocated, which is given back to it.
  std::string take(char* text) const;

  raw::Allocator* allocator() const { return allocator_; }

 private:
  explicit Library(const std::string& path);

  std::string version_;
  Api api_;
  Handle<raw::Env> env_;
  Handle<raw::MemoryInfo> cpuMemory_;
  raw::Allocator* allocator_ = nullptr;
};

}  // namespace saliencymix::ort
