// SPDX-License-Identifier: Apache-2.0
// Sums of weights of one byte, which wrap. Plans read all constant weights for them, which is most
// of what planning costs.
#pragma once

#include <cstdint>

namespace pipit {

int32_t sum_bytes(const int8_t* bytes, int32_t n);
int32_t sum_bytes(const uint8_t* bytes, int32_t n);

// sums[i] += bytes[i]
void add_bytes(const int8_t* bytes, int32_t n, int32_t* sums);
void add_bytes(const uint8_t* bytes, int32_t n, int32_t* sums);

}  // namespace pipit
