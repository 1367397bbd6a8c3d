#include "backends.h"

#include <array>
#include <utility>

#include "core/framing.h"
#include "cpu/backend.h"
#include "cpu/levels.h"
#include "cpu/resize_crop.h"
#include "cuda/backend.h"

namespace saliencymix {

std::span<const Backend* const> backends() {
  // A new backend: its folder, and one line here.
  static const std::array<const Backend*, 2> all = {
      &cudaBackend(),
      &cpuBackend(),
  };
  return all;
}

const Backend* findBackend(std::string_view name) {
  for (const Backend* backend : backends()) {
    if (name == backend->name()) return backend;
  }
  return nullptr;
}

std::vector<std::string_view> lackedBy(const Backend& backend) {
  constexpr std::pair<std::string_view, Dtype> kDtypes[] = {
      {"uint8", Dtype::uint8}, {"float32", Dtype::float32}, {"float16", Dtype::float16}};
  std::vector<std::string_view> lacked;
  const auto ask = [&](std::string_view name, const Needs& needs) {
    if (!backend.supports(needs)) lacked.push_back(name);
  };
  for (const SaliencyMethod& method : kSaliencyMethods) ask(method.name, {&method, {}, {}});
  for (std::size_t kind = 0; kind < kMixKindNames.size(); kind++) {
    ask(kMixKindNames[kind], {nullptr, static_cast<MixKind>(kind), {}});
  }
  for (const auto& [name, dtype] : kDtypes) ask(name, {nullptr, {}, dtype});
  return lacked;
}

void drawSamplesOnCpu(const RandomRun& run, std::size_t count, std::uint32_t* words) {
  cpu::chosenLevel().level->kernels->drawSamples(run, count, words);
}

void showFramedOnCpu(ImageRows& image, const Framing& framing, int height, int width, std::uint8_t* out) {
  showFramed(image, framing, height, width, cpu::resizeCrop, out);
}

}  // namespace saliencymix
