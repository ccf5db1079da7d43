// SPDX-License-Identifier: Apache-2.0
// Every variant of the conversions to float32 against the portable one: all float16 numbers, bytes
// of both signs, ragged runs, unmapped pages around every array; and variants broken on purpose,
// which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/contracts/quantize_f32.h"
#include "kernels/contracts/widen_f16.h"
#include "kernels/math/half.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/near.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

constexpr int32_t kCounts[] = {1, 3, 4, 5, 7, 8, 15, 16, 17, 19, 31, 32, 33, 47, 100};

// All numbers there are: those that follow one another, beginning anywhere.
bool widens(UnaryFn variant, int32_t n, int32_t first, Against side) {
  const auto count = static_cast<size_t>(n);
  const GuardedBuffer<uint16_t> in(count, side);
  const GuardedBuffer<float> want(count, side), got(count, other(side));
  for (size_t i = 0; i < count; ++i)
    in.data()[i] = static_cast<uint16_t>(first + static_cast<int32_t>(i));
  in.make_read_only();
  widen_f16_portable({.in = in.data(), .out = want.data(), .n = n});
  variant({.in = in.data(), .out = got.data(), .n = n});
  return near(want.span(), got.span(), 0);
}

bool widens(UnaryFn variant) {
  bool all = widens(variant, 65536, 0, Against::kLowerGuard);
  for (const int32_t n : kCounts) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      all = all && widens(variant, n, 0x3C00 + 77 * n, side);
    }
  }
  return all;
}

bool dequantizes(DequantizeS8Fn variant, int32_t n, Against side, uint64_t seed) {
  Random random(seed);
  const auto count = static_cast<size_t>(n);
  const GuardedBuffer<int8_t> in(count, side);
  const GuardedBuffer<float> want(count, side), got(count, other(side));
  for (int8_t& x : in.span()) x = static_cast<int8_t>(random.bits());
  in.make_read_only();
  DequantizeS8 a = {in.data(), want.data(), n};
  a.scale = static_cast<float>(random.unit() + 0.01);
  a.zero_point = random.between(-256, 127);
  a.flip = random.one_in(2) ? 0x80 : 0;
  dequantize_s8_portable(a);
  a.out = got.data();
  variant(a);
  return near(want.span(), got.span(), 0);
}

bool dequantizes(DequantizeS8Fn variant) {
  bool all = true;
  uint64_t seed = 1;
  for (const int32_t n : kCounts) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      for (int i = 0; i < 8; ++i) all = all && dequantizes(variant, n, side, ++seed);
    }
  }
  return all;
}

class DequantizeVariantTest : public testing::TestWithParam<size_t> {
 protected:
  template <class Variant, class Check>
  void check(const Variant& variant, const Check& agrees) {
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
    EXPECT_TRUE(agrees(variant.run));
  }
};

TEST_P(DequantizeVariantTest, Float16) {
  check(widen_f16_variants()[GetParam()], [](UnaryFn f) { return widens(f); });
}
TEST_P(DequantizeVariantTest, Bytes) {
  check(dequantize_s8_variants()[GetParam()], [](DequantizeS8Fn f) { return dequantizes(f); });
}

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return widen_f16_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(Dequantize, DequantizeVariantTest,
                         testing::Range(size_t{0}, widen_f16_variants().size()), name_of);

// ---- the check itself

TEST(DequantizeCheck, TheListsAreAlike) {
  ASSERT_EQ(widen_f16_variants().size(), dequantize_s8_variants().size());
}

void flushes_subnormals(const Unary& r) {
  each<uint16_t, float>(r, [](uint16_t x) { return (x & 0x7C00) == 0 ? 0.0f : half_to_float(x); });
}

void forgets_signs(const DequantizeS8& a) {
  DequantizeS8 b = a;
  b.flip = 0;
  dequantize_s8_portable(b);
}

TEST(DequantizeCheck, CatchesBrokenVariants) {
  EXPECT_TRUE(widens(widen_f16_portable));
  EXPECT_FALSE(widens(flushes_subnormals));
  EXPECT_TRUE(dequantizes(dequantize_s8_portable));
  EXPECT_FALSE(dequantizes(forgets_signs));
}

}  // namespace
}  // namespace pipit::test
