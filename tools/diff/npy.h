// SPDX-License-Identifier: Apache-2.0
// Arrays as numpy.save writes them (.npy).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipit/tensor.h"

namespace pipit::tools {

// The longest header that is read; those of plain arrays have 128 bytes.
constexpr size_t kNpyHeaderLimit = 65536;

// Strips the header from `file`; what is left is the array's bytes, which must have the tensor's
// type and shape. Throws Failure(kBadInput) that starts with `path`.
std::vector<uint8_t> npy_bytes(const std::string& path, std::vector<uint8_t> file,
                               const Tensor& tensor);

// Whether the file is an array of that type, as far as its header says.
bool npy_holds(const std::vector<uint8_t>& file, Type type);

}  // namespace pipit::tools
