// SPDX-License-Identifier: Apache-2.0
// The bytes for an input: from a file, or made up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipit/tensor.h"

namespace pipit::tools {

// Raw little-endian bytes, or an array when the name ends in .npy.
std::vector<uint8_t> file_bytes(const std::string& path, const Tensor& tensor);

// The same on every machine for the same seed: floats in [-1, 1), integers of up to 16 bits over
// their whole range, wider ones from 0 to 9 (often they are indices), booleans, short strings.
std::vector<uint8_t> random_bytes(const Tensor& tensor, uint64_t seed);

// Likewise, numbers from `low` to `high`: whole ones but in tensors of floats. Throws
// Failure(kUsage) when the tensor's type cannot hold them.
std::vector<uint8_t> random_between(const Tensor& tensor, int64_t low, int64_t high, uint64_t seed);

}  // namespace pipit::tools
