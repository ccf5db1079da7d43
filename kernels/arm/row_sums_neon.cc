// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set. For sixteen bytes a load, an addition of pairs and a minimum.
//
// Bytes are added in three steps of growing width: pairs of bytes to eight 16-bit sums, these to
// four of 32 bits before they can overflow, and those to one at the end of a row. The least of all
// bytes comes along, as it tells whether any is the type's least one.
#include <arm_neon.h>

#include "kernels/arm/unroll.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/row_sums.h"

namespace pipit {
namespace {

struct S8 {
  using Bytes = int8x16_t;
  using Pairs = int16x8_t;
  using Sums = int32x4_t;
  static constexpr int8_t kMin = INT8_MIN;

  static Bytes of(uint8x16_t bytes) { return vreinterpretq_s8_u8(bytes); }
  static void add(Pairs& sum, Bytes x) { sum = vpadalq_s8(sum, x); }
  static void add(Sums& sum, Pairs x) { sum = vpadalq_s16(sum, x); }
  static Bytes least(Bytes a, Bytes b) { return vminq_s8(a, b); }
  static uint8x16_t equal(Bytes a, int8_t b) { return vceqq_s8(a, vdupq_n_s8(b)); }
  static int32x4_t wrapped(Sums s) { return s; }
};
struct U8 {
  using Bytes = uint8x16_t;
  using Pairs = uint16x8_t;
  using Sums = uint32x4_t;
  static constexpr uint8_t kMin = 0;

  static Bytes of(uint8x16_t bytes) { return bytes; }
  static void add(Pairs& sum, Bytes x) { sum = vpadalq_u8(sum, x); }
  static void add(Sums& sum, Pairs x) { sum = vpadalq_u16(sum, x); }
  static Bytes least(Bytes a, Bytes b) { return vminq_u8(a, b); }
  static uint8x16_t equal(Bytes a, uint8_t b) { return vceqq_u8(a, vdupq_n_u8(b)); }
  static int32x4_t wrapped(Sums s) { return vreinterpretq_s32_u32(s); }
};

constexpr int32_t kVector = 16;
constexpr int kAtOnce = 4;  // vectors
// Sums of 16 bits are full after 128 additions of pairs of bytes. Four of them are left for what is
// no multiple of kAtOnce. (128 * 2 * -128 and 128 * 2 * 255 just fit.)
constexpr int32_t kMost = kAtOnce * 124;  // vectors

inline int32_t total(int32x4_t v) {
#if PIPIT_ARM64
  return vaddvq_s32(v);
#else
  const int32x2_t two = wrapping_add(vget_low_s32(v), vget_high_s32(v));
  return vget_lane_s32(vpadd_s32(two, two), 0);
#endif
}

// Up to kMost vectors, and at last up to fifteen bytes: the vector that ends where they do, less
// what has been added already.
template <class T>
[[gnu::always_inline]] inline void add_bytes(const uint8_t* p, int32_t vectors, int32_t left,
                                             uint8x16_t keep, typename T::Bytes& least,
                                             typename T::Sums& sum) {
  typename T::Pairs pairs[kAtOnce] = {};
  const auto add = [&](typename T::Pairs& to, const uint8_t* from) [[gnu::always_inline]] {
    const auto x = T::of(vld1q_u8(from));
    T::add(to, x);
    least = T::least(least, x);
  };
  for (; vectors >= kAtOnce; vectors -= kAtOnce, p += kAtOnce * kVector) {
    unroll<kAtOnce>([&](auto i) [[gnu::always_inline]] { add(pairs[i], p + i * kVector); });
  }
  for (; vectors > 0; --vectors, p += kVector) add(pairs[0], p);
  if (left != 0) {
    const uint8x16_t last = vld1q_u8(p + left - kVector);
    T::add(pairs[1], T::of(vandq_u8(last, keep)));
    least = T::least(least, T::of(last));
  }
  unroll<kAtOnce>([&](auto i) [[gnu::always_inline]] { T::add(sum, pairs[i]); });
}

template <class T>
void sum_rows(const RowSums& a) {
  const auto* at = static_cast<const uint8_t*>(a.rows);
  const int32_t left = a.depth % kVector;
  uint8_t keeps[kVector];
  // The vector that ends with a row has its new bytes at the end.
  for (int32_t i = 0; i < kVector; ++i) keeps[i] = i < kVector - left ? 0 : 0xff;
  const uint8x16_t keep = vld1q_u8(keeps);
  auto least = T::of(vld1q_u8(at));
  for (int32_t r = 0; r < a.count; ++r, at += left) {
    typename T::Sums sum = {};
    int32_t vectors = a.depth / kVector;
    // Not more than kMost are left for the second call, which also adds what is no whole vector.
    for (; vectors > kMost; vectors -= kMost, at += kMost * kVector) {
      add_bytes<T>(at, kMost, 0, keep, least, sum);
    }
    add_bytes<T>(at, vectors, left, keep, least, sum);
    at += vectors * kVector;
    a.sums[r] = total(T::wrapped(sum));
  }
  if (a.holds_min == nullptr) return;
  const uint64x2_t found = vreinterpretq_u64_u8(T::equal(least, T::kMin));
  if ((vgetq_lane_u64(found, 0) | vgetq_lane_u64(found, 1)) != 0) *a.holds_min = true;
}

}  // namespace

void row_sums_neon(const RowSums& a) {
  if (a.depth < kVector || a.count <= 0) return row_sums_portable(a);
  a.is_unsigned ? sum_rows<U8>(a) : sum_rows<S8>(a);
}

}  // namespace pipit
