// SPDX-License-Identifier: Apache-2.0
// Every variant of the way from sums to int8 by fixed-point multipliers against the portable one,
// bit for bit: ragged rows, extreme sums, multipliers and shifts, unmapped pages around every
// array; and variants broken on purpose.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "kernels/contracts/requantize_s8.h"
#include "kernels/math/fixed_point.h"
#include "tests/kernels/conv_variants.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {
namespace {

struct Case {
  int32_t rows, outputs;
  Fill sums;
  int32_t shift;
  int32_t gap = 0;  // bytes between rows that belong to somebody else
};

std::string describe(const Case& c) {
  return std::to_string(c.rows) + " rows of " + std::to_string(c.outputs) + ", fill " +
         std::to_string(static_cast<int>(c.sums)) + ", shift " + std::to_string(c.shift) +
         ", gap " + std::to_string(c.gap);
}

bool agrees(const RequantizeS8Variant& variant, const RequantizeS8Variant& portable, const Case& c,
            Against side, uint64_t seed) {
  Random random(seed);
  const auto rows = static_cast<size_t>(c.rows), outputs = static_cast<size_t>(c.outputs);
  const size_t bytes = rows * (outputs + static_cast<size_t>(c.gap)) - static_cast<size_t>(c.gap);
  const GuardedBuffer<int32_t> sums(rows * outputs, side), terms(rows, side);
  const GuardedBuffer<int8_t> want(bytes, side), got(bytes, other(side));
  fill(sums.span(), c.sums, &random);
  if (c.sums == Fill::kRandom) {
    for (int32_t& s : sums.span()) s >>= random.between(0, 24);
  }
  fill(terms.span(), random.one_in(2) ? Fill::kSmall : Fill::kRandom, &random);
  for (const auto* b : {&sums, &terms}) b->make_read_only();
  RequantizeS8 a = {c.rows, c.outputs, sums.data(), terms.data(), want.data(), c.outputs + c.gap};
  const int32_t multipliers[] = {1 << 30, INT32_MAX, random.between(1 << 30, INT32_MAX), 0};
  a.multiplier = multipliers[random.one_in(20) ? 3 : random.between(0, 2)];
  a.shift = c.shift;
  a.zero_point = random.between(-128, 127);
  portable.run(a);
  a.out = got.data();
  variant.run(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t outputs : {1, 2, 7, 15, 16, 17, 31, 32, 33, 100}) {
    for (const int32_t shift : {-31, -30, -12, -7, -3, -1, 0, 1, 5, 30}) {
      for (int i = 0; i < 4; ++i) visit(Case{2, outputs, Fill::kRandom, shift});
      for (const Fill sums : kFills) visit(Case{1, outputs, sums, shift});
    }
    visit(Case{3, outputs, Fill::kRandom, -6, 5});
  }
}

constexpr auto kEachCase = [](const auto& visit) { for_each_case(visit); };

class RequantizeS8VariantTest : public testing::TestWithParam<RequantizeS8Variant> {};

TEST_P(RequantizeS8VariantTest, EqualsPortable) {
  expect_agrees_with_portable(GetParam(), requantize_s8_variants()[0], kEachCase);
}

INSTANTIATE_TEST_SUITE_P(RequantizeS8, RequantizeS8VariantTest,
                         testing::ValuesIn(requantize_s8_variants().begin(),
                                           requantize_s8_variants().end()),
                         variant_name<RequantizeS8>);

// ---- the check itself

// Rounds halves of negative numbers up.
void rounds_up(const RequantizeS8& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    for (int32_t o = 0; o < a.outputs; ++o) {
      const auto sum = static_cast<uint32_t>(a.sums[r * a.outputs + o]);
      const auto x = static_cast<int32_t>(sum + static_cast<uint32_t>(a.terms[r]));
      const int right = a.shift < 0 ? -a.shift : 0;
      const int64_t high = multiply(x, a.multiplier, a.shift + right);
      const int64_t y = (right == 0 ? high : ((high >> (right - 1)) + 1) >> 1) + a.zero_point;
      a.out[r * a.out_stride + o] = static_cast<int8_t>(std::clamp<int64_t>(y, -128, 127));
    }
  }
}

// Forgets the terms behind the first row's.
void one_term(const RequantizeS8& a) {
  RequantizeS8 row = a;
  row.rows = 1;
  for (int32_t r = 0; r < a.rows; ++r, row.sums += a.outputs, row.out += a.out_stride) {
    requantize_s8_portable(row);
  }
}

TEST(RequantizeS8Check, CatchesBrokenVariants) {
  const auto& portable = requantize_s8_variants()[0];
  EXPECT_FALSE(is_caught(requantize_s8_portable, portable, kEachCase));
  EXPECT_TRUE(is_caught(rounds_up, portable, kEachCase));
  EXPECT_TRUE(is_caught(one_term, portable, kEachCase));
}

}  // namespace
}  // namespace pipit::test
