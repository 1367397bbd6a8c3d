#include "device_train_on_host.h"

#include "device_train_unfold.h"
