// SPDX-License-Identifier: Apache-2.0
// Pooling: one number for each channel of each window.
//
//   average:  out[y][x][c] = clamp(sum of the window's values / their number), integers rounded
//             half away from zero; integer sums wrap modulo 2^32
//   maximum:  out[y][x][c] = clamp(largest value of the window); a NaN is never larger
//   L2:       out[y][x][c] = clamp(sqrt(sum of the squares / their number))
//
// Only positions inside of the image count; every window has at least one. Like a convolution, a
// pooling of any box of the output is a pooling with other sizes, strides and addresses.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/clamp.h"

namespace pipit {

template <class T>
struct Pool {
  ConvGeometry size;  // out_c channels of in_c; the dilations are 1
  ConvStrides stride;
  const T* in = nullptr;  // [batch][in_h][in_w][in_c]
  T* out = nullptr;       // [batch][out_h][out_w][out_c]
  Clamp<std::conditional_t<std::is_same_v<T, float>, float, int32_t>> clamp;
};

template <class T>
using PoolVariant = KernelVariant<Pool<T>>;

// T is float, int8_t, uint8_t or int16_t.
template <class T>
Span<const PoolVariant<T>> average_pool_variants();
template <class T>
Span<const PoolVariant<T>> max_pool_variants();
Span<const PoolVariant<float>> l2_pool_variants();

void average_pool_portable(const Pool<float>& a);
void average_pool_portable(const Pool<int8_t>& a);
void average_pool_portable(const Pool<uint8_t>& a);
void average_pool_portable(const Pool<int16_t>& a);
void max_pool_portable(const Pool<float>& a);
void max_pool_portable(const Pool<int8_t>& a);
void max_pool_portable(const Pool<uint8_t>& a);
void max_pool_portable(const Pool<int16_t>& a);
void l2_pool_portable(const Pool<float>& a);

// Only in builds for ARM.
void average_pool_neon(const Pool<int8_t>& a);
void average_pool_neon(const Pool<uint8_t>& a);
void max_pool_neon(const Pool<int8_t>& a);
void max_pool_neon(const Pool<uint8_t>& a);
void average_pool_neon(const Pool<float>& a);
void max_pool_neon(const Pool<float>& a);

}  // namespace pipit
