#include "binding/loans.h"

#include <cstdint>
#include <map>
#include <mutex>

#include "binding/args.h"
#include "binding/resident.h"

namespace saliencymix::binding {

namespace {

class Loans {
 public:
  static Loans& shared() {
    // Never destroyed: what is still lent when the process ends may be in use by another thread.
    static Loans* const loans = std::make_unique<Loans>().release();
    return *loans;
  }

  std::int64_t begin(std::shared_ptr<const Resident> memory) {
    const std::lock_guard lock(mutex_);
    loans_[++last_] = std::move(memory);
    return last_;
  }
  void end(std::int64_t number) {
    const std::lock_guard lock(mutex_);
    loans_.erase(number);
  }
  std::shared_ptr<const Resident> memory(std::int64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = loans_.find(number);
    return found == loans_.end() ? nullptr : found->second;
  }

 private:
  std::mutex mutex_;
  std::int64_t last_ = 0;
  std::map<std::int64_t, std::shared_ptr<const Resident>> loans_;
};

std::int64_t numberOf(const Napi::Value& value) { return value.IsNumber() ? value.As<Napi::Number>().Int64Value() : 0; }

}  // namespace

Napi::Value lendResident(const Napi::CallbackInfo& info) {
  const std::int64_t number = Loans::shared().begin(readWritten(info[0]));
  return Napi::Number::New(info.Env(), static_cast<double>(number));
}

Napi::Value endLoan(const Napi::CallbackInfo& info) {
  Loans::shared().end(numberOf(info[0]));
  return info.Env().Undefined();
}

std::shared_ptr<const Resident> readLoan(const Napi::Object& from, const char* name) {
  std::shared_ptr<const Resident> memory = Loans::shared().memory(numberOf(from.Get(name)));
  if (memory == nullptr) throw badArgument(from.Env(), name, "the number of a loan that has not ended");
  return memory;
}

}  // namespace saliencymix::binding
