// Memory of a backend, lent to another thread of JavaScript: handles stay in the thread that made them, numbers do not.
#pragma once

#include <napi.h>

#include <memory>

#include "core/backend.h"

namespace saliencymix::binding {

// lendResident(handle) -> number of the loan, which is one of the owners of the memory until it ends
Napi::Value lendResident(const Napi::CallbackInfo& info);

// endLoan(number)   may be called again for the same number
Napi::Value endLoan(const Napi::CallbackInfo& info);

// The memory of `from[name]`, the number of a loan.
std::shared_ptr<const Resident> readLoan(const Napi::Object& from, const char* name);

}  // namespace saliencymix::binding
