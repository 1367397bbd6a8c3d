// A card for the tests of the training operators.
#pragma once

#include "device_machine.h"

namespace device_train {

// The card's first stream of this program, made when it is first asked for.
Machine& cardMachine();

}  // namespace device_train
