#include "core/image_rows.h"

#include <algorithm>

namespace saliencymix {

const std::uint8_t* RowsInMemory::next() {
  const std::size_t at = static_cast<std::size_t>(y_++) * rowBytes();
  if (at + rowBytes() + kSlack <= image_.bytes()) return image_.data + at;
  std::vector<std::uint8_t>& copy = copies_[static_cast<std::size_t>(y_) % kKept];
  copy.resize(rowBytes() + kSlack);
  std::copy_n(image_.data + at, rowBytes(), copy.begin());
  return copy.data();
}

}  // namespace saliencymix
