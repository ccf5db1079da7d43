// SPDX-License-Identifier: Apache-2.0
// Every variant of the quantization of floats against the portable one: ragged runs, halves, huge
// numbers, infinities and what is no number, unmapped pages around every array; and variants broken
// on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/contracts/quantize_f32.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

// A number of any kind, often the half of an odd multiple of the scale.
float any_number(float scale, Random* random) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kSpecial[] = {
      0.0f, -0.0f, kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), 1e30f, -1e30f};
  const int32_t kind = random->between(0, 9);
  if (kind == 0) return kSpecial[random->between(0, 6)];
  if (kind == 1) return scale * static_cast<float>(random->between(-1, 1)) * 2147483648.0f;
  if (kind < 5) return scale * (static_cast<float>(random->between(-300, 300)) + 0.5f);
  return scale * static_cast<float>(random->between(-300, 300) + random->unit());
}

bool agrees(QuantizeF32Fn variant, int32_t n, bool is_unsigned, Against side, uint64_t seed) {
  Random random(seed);
  const int32_t low = is_unsigned ? 0 : -128, high = low + 255;
  const auto count = static_cast<size_t>(n);
  const GuardedBuffer<float> in(count, side);
  const GuardedBuffer<uint8_t> want(count, side), got(count, other(side));
  QuantizeF32 a;
  a.scale = random.one_in(2) ? 0.25f : static_cast<float>(random.unit() + 1e-3);
  for (float& x : in.span()) x = any_number(a.scale, &random);
  in.make_read_only();
  a.in = in.data();
  a.n = n;
  a.zero_point = random.between(low, high);
  a.min = random.one_in(2) ? low : random.between(low, a.zero_point);
  a.max = random.one_in(2) ? high : random.between(a.zero_point, high);
  a.out = want.data();
  quantize_f32_s8_portable(a);
  a.out = got.data();
  variant(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t n : {1, 7, 8, 9, 15, 16, 17, 24, 31, 100, 1000}) {
    for (const bool is_unsigned : {false, true}) {
      for (int i = 0; i < 10; ++i) visit(n, is_unsigned);
    }
  }
}

class QuantizeF32VariantTest : public testing::TestWithParam<size_t> {};

TEST_P(QuantizeF32VariantTest, EqualsPortable) {
  const auto& variant = quantize_f32_s8_variants()[GetParam()];
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  uint64_t seed = 1;
  for_each_case([&](int32_t n, bool is_unsigned) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees(variant.run, n, is_unsigned, side, ++seed))
          << n << " numbers, seed " << seed;
    }
  });
}

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return quantize_f32_s8_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(QuantizeF32, QuantizeF32VariantTest,
                         testing::Range(size_t{0}, quantize_f32_s8_variants().size()), name_of);

// ---- the check itself

template <class Whole>
void quantize(const QuantizeF32& a, const Whole& whole) {
  auto* out = static_cast<uint8_t*>(a.out);
  for (int32_t i = 0; i < a.n; ++i) {
    const int64_t sum = whole(a.in[i] / a.scale) + a.zero_point;
    out[i] = static_cast<uint8_t>(std::clamp<int64_t>(sum, a.min, a.max));
  }
}

int64_t saturated(double x) {
  return std::isnan(x) ? 0 : static_cast<int64_t>(std::clamp(x, -0x1p31, 0x1p31 - 1));
}

int64_t away(float q) { return saturated(std::round(static_cast<double>(q))); }
int64_t to_even(float q) { return saturated(std::nearbyint(static_cast<double>(q))); }
// As x86 converts.
int64_t lowest_for_large(float q) { return q >= 0x1p31f ? INT32_MIN : away(q); }
int64_t lowest_for_nan(float q) { return std::isnan(q) ? INT32_MIN : away(q); }

template <int64_t (*whole)(float)>
void rounds(const QuantizeF32& a) {
  quantize(a, whole);
}

TEST(QuantizeF32Check, CatchesBrokenVariants) {
  const auto caught = [](QuantizeF32Fn broken) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case([&](int32_t n, bool is_unsigned) {
      all = all && agrees(broken, n, is_unsigned, Against::kUpperGuard, ++seed);
    });
    return !all;
  };
  EXPECT_FALSE(caught(rounds<away>));
  EXPECT_TRUE(caught(rounds<to_even>));
  EXPECT_TRUE(caught(rounds<lowest_for_large>));
  EXPECT_TRUE(caught(rounds<lowest_for_nan>));
}

}  // namespace
}  // namespace pipit::test
