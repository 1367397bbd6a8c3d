// The whole test framework: TEST(name) { CHECK(...); CHECK_EQUAL(a, b); } and one main per file.
#pragma once

#include <cstdint>
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

inline int& failures() {
  static int count = 0;
  return count;
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

}  // namespace check

#define TEST(name)                                                 \
  static void name();                                              \
  static const check::Registration register_##name(#name, name);   \
  static void name()
#define CHECK(condition) ((condition) ? void() : check::report(__FILE__, __LINE__, "not true: " #condition))
#define CHECK_EQUAL(a, b) check::equal(__FILE__, __LINE__, #a " == " #b, (a), (b))

int main() {
  for (const auto& [name, body] : check::tests()) {
    const int before = check::failures();
    body();
    std::cout << (check::failures() == before ? "ok   " : "FAIL ") << name << "\n";
  }
  std::cout << check::tests().size() << " tests, " << check::failures() << " failed checks\n";
  return check::failures() == 0 ? 0 : 1;
}
