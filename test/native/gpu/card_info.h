// What the CUDA runtime says of the card, for tests and reports.
#pragma once

#include <cstddef>
#include <string>

namespace card_info {

struct Memory {
  std::size_t free;
  std::size_t total;
};
Memory memory();

// One line of JSON: the card's name, and the versions of CUDA that the driver and the program have.
std::string describe();

}  // namespace card_info
