// SPDX-License-Identifier: Apache-2.0
// Subnormal floating-point numbers taken for zero, as TensorFlow Lite computes.
#pragma once

#include <cstdint>

namespace pipit {

// While one lives, its thread flushes subnormal operands and results to zero. Made and ended by
// calls into another file, which no calculation is moved across.
class FlushSubnormals {
 public:
  FlushSubnormals();
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;
  ~FlushSubnormals();

 private:
  uint64_t before_;
};

}  // namespace pipit
