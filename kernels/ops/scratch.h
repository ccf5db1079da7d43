// SPDX-License-Identifier: Apache-2.0
// Several arrays in one step's scratch memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/op.h"

namespace pipit {

// Hands out byte offsets, aligned for any type. What does not fit an address ends in a size that no
// arena has.
class ScratchLayout {
 public:
  size_t add(int64_t elements, size_t element_size) {
    const uint64_t at = size_;
    const uint64_t bytes = static_cast<uint64_t>(elements) * element_size;
    size_ = bytes > kMost - at ? kMost : (at + bytes + 15) & ~uint64_t{15};
    return static_cast<size_t>(at);
  }
  size_t size() const { return static_cast<size_t>(size_); }

 private:
  static constexpr uint64_t kMost = SIZE_MAX / 4 & ~uint64_t{15};
  uint64_t size_ = 0;
};

template <class T>
T* scratch_at(uint8_t* scratch, size_t offset) {
  return reinterpret_cast<T*>(scratch + offset);
}

template <class T>
T* scratch_at(const Step& s, size_t offset) {
  return reinterpret_cast<T*>(s.scratch + offset);
}

}  // namespace pipit
