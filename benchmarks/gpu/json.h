// One JSON object a line, written as soon as it is measured, so that nothing is lost if something fails later.
#pragma once

#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace gpu_bench {

class Json {
 public:
  explicit Json(std::string_view kind) { text("kind", kind); }

  Json& text(std::string_view name, std::string_view value) {
    begin(name);
    line_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') line_ += '\\';
      line_ += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    line_ += '"';
    return *this;
  }
  Json& number(std::string_view name, double value) {
    begin(name);
    line_ += digits(value);
    return *this;
  }
  Json& numbers(std::string_view name, const std::vector<double>& values) {
    begin(name);
    line_ += '[';
    for (const double value : values) {
      if (line_.back() != '[') line_ += ',';
      line_ += digits(value);
    }
    line_ += ']';
    return *this;
  }

  // Flushed, because a borrowed machine may be taken back in the middle of a run.
  void print() const { std::cout << line_ << "}" << std::endl; }

 private:
  void begin(std::string_view name) {
    line_ += line_.empty() ? "{" : ",";
    line_ += '"';
    line_ += name;
    line_ += "\":";
  }
  static std::string digits(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.10g", value);
    return text;
  }

  std::string line_;
};

}  // namespace gpu_bench
