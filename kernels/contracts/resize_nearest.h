// SPDX-License-Identifier: Apache-2.0
// An image made of copies of another one's pixels.
//
//   out[y][x] = in[rows[y]][columns[x]]
#pragma once

#include <cstdint>

#include "kernels/contracts/variant.h"

namespace pipit {

struct ResizeNearest {
  int32_t batch = 1;
  int32_t in_h = 1, in_w = 1;
  int32_t out_h = 1, out_w = 1;
  int32_t pixel = 1;                 // bytes
  const int32_t* rows = nullptr;     // [out_h]
  const int32_t* columns = nullptr;  // [out_w]
  const uint8_t* in = nullptr;       // [batch][in_h][in_w][pixel]
  uint8_t* out = nullptr;            // [batch][out_h][out_w][pixel]
};

using ResizeNearestFn = void (*)(const ResizeNearest&);
using ResizeNearestVariant = KernelVariant<ResizeNearest>;

Span<const ResizeNearestVariant> resize_nearest_variants();

void resize_nearest_portable(const ResizeNearest& a);

}  // namespace pipit
