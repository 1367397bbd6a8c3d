// The whole test framework: TEST(name) { CHECK(...); CHECK_EQUAL(a, b); } and one main per file. Arguments of the program
// are the names of the tests to run, all unless given, and --quick where a test has less to do, as SALIENCYMIX_QUICK_TESTS=1
// has it of all programs.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace check {

inline std::vector<std::pair<std::string, std::function<void()>>>& tests() {
  static std::vector<std::pair<std::string, std::function<void()>>> all;
  return all;
}

// Tests may check on several threads.
inline std::atomic<int>& failures() {
  static std::atomic<int> count = 0;
  return count;
}

inline bool& quick() {
  static bool wanted = false;
  return wanted;
}

// Tells why no test of this program can run here; gives an empty string where they can.
inline std::function<std::string()>& obstacle() {
  static std::function<std::string()> none = [] { return std::string(); };
  return none;
}

struct Registration {
  Registration(const char* name, std::function<void()> body) { tests().emplace_back(name, std::move(body)); }
};

inline void report(const char* file, int line, const std::string& what) {
  failures()++;
  std::cerr << file << ":" << line << ": " << what << "\n";
}

template <class A, class B>
void equal(const char* file, int line, const char* text, const A& a, const B& b) {
  if (a == b) return;
  std::cerr << file << ":" << line << ": " << text << ": " << +a << " is not " << +b << "\n";
  failures()++;
}

// Numbers for tests: the same on every machine (splitmix64). Not the package's generator.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  std::vector<std::uint8_t> bytes(std::size_t size) {
    std::vector<std::uint8_t> result(size);
    for (std::uint8_t& value : result) value = static_cast<std::uint8_t>(next());
    return result;
  }

 private:
  std::uint64_t state_;
};

inline void run(const std::string& name, const std::function<void()>& body) {
  const int before = failures();
  const auto start = std::chrono::steady_clock::now();
  try {
    body();
  } catch (const std::exception& error) {
    failures()++;
    std::cerr << name << " threw: " << error.what() << "\n";
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%s %s (%.1f s)\n", failures() == before ? "ok  " : "FAIL", name.c_str(), seconds);
  std::fflush(stdout);
}

// The tests of these names; all where there are none.
inline int runThose(const std::vector<std::string>& names) {
  const auto wanted = [&](const std::string& name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  std::size_t done = 0;
  for (const auto& [name, body] : tests()) {
    if (!wanted(name)) continue;
    run(name, body);
    done++;
  }
  if (!names.empty() && done != names.size()) report(__FILE__, __LINE__, "a test of that name is not there");
  std::cout << done << " tests, " << failures() << " failed checks\n";
  return failures() == 0 ? 0 : 1;
}

}  // namespace check

#define TEST(name)                                                      \
  static void test_##name();                                            \
  static const check::Registration register_##name(#name, test_##name); \
  static void test_##name()
#define CHECK(condition) ((condition) ? void() : check::report(__FILE__, __LINE__, "not true: " #condition))
#define CHECK_EQUAL(a, b) check::equal(__FILE__, __LINE__, #a " == " #b, (a), (b))

int main(int argc, char** argv) {
  std::vector<std::string> names(argv + 1, argv + argc);
  check::quick() = std::erase(names, "--quick") > 0 || std::getenv("SALIENCYMIX_QUICK_TESTS") != nullptr;
  if (const std::string why = check::obstacle()(); !why.empty()) {
    std::cerr << why << "\n";
    return 2;
  }
  return check::runThose(names);
}
