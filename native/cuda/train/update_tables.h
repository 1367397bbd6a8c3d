// The tables of tensors that the optimizers' kernels take, filled.
#pragma once

#include <span>
#include <stdexcept>
#include <vector>

#include "cuda/train/checks.h"
#include "cuda/train/update.h"

namespace saliencymix::cuda {

// A place in a table that has room, the last or a new one. Tensors without values take none.
template <class Table, class Tensor>
void addTo(std::vector<Table>& tables, std::size_t size, Tensor tensor) {
  if (size == 0) return;
  if (size > kMostValues) throw std::length_error("a tensor of 8 GiB or more is too large for a graphics card");
  if (tables.empty() || tables.back().full()) tables.emplace_back();
  tensor.size = static_cast<std::uint32_t>(size);
  tables.back().add(tensor);
}

inline std::vector<CheckedTable> tablesOf(std::span<const train::Checked> checked) {
  std::vector<CheckedTable> tables;
  for (const train::Checked& one : checked) addTo(tables, one.size, CheckedTensor{one.values, 0, 0});
  return tables;
}

// Of which the optimizer keeps the first `needed` tensors. Throws std::invalid_argument where one is missing.
template <class Step>
std::vector<UpdatedTable<Step>> tablesOf(std::span<const DeviceUpdated> parameters, int needed) {
  std::vector<UpdatedTable<Step>> tables;
  for (const DeviceUpdated& one : parameters) {
    UpdatedTensor<Step::kKept> tensor{one.weight, one.gradient, {}, one.nextWeight, {}, 0, 0};
    for (int k = 0; k < needed; k++) {
      if (one.size > 0 && (one.kept[k] == nullptr || one.nextKept[k] == nullptr)) {
        throw std::invalid_argument("what an optimizer keeps of a parameter is missing");
      }
      tensor.keptBefore[k] = one.kept[k];
      tensor.nextKept[k] = one.nextKept[k];
    }
    addTo(tables, one.size, tensor);
  }
  return tables;
}

}  // namespace saliencymix::cuda
