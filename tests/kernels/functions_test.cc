// SPDX-License-Identifier: Apache-2.0
// Functions that tables and quantized operators are made of, where the recorded cases do not reach:
// all arguments, or those at the limits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/contracts/lookup_s16.h"
#include "kernels/contracts/sigmoid_s16.h"
#include "kernels/contracts/softmax.h"
#include "kernels/math/fixed_point_functions.h"
#include "kernels/math/half.h"
#include "kernels/math/scaling.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

double q(int32_t raw, int integer_bits) { return std::ldexp(raw, integer_bits - 31); }

TEST(Half, EveryValueComesBack) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float f = half_to_float(static_cast<uint16_t>(h));
    if (std::isnan(f)) {
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(f))));
    } else {
      ASSERT_EQ(float_to_half(f), h);
    }
  }
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  for (uint32_t h = 0; h < 0x7BFF; ++h) {
    const float a = half_to_float(static_cast<uint16_t>(h));
    const float b = half_to_float(static_cast<uint16_t>(h + 1));
    const float middle = (a + b) / 2;  // exact
    ASSERT_EQ(float_to_half(middle), h + (h & 1)) << h;
    ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0f)), h) << h;
    ASSERT_EQ(float_to_half(std::nextafter(middle, 1e9f)), h + 1) << h;
  }
  EXPECT_EQ(float_to_half(65519.0f), 0x7BFF);
  EXPECT_EQ(float_to_half(65520.0f), 0x7C00);
  EXPECT_EQ(float_to_half(-std::numeric_limits<float>::infinity()), 0xFC00);
}

TEST(BFloat16, RoundsTiesToEven) {
  EXPECT_EQ(float_to_bfloat16(1.0f), 0x3F80);
  EXPECT_EQ(float_to_bfloat16(1.00390625f), 0x3F80);  // half way to the next
  EXPECT_EQ(float_to_bfloat16(1.01171875f), 0x3F82);  // half way from an odd one
  EXPECT_EQ(float_to_bfloat16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_TRUE(std::isnan(bfloat16_to_float(float_to_bfloat16(std::nanf("")))));
}

TEST(FixedPointFunctions, ExpIsCloseEverywhere) {
  EXPECT_EQ(exp_on_negative_values(0, 5), INT32_MAX);
  Random random(5);
  for (int i = 0; i < 20000; ++i) {
    const int32_t a = -random.between(1, INT32_MAX);
    ASSERT_NEAR(q(exp_on_negative_values(a, 5), 0), std::exp(q(a, 5)), 4e-7) << a;
  }
  EXPECT_NEAR(q(exp_on_negative_values(INT32_MIN, 5), 0), 0, 1e-9);
}

TEST(FixedPointFunctions, ReciprocalIsCloseEverywhere) {
  for (const uint32_t x : {1u, 2u, 3u, 255u, 65535u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
    int bits = 0;
    const int32_t mantissa = reciprocal(x, 31, &bits);
    const double inverse = q(mantissa, 0) * std::ldexp(1.0, -bits);
    EXPECT_NEAR(inverse * x, 1, 1e-7) << x;
  }
}

TEST(FixedPointFunctions, InverseRootIsCloseEverywhere) {
  for (const int32_t x : {0, 1, 2, 3, 4, 127, 65536, 1 << 29, (1 << 29) - 1, INT32_MAX}) {
    int shift = -1;
    const int32_t mantissa = inverse_root(x, &shift);
    const double root = std::ldexp(q(mantissa, 0), -shift);
    EXPECT_GE(shift, 0);
    EXPECT_NEAR(root * std::sqrt(x < 1 ? 1 : x), 1, 1e-4) << x;
  }
}

TEST(FixedPointFunctions, LogIsCloseEverywhere) {
  for (const int32_t x : {1 << 19, (1 << 19) + 1, 1 << 20, 12345678, 1 << 30, INT32_MAX}) {
    EXPECT_NEAR(q(log_of_q12(x), 5), std::log(q(x, 12)), 1e-5) << x;
  }
}

TEST(SigmoidS16, RisesThroughItsMiddle) {
  SigmoidS16 s = {};
  fill_sigmoid_table(s.table);
  s.multiplier = 3;
  int16_t last = INT16_MIN;
  for (int32_t x = INT16_MIN; x <= INT16_MAX; ++x) {
    const auto in = static_cast<int16_t>(x);
    int16_t y = 0, t = 0;
    logistic_s16({.in = &in, .out = &y, .n = 1, .constants = &s});
    tanh_s16({.in = &in, .out = &t, .n = 1, .constants = &s});
    ASSERT_GE(y, last) << x;
    last = y;
    ASSERT_NEAR(y / 32768.0, 1 / (1 + std::exp(-x / 4096.0)), 2e-4) << x;
    ASSERT_NEAR(t / 32768.0, std::tanh(x / 4096.0), 4e-4) << x;
  }
}

TEST(LookupS16, IsTheFunctionAtItsPoints) {
  LookupS16 table;
  fill_table_s16<float>(
      {1.0f / 32768, 0}, {1.0f / 32768, 0}, [](float x) { return -x; }, &table);
  for (int32_t x = INT16_MIN; x <= INT16_MAX; ++x) {
    ASSERT_NEAR(lookup_s16(table, static_cast<int16_t>(x)), std::min(-x, 32767), 1) << x;
  }
}

TEST(Scaling, SaturatesWhateverArrives) {
  const Scaling::Slope largest = {INT32_MAX, 0};
  const Scaling s = {.in_zero_point = INT32_MAX,
                     .above = largest,
                     .below = largest,
                     .sign_below = -1,
                     .zero_point = INT32_MAX,
                     .min = -128,
                     .max = 127};
  for (const int32_t x : {INT32_MIN, -1, 0, 1, INT32_MAX}) {
    EXPECT_EQ(scale_value(s, x), 127) << x;
  }
}

// Long rows are computed in another way. Numbers so small that they have no share change nothing,
// so a row that they make long has the results that it had before.
TEST(Softmax, LongRowsAgreeWithShortOnes) {
  constexpr int32_t kShort = 256, kLong = 1000, kShares = 100;
  int32_t exp[256] = {};
  for (int d = 0; d < kShares; ++d) {
    exp[d] = static_cast<int32_t>(std::min(std::exp(-d / 10.0) * 2147483648.0, 2147483647.0));
  }
  Random random(1);
  for (int round = 0; round < 50; ++round) {
    uint8_t in[kLong] = {};
    const int32_t most = random.between(kShares, 255);
    const int32_t least = random.between(most - kShares + 1, most);
    for (int32_t c = 0; c < kShort; ++c) in[c] = static_cast<uint8_t>(random.between(least, most));
    in[0] = static_cast<uint8_t>(most);
    uint8_t few[kShort], many[kLong];
    int16_t few_wide[kShort], many_wide[kLong];
    softmax_s8_portable({in, few, 1, kShort, exp, 0});
    softmax_s8_portable({in, many, 1, kLong, exp, 0});
    softmax_s8_s16_portable({in, few_wide, 1, kShort, exp, 0});
    softmax_s8_s16_portable({in, many_wide, 1, kLong, exp, 0});
    for (int32_t c = 0; c < kShort; ++c) {
      ASSERT_EQ(many[c], few[c]) << c;
      ASSERT_EQ(many_wide[c], few_wide[c]) << c;
    }
    for (int32_t c = kShort; c < kLong; ++c) {
      ASSERT_EQ(many[c], 0) << c;
      ASSERT_EQ(many_wide[c], INT16_MIN) << c;
    }
  }
}

}  // namespace
}  // namespace pipit::test
