// Paths as the system takes them: UTF-16 on Windows, else bytes.
#pragma once

#include <string>

#include "ort/api.h"

#ifdef _WIN32
#include <windows.h>
#endif

namespace saliencymix::ort {

using Path = std::basic_string<PathChar>;

// `path` is UTF-8.
inline Path pathOf(const std::string& path) {
#ifdef _WIN32
  const int size = static_cast<int>(path.size());
  Path wide(static_cast<std::size_t>(MultiByteToWideChar(CP_UTF8, 0, path.data(), size, nullptr, 0)), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, path.data(), size, wide.data(), static_cast<int>(wide.size()));
  return wide;
#else
  return path;
#endif
}

}  // namespace saliencymix::ort
