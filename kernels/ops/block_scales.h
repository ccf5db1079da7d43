// SPDX-License-Identifier: Apache-2.0
// Quantized matrices with a scale for each block of a row.
#pragma once

#include <cstdint>

#include "pipit/op.h"

namespace pipit {

struct BlockScales {
  int32_t block = 0;                 // elements of one
  const uint16_t* scales = nullptr;  // float16, [rows][blocks of a row]
};

bool has_block_scales(const Tensor& matrix);

// Fails unless the blocks fill the rows and each has its constant scale.
Status find_block_scales(const Prepare& p, const Tensor& matrix, BlockScales* found);

}  // namespace pipit
