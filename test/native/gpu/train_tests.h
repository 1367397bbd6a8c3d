// The tests of the training operators, on the card.
#pragma once

#include "device_train.h"
#include "train_card.h"

namespace device_train {

inline Machine& machine() { return cardMachine(); }

}  // namespace device_train

#include "device_train_batch_norm.h"
#include "device_train_batch_norm_cases.h"
#include "device_train_losses.h"
#include "device_train_pooling.h"
#include "device_train_unfold.h"
#include "device_train_update.h"
