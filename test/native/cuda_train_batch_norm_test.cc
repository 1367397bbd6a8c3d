#include "device_train_on_host.h"

#include "device_train_batch_norm.h"
#include "device_train_batch_norm_cases.h"
