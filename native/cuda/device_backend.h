// The backend of a device of any kind: each call borrows a queue and runs on it (device_call.h). A Device gives
//   name(), description(), level(), unavailable()
//   borrow(threads)     a queue for this call alone, given back when it goes out of scope. Waits while all are in use
//   allocate(bytes)     a Resident
//   releaseKept()       frees what queues keep
#pragma once

#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/backend.h"
#include "cuda/device_call.h"
#include "cuda/methods.h"

namespace saliencymix::cuda {

template <class Device>
class DeviceBackend final : public Backend {
 public:
  explicit DeviceBackend(Device& device) : device_(device) {}

  const char* name() const override { return device_.name(); }
  const char* description() const override { return device_.description(); }
  std::string unavailable() const override { return device_.unavailable(); }
  // Only the methods that have kernels; all kinds of mixing and all number types.
  bool supports(const Needs& needs) const override {
    return needs.method == nullptr || DeviceMethods::has(needs.method->name);
  }
  const char* level() const override { return device_.level(); }
  std::vector<std::string> levels() const override {
    return device_.unavailable().empty() ? std::vector<std::string>{device_.level()} : std::vector<std::string>{};
  }
  bool isRemote() const override { return true; }

  void saliency(const SaliencyJob& job, const Run& run) const override {
    onQueue(job.batch.view, run, [&](auto& call) { call.saliency(job); });
  }
  void mix(const MixJob& job, const Run& run) const override {
    onQueue(job.batch.view, run, [&](auto& call) { call.mix(job); });
  }
  void mixLabelMaps(const NhwcBatch<std::int32_t>& maps, std::span<const MixSample> samples, std::int32_t* out,
                    const Run& run) const override {
    onQueue({nullptr, maps.count, maps.height, maps.width, 4}, run, [&](auto& call) { call.mixLabelMaps(maps, samples, out); });
  }
  void cropFlip(const BatchSource& batch, std::span<const CropFlip> draws, const Destination& out,
                const Run& run) const override {
    onQueue(batch.view, run, [&](auto& call) { call.cropFlip(batch, draws, out); });
  }
  void applyOperations(const OperationsJob& job, const Run& run) const override {
    onQueue(job.batch.view, run, [&](auto& call) { call.applyOperations(job); });
  }

  std::unique_ptr<Resident> allocate(std::size_t bytes) const override { return device_.allocate(bytes); }
  void upload(const void* from, Resident& to, const Run& run) const override {
    auto queue = device_.borrow(run.threads);
    queue->upload(to.data(), from, to.bytes);
    queue->wait();
  }
  void download(const Resident& from, void* to, const Run& run) const override {
    auto queue = device_.borrow(run.threads);
    queue->download(to, from.data(), from.bytes, queue->recordEvent());
    queue->wait();
  }
  void releaseKept() const override { device_.releaseKept(); }

 private:
  // The kernels hold positions within an image in 32 bits.
  template <class Go>
  void onQueue(const BatchView& view, const Run& run, const Go& go) const {
    if (view.image(0).bytes() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max() / 2)) {
      throw std::runtime_error("the cuda backend takes images of up to 1 GiB; use backend \"cpu\"");
    }
    run.throwIfCancelled();
    auto queue = device_.borrow(run.threads);
    DeviceCall call(*queue, run);
    go(call);
    queue->wait();
    run.throwIfCancelled();
  }

  Device& device_;
};

}  // namespace saliencymix::cuda
