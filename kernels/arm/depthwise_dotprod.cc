// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// Depthwise convolution with four taps of a column in each lane of SDOT. Two output rows of a 3x3
// window share their columns: the four input rows are one lane, and each output row has its own
// weights, with a zero for the row that it does not see. For 16 results that are 4 loads and 4 ZIPs
// (columns), 12 SDOT, and 26 instructions to requantize.
#include "kernels/arm/depthwise_columns.h"

namespace pipit {
namespace {

struct DotprodEngine {
  static constexpr int kUnit = 4;

  // [channel][slot]: four bytes a lane.
  static void put_slots(const int8x8_t (&slots)[kUnit], int8_t* to) {
    const auto wide = [](int8x8_t v) { return vcombine_s8(v, v); };
    const int16x8_t a = vreinterpretq_s16_s8(vzip1q_s8(wide(slots[0]), wide(slots[1])));
    const int16x8_t b = vreinterpretq_s16_s8(vzip1q_s8(wide(slots[2]), wide(slots[3])));
    vst1q_s8(to, vreinterpretq_s8_s16(vzip1q_s16(a, b)));
    vst1q_s8(to + 16, vreinterpretq_s8_s16(vzip2q_s16(a, b)));
  }

  static void run(const DepthwiseBlock& b, const DepthwiseWeights& w, const int8_t* columns,
                  const ConvGeometry& g, const DepthwiseCut& cut, int32_t rows,
                  const DepthwiseOut& out) {
    const int32_t quads = cut.slots / kUnit;
    const bool plain = w.parts == 1 && b.q.right && g.dilation_w == 1;
    if (plain && quads == 1 && g.kernel_w == 3) {
      const auto run = rows == 2 ? rows_of<2, 3, 1, true> : rows_of<1, 3, 1, true>;
      return run(b, w, columns, g, quads, out);
    }
    if (plain && quads == 2 && g.kernel_w == 5) {
      const auto run = rows == 2 ? rows_of<2, 5, 2, true> : rows_of<1, 5, 2, true>;
      return run(b, w, columns, g, quads, out);
    }
    const auto run = b.q.right ? (rows == 2 ? rows_of<2, 0, 0, true> : rows_of<1, 0, 0, true>)
                               : (rows == 2 ? rows_of<2, 0, 0, false> : rows_of<1, 0, 0, false>);
    run(b, w, columns, g, quads, out);
  }

  // kWidth and kQuads are those of the window where known, or 0.
  template <int kRows, int kWidth, int kQuads, bool kRight>
  static void rows_of(const DepthwiseBlock& block, const DepthwiseWeights& weights,
                      const int8_t* columns, const ConvGeometry& g, int32_t any_quads,
                      const DepthwiseOut& out) {
    const DepthwiseBlock b = block;
    const int32_t quads = kQuads != 0 ? kQuads : any_quads;
    const int32_t width = kWidth != 0 ? kWidth : g.kernel_w;
    const int32_t parts = kWidth != 0 ? 1 : weights.parts;
    const ptrdiff_t pitch = quads * kUnit * kDwLanes;
    const ptrdiff_t tap = kWidth != 0 ? pitch : pitch * g.dilation_w;
    const ptrdiff_t stride = pitch * g.stride_w;
    for (int32_t x = 0; x < out.count; ++x, columns += stride) {
      int32x4_t sum[kRows][2];
#pragma GCC unroll 2
      for (int r = 0; r < kRows; ++r) {
        sum[r][0] = b.bias[0];
        sum[r][1] = b.bias[1];
      }
      const int8_t* w[2] = {weights.row(0), weights.row(kRows - 1)};
      for (int32_t part = 0; part < parts; ++part) {
        const int8_t* column = columns;
#pragma GCC unroll 5
        for (int32_t kx = 0; kx < width; ++kx, column += tap) {
#pragma GCC unroll 2
          for (int32_t at = 0; at < quads * 32; at += 32) {
            const int8x16_t x0 = vld1q_s8(column + at), x1 = vld1q_s8(column + at + 16);
#pragma GCC unroll 2
            for (int r = 0; r < kRows; ++r) {
              sum[r][0] = vdotq_s32(sum[r][0], x0, vld1q_s8(w[r]));
              sum[r][1] = vdotq_s32(sum[r][1], x1, vld1q_s8(w[r] + 16));
              w[r] += 32;
            }
          }
        }
      }
#pragma GCC unroll 2
      for (int r = 0; r < kRows; ++r) out.put(r, x, finish<kRight>(b, sum[r][0], sum[r][1]));
    }
  }
};

}  // namespace

size_t depthwise_s8_dotprod_scratch(const DepthwiseS8& a) {
  return depthwise_scratch(a.size, DotprodEngine::kUnit);
}

void depthwise_s8_dotprod(const DepthwiseS8& a) {
  if (!DepthwiseCut(a.size, DotprodEngine::kUnit).fits) return depthwise_s8_portable(a);
  Depthwise<DepthwiseS8, DotprodEngine>(a).run();
}

size_t depthwise_u8_dotprod_scratch(const DepthwiseU8& a) {
  return depthwise_scratch(a.size, DotprodEngine::kUnit);
}

void depthwise_u8_dotprod(const DepthwiseU8& a) {
  if (!DepthwiseCut(a.size, DotprodEngine::kUnit).fits) return depthwise_u8_portable(a);
  Depthwise<DepthwiseU8, DotprodEngine>(a).run();
}

}  // namespace pipit
