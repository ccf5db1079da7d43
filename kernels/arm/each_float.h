// SPDX-License-Identifier: Apache-2.0
// The walk of functions of float32.
#pragma once

#include "kernels/arm/each_vector.h"

namespace pipit {
namespace {

// 32-bit code has half as many registers.
constexpr int kTogether = sizeof(void*) == 8 ? 4 : 2;

template <class F>
inline void each_float(const Unary& r, const F& f) {
  each_vector<float, kTogether>(r, [&](uint8x16_t x) [[gnu::always_inline]] {
    return vreinterpretq_u8_f32(f(vreinterpretq_f32_u8(x)));
  });
}

}  // namespace
}  // namespace pipit
