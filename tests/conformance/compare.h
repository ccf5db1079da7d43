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

// A number made of `before` and of the tensor's bits. All that is not a number counts as one, and
// subnormal float32 numbers as zeros: these may differ between machines.
uint64_t fingerprint(const Tensor& t, uint64_t before);

std::string shape_text(const Shape& shape);

}  // namespace pipit::test
