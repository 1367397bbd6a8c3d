#include "cpu/frequency_tuned_tables.h"

#include <algorithm>
#include <array>

#include "core/saliency/frequency_tuned.h"

namespace saliencymix::cpu {

std::shared_ptr<const void> prepareFrequencyTuned(int, int) {
  const std::array<double, 256> exact = FrequencyTuned::linearOfSrgb();
  const auto linear = std::make_shared<std::array<float, 256>>();
  std::transform(exact.begin(), exact.end(), linear->begin(), [](double value) { return static_cast<float>(value); });
  return {linear, linear->data()};
}

}  // namespace saliencymix::cpu
