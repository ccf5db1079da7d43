// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// Depthwise convolution with four taps of a column in each lane of SDOT. Two output rows of a 3x3
// window share their columns: the four input rows are one lane, and each output row has its own
// weights, with a zero for the row that it does not see. For 16 results that are 4 loads and 4 ZIPs
// (columns), 12 SDOT, and 26 instructions to requantize.
#include "kernels/arm/depthwise_columns.h"
#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

struct DotprodEngine {
  static constexpr int kUnit = kDwDotprodUnit;

  // The bytes of two vectors in turn. With intrinsics, gcc first moves them into wider registers.
  static int16x8_t zip(int8x8_t a, int8x8_t b) {
    int16x8_t both;
    asm("zip1 %0.16b, %1.16b, %2.16b" : "=w"(both) : "w"(a), "w"(b));
    return both;
  }

  // [channel][slot]: four bytes a lane.
  static void put_slots(const int8x8_t* slots, int8_t* to) {
    const int16x8_t a = zip(slots[0], slots[1]), b = zip(slots[2], slots[3]);
    vst1q_s8(to, vreinterpretq_s8_s16(vzip1q_s16(a, b)));
    vst1q_s8(to + 16, vreinterpretq_s8_s16(vzip2q_s16(a, b)));
  }

  static int32_t together(const int8_t*, const ConvGeometry&) { return 2; }

  template <Form kForm>
  static bool run(const DepthwisePass& pass) {
    const ConvGeometry& g = pass.size;
    const int32_t quads = pass.cut.slots / kUnit, parts = pass.weights.parts;
    if (g.dilation_w != 1) return false;
    const bool three = quads == 1 && g.kernel_w == 3;
    if (three && parts == 1 && pass.rows == 2) {
      window_of<2, 3, 1, kForm>(pass, 0);
      return true;
    }
    void (*window)(const DepthwisePass&, int) = nullptr;
    if (three && parts <= 2)
      window = parts == 1 ? window_of<1, 3, 1, kForm> : window_of<1, 3, 2, kForm>;
    if (quads == 2 && g.kernel_w == 5 && parts == 1) window = window_of<1, 10, 1, kForm>;
    if (window == nullptr) return false;
    for (int r = 0; r < pass.rows; ++r) window(pass, r);
    return true;
  }

  // A window whose weights stay in registers: kQuads times four slots, kParts times. Output rows
  // [r, r + kRows). Columns lie one behind the other, and so do the vectors of a window:
  //
  //   x       | s0 s1 s2 s3 of channel 0 | ... of 1 | ... of 2 | ... of 3 |   next: 4 to 7
  //   row 0   | t0 t1 t2  0 of channel 0 | ...
  //   row 1   |  0 t0 t1 t2 of channel 0 | ...
  template <int kRows, int kQuads, int kParts, Form kForm>
  [[gnu::noinline]] static void window_of(const DepthwisePass& pass, int r) {
    constexpr int kVectors = kQuads * 2;
    int8x16_t w[kRows][kParts * kVectors];
    unroll<kRows>([&](auto row) [[gnu::always_inline]] {
      unroll<kParts * kVectors>([&](auto v) [[gnu::always_inline]] {
        w[row][v] = vld1q_s8(pass.weights.row(r + row) + 16 * v);
      });
    });
    constexpr int kAtOnce = kDwAtOnce<kRows>;
    const auto products = [&](const int8_t* const(&at)[kAtOnce], int32x4_t(&y)[kRows * kAtOnce][2])
                              [[gnu::always_inline]] {
                                unroll<kVectors>([&](auto v) [[gnu::always_inline]] {
                                  unroll<kAtOnce>([&](auto i) [[gnu::always_inline]] {
                                    const int8x16_t x = vld1q_s8(at[i] + 16 * v);
                                    unroll<kRows>([&](auto row) [[gnu::always_inline]] {
                                      int32x4_t& sum = y[row * kAtOnce + i][v % 2];
                                      unroll<kParts>([&](auto part) [[gnu::always_inline]] {
                                        sum = vdotq_s32(sum, x, w[row][part * kVectors + v]);
                                      });
                                    });
                                  });
                                });
                              };
    finish_windows<kRows, kForm>(pass, r, products);
  }

  static void any_window(const DepthwisePass& pass, int r, int32_t* sums) {
    constexpr int n = kDwAtOnce<1>;
    const int32_t kernel_w = pass.size.kernel_w, parts = pass.weights.parts;
    const ptrdiff_t pitch = pass.cut.slots * kDwLanes, apart = pitch * pass.size.dilation_w;
    const int8_t* const weights = pass.weights.row(r);
    sum_windows(pass, r, sums, [&](const auto& at, auto& y) [[gnu::always_inline]] {
      const int8_t* w = weights;
      for (int32_t part = 0; part < parts; ++part) {
        ptrdiff_t column = 0;
        for (int32_t kx = 0; kx < kernel_w; ++kx, column += apart) {
          for (ptrdiff_t slot = column; slot < column + pitch; slot += 32, w += 32) {
            const int8x16_t taps[2] = {vld1q_s8(w), vld1q_s8(w + 16)};
            unroll<n>([&](auto i) [[gnu::always_inline]] {
              y[i][0] = vdotq_s32(y[i][0], vld1q_s8(at[i] + slot), taps[0]);
              y[i][1] = vdotq_s32(y[i][1], vld1q_s8(at[i] + slot + 16), taps[1]);
            });
          }
        }
      }
    });
  }
};

}  // namespace

void depthwise_s8_dotprod_arrange(const DepthwiseS8& a, uint8_t* to) {
  Depthwise<DepthwiseS8, DotprodEngine>(a).arrange(to);
}

void depthwise_s8_dotprod(const DepthwiseS8& a) {
  if (!DepthwiseCut(a.size, DotprodEngine::kUnit).fits) return depthwise_s8_portable(a);
  Depthwise<DepthwiseS8, DotprodEngine>(a).run();
}

void depthwise_u8_dotprod_arrange(const DepthwiseU8& a, uint8_t* to) {
  Depthwise<DepthwiseU8, DotprodEngine>(a).arrange(to);
}

void depthwise_u8_dotprod(const DepthwiseU8& a) {
  if (!DepthwiseCut(a.size, DotprodEngine::kUnit).fits) return depthwise_u8_portable(a);
  Depthwise<DepthwiseU8, DotprodEngine>(a).run();
}

}  // namespace pipit
