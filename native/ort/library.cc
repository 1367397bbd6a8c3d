#include "ort/library.h"

#include <charconv>
#include <map>
#include <mutex>
#include <string_view>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "ort/paths.h"

namespace saliencymix::ort {

namespace {

using GetApiBase = const ApiBase* (*)();

#ifdef _WIN32

// By its full path: the system folder has an onnxruntime.dll of its own.
GetApiBase findEntry(const std::string& path) {
  const std::wstring wide = pathOf(path);
  HMODULE module = GetModuleHandleW(wide.c_str());
  if (module == nullptr) module = LoadLibraryExW(wide.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
  if (module == nullptr) throw Error(path + " cannot be loaded (error " + std::to_string(GetLastError()) + " of Windows)");
  return reinterpret_cast<GetApiBase>(reinterpret_cast<void*>(GetProcAddress(module, "OrtGetApiBase")));
}

#else

GetApiBase findEntry(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw Error(std::string("it cannot be loaded: ") + dlerror());
  return reinterpret_cast<GetApiBase>(dlsym(library, "OrtGetApiBase"));
}

#endif

const ApiBase& baseOf(const std::string& path) {
  const GetApiBase entry = findEntry(path);
  if (entry == nullptr) throw Error(path + " is not ONNX Runtime: it does not export OrtGetApiBase");
  return *entry();
}

// "1.30.0" gives 30: the number that GetApi takes. 0 where this cannot be read, or where the first number is not 1.
std::uint32_t minorOf(std::string_view version) {
  if (!version.starts_with("1.")) return 0;
  std::uint32_t minor = 0;
  const std::string_view rest = version.substr(2);
  std::from_chars(rest.data(), rest.data() + rest.size(), minor);
  return minor;
}

void* const* tableOf(const ApiBase& base) {
  const std::string version = base.GetVersionString();
  // Asked for a version that it does not have, the library would print an error.
  void* const* table = minorOf(version) < kApiVersion ? nullptr : base.GetApi(kApiVersion);
  if (table != nullptr) return table;
  throw Error("it is version " + version + "; 1." + std::to_string(kApiVersion) + " or a later 1.x is needed");
}

}  // namespace

const Library& Library::open(const std::string& path) {
  static std::mutex mutex;
  // Never freed: at the end of the process the library may be gone before us.
  static auto& opened = *new std::map<std::string, const Library*>();
  const std::lock_guard lock(mutex);
  const Library*& library = opened[path];
  if (library == nullptr) library = new Library(path);
  return *library;
}

Library::Library(const std::string& path)
    : version_(baseOf(path).GetVersionString()), api_(tableOf(baseOf(path))) {
  // What goes wrong is thrown; the library would print it as well.
  env_ = own<raw::Env>(api_.ReleaseEnv, [&](raw::Env** made) { return api_.CreateEnv(LogLevel::fatal, "saliencymix", made); });
  check(api_.DisableTelemetryEvents(env()));
  cpuMemory_ = own<raw::MemoryInfo>(api_.ReleaseMemoryInfo, [&](raw::MemoryInfo** made) {
    return api_.CreateCpuMemoryInfo(AllocatorKind::device, MemoryKind::ordinary, made);
  });
  check(api_.GetAllocatorWithDefaultOptions(&allocator_));
}

std::vector<std::string> Library::providers() const {
  char** names = nullptr;
  int count = 0;
  check(api_.GetAvailableProviders(&names, &count));
  std::vector<std::string> found(names, names + count);
  check(api_.ReleaseAvailableProviders(names, count));
  return found;
}

void Library::check(raw::Status* status) const {
  if (status == nullptr) return;
  const Handle<raw::Status> owned(status, {api_.ReleaseStatus});
  throw Error(api_.GetErrorMessage(status));
}

std::string Library::take(char* text) const {
  std::string copy = text;
  check(api_.AllocatorFree(allocator_, text));
  return copy;
}

}  // namespace saliencymix::ort
