// SPDX-License-Identifier: Apache-2.0
// Where the bytes of a model are.
#pragma once

#include <cstddef>

namespace tflite {

class Allocation {
 public:
  Allocation(const void* base, size_t bytes) : base_(base), bytes_(bytes) {}
  const void* base() const { return base_; }
  size_t bytes() const { return bytes_; }
  bool valid() const { return base_ != nullptr; }

 private:
  const void* base_;
  size_t bytes_;
};

}  // namespace tflite
