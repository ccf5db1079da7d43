// SPDX-License-Identifier: Apache-2.0
// Bilinear interpolation between the pixels of an image.
//
//   with y0 = rows[y].lower, y1 = rows[y].upper, wy = rows[y].weight, and x alike:
//   out[y][x][c] = in[y0][x0][c] * (1 - wy) * (1 - wx) + in[y1][x0][c] * wy * (1 - wx)
//                + in[y0][x1][c] * (1 - wy) * wx       + in[y1][x1][c] * wy * wx
//
// float and uint8_t compute in float, in the order of the formula; uint8_t adds 0.5 and truncates.
// int8_t and int16_t have weights in units of 1 / 1024 and round halves away from zero. The taps
// say where an output row lies, so any rows of the output are a call with other taps.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/contracts/variant.h"

namespace pipit {

// Where a row or column of the output lies among those of the input. Where both neighbours are the
// same one, the weight may be outside of [0, 1).
template <class Weight>
struct ResizeTap {
  int32_t lower = 0;
  int32_t upper = 0;
  Weight weight = 0;  // of the upper one
};

constexpr int32_t kResizeOne = 1024;  // the weight 1 of integers

template <class T>
struct ResizeBilinear {
  using Weight =
      std::conditional_t<std::is_same_v<T, float> || std::is_same_v<T, uint8_t>, float, int32_t>;
  int32_t batch = 1;
  int32_t in_h = 1, in_w = 1;
  int32_t out_h = 1, out_w = 1;
  int32_t channels = 1;
  const ResizeTap<Weight>* rows = nullptr;     // [out_h]
  const ResizeTap<Weight>* columns = nullptr;  // [out_w]
  const T* in = nullptr;                       // [batch][in_h][in_w][channels]
  T* out = nullptr;                            // [batch][out_h][out_w][channels]
  void* scratch = nullptr;
};

template <class T>
using ResizeBilinearVariant = KernelVariant<ResizeBilinear<T>>;

// T is float, uint8_t, int8_t or int16_t.
template <class T>
Span<const ResizeBilinearVariant<T>> resize_bilinear_variants();

void resize_bilinear_portable(const ResizeBilinear<float>& a);
void resize_bilinear_portable(const ResizeBilinear<uint8_t>& a);
void resize_bilinear_portable(const ResizeBilinear<int8_t>& a);
void resize_bilinear_portable(const ResizeBilinear<int16_t>& a);

// Only in builds for ARM.
void resize_bilinear_neon(const ResizeBilinear<float>& a);
void resize_bilinear_neon(const ResizeBilinear<uint8_t>& a);
void resize_bilinear_neon(const ResizeBilinear<int8_t>& a);
ByteCount resize_bilinear_neon_scratch(const ResizeBilinear<float>& a);
ByteCount resize_bilinear_neon_scratch(const ResizeBilinear<uint8_t>& a);
ByteCount resize_bilinear_neon_scratch(const ResizeBilinear<int8_t>& a);

}  // namespace pipit
