// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// Seventeen loads for sixteen SDOT: bound by loads, two of which a cycle make 30 multiply-adds.
#include <type_traits>

#include "kernels/arm/matmul_bytes.h"
#include "kernels/arm/rescale_neon.h"
#include "kernels/contracts/dense_s8.h"

namespace pipit {
namespace {

constexpr int kColumns = 16;

inline int32x4_t dot(int32x4_t sum, int8x16_t x, int8x16_t w) { return vdotq_s32(sum, x, w); }
inline uint32x4_t dot(uint32x4_t sum, uint8x16_t x, uint8x16_t w) { return vdotq_u32(sum, x, w); }

// Of eight bytes the lower half of a vector is loaded; the upper one is zero.
template <int kWidth>
[[gnu::always_inline]] inline int8x16_t load(const int8_t* p) {
  return kWidth == 16 ? vld1q_s8(p) : vcombine_s8(vld1_s8(p), vdup_n_s8(0));
}
template <int kWidth>
[[gnu::always_inline]] inline uint8x16_t load(const uint8_t* p) {
  return kWidth == 16 ? vld1q_u8(p) : vcombine_u8(vld1_u8(p), vdup_n_u8(0));
}

template <class Byte, int kBytes>
struct Dot {
  using T = Byte;
  using Sum = std::conditional_t<std::is_signed_v<T>, int32x4_t, uint32x4_t>;
  static constexpr int kWidth = kBytes;

  template <int n>
  [[gnu::always_inline]] static void step(Sum (&sum)[n], const T* in, const T* const (&from)[n],
                                          ptrdiff_t k) {
    const auto x = load<kWidth>(in);
    unroll<n>([&](auto i)
                  [[gnu::always_inline]] { sum[i] = dot(sum[i], x, load<kWidth>(from[i] + k)); });
  }
};

// Outputs from the registers that hold their sums. The last columns may overlap those before them.
// Sums that are needed in memory, for lack of certainty, are computed once more.
template <int kWidth, bool kLong>
[[gnu::noinline]] void dense_row(const DenseS8& a, int32_t r) {
  static_assert(kColumns == kRescaleBlock);
  const MatmulS8& m = a.matmul;
  const FixedScale scale(*a.rescale.scale);
  const OutputS8 output(a.rescale);
  const ByteRow<int8_t, kWidth> bytes(m.in + r * m.in_stride, m.depth);
  int8_t* out = a.rescale.out + r * a.rescale.out_stride;
  uint16x8_t rest = vdupq_n_u16(UINT16_MAX);
  for_each_columns<Dot<int8_t, kWidth>, kLong, kColumns>(
      MatmulRow(m, r), bytes, m.outputs - kColumns,
      [&](auto& sums, ptrdiff_t column)
          [[gnu::always_inline]] { fixed_block(sums, scale, output, out + column, rest); });
  if (all_certain(rest)) return;
  matmul_row<Dot<int8_t, kWidth>, kLong, kColumns>(m, r, bytes);
  RescaleS8 row = a.rescale;
  row.sums += r * row.sums_stride;
  row.out = out;
  exact(row, output);
}

}  // namespace

void dense_s8_dotprod(const DenseS8& a) {
  const MatmulS8& m = a.matmul;
  const RescaleS8& to = a.rescale;
  if (m.depth < 8 || m.outputs < kColumns || to.scale_step != 0 || !FixedScale::covers(*to.scale)) {
    matmul_s8_dotprod(m);
    return rescale_s8_neon(to);
  }
  const auto row = m.depth < 16   ? dense_row<8, false>
                   : m.depth < 32 ? dense_row<16, false>
                                  : dense_row<16, true>;
  for (int32_t r = 0; r < m.rows; ++r) row(a, r);
}

void matmul_s8_dotprod(const MatmulS8& a) {
  if (a.depth < 8) return matmul_s8_portable(a);
  if (a.depth < 16) return matmul_rows<Dot<int8_t, 8>, kColumns>(a);
  matmul_rows<Dot<int8_t, 16>, kColumns>(a);
}

void matmul_u8_dotprod(const MatmulU8& a) {
  if (a.depth < 8) return matmul_u8_portable(a);
  if (a.depth < 16) return matmul_rows<Dot<uint8_t, 8>, kColumns>(a);
  matmul_rows<Dot<uint8_t, 16>, kColumns>(a);
}

}  // namespace pipit
