// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/weight_bytes.h"

namespace pipit {
namespace {

template <class T>
void add_each(const T* bytes, int32_t n, int32_t* sums) {
  for (int32_t i = 0; i < n; ++i) {
    sums[i] =
        static_cast<int32_t>(static_cast<uint32_t>(sums[i]) + static_cast<uint32_t>(bytes[i]));
  }
}

}  // namespace

void add_bytes(const int8_t* bytes, int32_t n, int32_t* sums) { add_each(bytes, n, sums); }
void add_bytes(const uint8_t* bytes, int32_t n, int32_t* sums) { add_each(bytes, n, sums); }

}  // namespace pipit
