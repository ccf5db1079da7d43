// SPDX-License-Identifier: Apache-2.0
// Compares a tensor with the bytes it should hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipit/tensor.h"

namespace pipit::test {

struct Difference {
  bool equal = true;  // every element within the tolerance
  bool exact = true;  // every element equal (floats: equal or both NaN)
  std::string text;   // when not equal: what differs
};

// `want` holds elements of the tensor's type and shape as the file format packs them.
Difference compare(const Tensor& got, const std::vector<uint8_t>& want, double tolerance);

std::string shape_text(const Shape& shape);

}  // namespace pipit::test
