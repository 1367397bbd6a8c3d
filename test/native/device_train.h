// What the tests of the training operators of native/cuda share, on whatever runs the kernels: the host
// (device_train_on_host.h), or a card (gpu/train_card.h). A program of tests includes one of these, which define machine().
#pragma once

#include <vector>

#include "device_machine.h"
#include "train_checks.h"

namespace device_train {

using namespace train_checks;
using saliencymix::cuda::Planes;
using saliencymix::cuda::Workspace;

inline Machine& machine();
inline TrainOperators& operators() { return machine().operators(); }

// Arrays on the device, for one check at a time. `shift`: so many floats behind a multiple of 16 bytes.
class Arrays {
 public:
  explicit Arrays(int shift = 0) : shift_(static_cast<std::size_t>(shift)) {}
  Arrays(const Arrays&) = delete;
  Arrays& operator=(const Arrays&) = delete;
  ~Arrays() { machine().release(); }

  template <class T>
  T* room(std::size_t count) {
    return reinterpret_cast<T*>(machine().allocate(shift_ * sizeof(float) + count * sizeof(T)) + shift_ * sizeof(float));
  }
  float* room(std::size_t count) { return room<float>(count); }
  template <class T>
  T* up(const std::vector<T>& values) {
    T* const there = room<T>(values.size());
    machine().copyUp(there, values.data(), values.size() * sizeof(T));
    return there;
  }
  Workspace workspace(std::size_t bytes) { return {machine().allocate(bytes), bytes}; }

 private:
  std::size_t shift_;
};

template <class T>
std::vector<T> down(const T* from, std::size_t count) {
  std::vector<T> values(count);
  machine().copyDown(values.data(), from, count * sizeof(T));
  return values;
}

// Checks that compute(arrays) gives the same bits each time, whatever the order of blocks and threads; gives them.
template <class Compute>
std::vector<float> inAnyOrder(const Compute& compute, int shift = 0) {
  Arrays first(shift);
  const std::vector<float> found = compute(first);
  for (int again = 0; again < 2; again++) {
    Arrays arrays(shift);
    CHECK(sameBits(compute(arrays), found));
  }
  return found;
}

// N×C×H×W as the references have it, channels last.
template <class T>
std::vector<T> channelsLast(const std::vector<T>& values, const Planes& shape) {
  const std::size_t channels = static_cast<std::size_t>(shape.channels), pixels = static_cast<std::size_t>(shape.pixels);
  std::vector<T> result(values.size());
  for (std::size_t i = 0; i < values.size(); i++) {
    const std::size_t plane = i / pixels;
    result[(plane / channels * pixels + i % pixels) * channels + plane % channels] = values[i];
  }
  return result;
}

}  // namespace device_train
