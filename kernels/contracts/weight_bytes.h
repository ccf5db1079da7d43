// SPDX-License-Identifier: Apache-2.0
// Sums of columns of weights of one byte, which wrap. See row_sums.h for those of rows.
#pragma once

#include <cstdint>

namespace pipit {

// sums[i] += bytes[i]
void add_bytes(const int8_t* bytes, int32_t n, int32_t* sums);
void add_bytes(const uint8_t* bytes, int32_t n, int32_t* sums);

}  // namespace pipit
