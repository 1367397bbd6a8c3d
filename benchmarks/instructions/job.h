// One thing whose instructions are counted.
#pragma once

#include <functional>
#include <string>

struct Job {
  std::string name;
  int pixels;  // of all images; each counts once, whatever channels it has
  std::function<void()> run;
};
