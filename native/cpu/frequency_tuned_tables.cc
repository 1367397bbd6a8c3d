#include "cpu/frequency_tuned_tables.h"

#include "core/saliency/linear_of_srgb.h"

namespace saliencymix::cpu {

std::shared_ptr<const void> prepareFrequencyTuned(int, int) { return std::make_shared<const LinearOfSrgb>(); }

}  // namespace saliencymix::cpu
