// SPDX-License-Identifier: Apache-2.0
// Every variant of softmax against the portable one, floats within some units in the last place:
// short and long rows, results in the input's place, infinities and what is no number, unmapped
// pages around every array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/contracts/softmax.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/near.h"

namespace pipit::test {
namespace {

constexpr int32_t kDepths[] = {1,  2,  3,  4,  5,  7,   8,   9,   15,  16,   17,
                               20, 31, 33, 64, 99, 255, 256, 257, 300, 1001, 3000};

// ---- float32

// Of 2^-23 of the result: the exponentials' errors and the quotient's, and those of the portable
// kernel's sum, which has but one total.
float units(int32_t depth) { return 8 + static_cast<float>(depth) / 32; }

struct CaseF32 {
  int32_t depth;
  float beta, range;
  bool specials, in_place;
};

template <class Close>
bool agrees(SoftmaxF32Fn portable, SoftmaxF32Fn variant, const CaseF32& c, Against side,
            uint64_t seed, const Close& close) {
  Random random(seed);
  constexpr int32_t kRows = 3;
  const auto count = static_cast<size_t>(c.depth * kRows);
  const GuardedBuffer<float> in(count, side), want(count, side), got(count, other(side));
  const float specials[] = {NAN, INFINITY, -INFINITY, -3e38f};
  for (float& x : in.span()) {
    x = c.specials && random.one_in(8) ? specials[random.between(0, 3)]
                                       : c.range * static_cast<float>(random.unit() - 0.5);
  }
  in.make_read_only();
  std::copy(in.span().begin(), in.span().end(), got.span().begin());
  SoftmaxF32 a = {in.data(), want.data(), kRows, c.depth, c.beta};
  portable(a);
  a.in = c.in_place ? got.data() : in.data();
  a.out = got.data();
  variant(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin(), close);
}

bool agrees(SoftmaxF32Fn variant, const CaseF32& c, Against side, uint64_t seed) {
  const auto close = [&](float a, float b) { return near(a, b, units(c.depth)); };
  return agrees(softmax_f32_portable, variant, c, side, seed, close);
}

// Units of the sum are as many of 2^-23 in its logarithm.
struct LogOfSoftmax {
  SoftmaxF32Fn run;
};

bool agrees(LogOfSoftmax variant, const CaseF32& c, Against side, uint64_t seed) {
  const auto close = [&](float a, float b) {
    return near(a, b, 1) || std::abs(a - b) <= units(c.depth) * 0x1p-23f;
  };
  return agrees(log_softmax_f32_portable, variant.run, c, side, seed, close);
}

template <class Visit>
void for_each_f32(const Visit& visit) {
  for (const int32_t depth : kDepths) {
    for (const float beta : {1.0f, 0.5f, 0.0f, -1.0f}) {
      for (const float range : {0.0f, 2.0f, 40.0f, 400.0f}) {
        visit(CaseF32{depth, beta, range, false, range > 2});
        visit(CaseF32{depth, beta, range, true, false});
      }
    }
  }
}

// ---- 8 bits

struct CaseS8 {
  int32_t depth;
  bool is_signed, in_place;
  Fill fill;
};

bool agrees(SoftmaxS8Fn variant, const CaseS8& c, Against side, uint64_t seed) {
  Random random(seed);
  constexpr int32_t kRows = 2;
  const auto count = static_cast<size_t>(c.depth * kRows);
  const GuardedBuffer<uint8_t> in(count, side), want(count, side), got(count, other(side));
  fill(in.span(), c.fill, &random);
  in.make_read_only();
  const GuardedBuffer<int32_t> exp(256, side);
  const double factor = random.one_in(3) ? 1 : 1 - random.unit() / 4;
  double e = INT32_MAX;
  for (int32_t& x : exp.span()) {
    x = static_cast<int32_t>(e);
    e *= factor;
  }
  std::copy(in.span().begin(), in.span().end(), got.span().begin());
  SoftmaxS8 a = {in.data(), want.data(), kRows, c.depth, exp.data(), 0};
  a.flip = c.is_signed ? 0x80 : 0;
  softmax_s8_portable(a);
  a.in = c.in_place ? got.data() : in.data();
  a.out = got.data();
  variant(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_s8(const Visit& visit) {
  for (const int32_t depth : kDepths) {
    for (const Fill fill : kFills) {
      for (const bool in_place : {false, true}) {
        visit(CaseS8{depth, false, in_place, fill});
        visit(CaseS8{depth, true, in_place, fill});
      }
    }
  }
}

// ---- all variants

constexpr auto kEachF32 = [](const auto& visit) { for_each_f32(visit); };
constexpr auto kEachS8 = [](const auto& visit) { for_each_s8(visit); };

template <class Fn, class Each>
bool all_agree(Fn variant, const Each& each_case) {
  bool all = true;
  uint64_t seed = 1;
  each_case([&](const auto& c) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      all = all && agrees(variant, c, side, ++seed);
    }
  });
  return all;
}

template <class Fn, class Variant, class Each>
void check(const Variant& variant, const Each& each_case) {
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  EXPECT_TRUE(all_agree(Fn{variant.run}, each_case));
}

class SoftmaxVariantTest : public testing::TestWithParam<size_t> {};

TEST_P(SoftmaxVariantTest, F32) {
  check<SoftmaxF32Fn>(softmax_f32_variants()[GetParam()], kEachF32);
}
TEST_P(SoftmaxVariantTest, LogF32) {
  check<LogOfSoftmax>(log_softmax_f32_variants()[GetParam()], kEachF32);
}
TEST_P(SoftmaxVariantTest, S8) { check<SoftmaxS8Fn>(softmax_s8_variants()[GetParam()], kEachS8); }

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return softmax_s8_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(Softmax, SoftmaxVariantTest,
                         testing::Range(size_t{0}, softmax_s8_variants().size()), name_of);

// ---- the check itself

TEST(SoftmaxCheck, TheListsAreAlike) {
  ASSERT_EQ(softmax_f32_variants().size(), softmax_s8_variants().size());
  ASSERT_EQ(log_softmax_f32_variants().size(), softmax_s8_variants().size());
}

// Without the maximum, exponentials overflow.
void overflows(const SoftmaxF32& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const float* in = a.in + static_cast<ptrdiff_t>(r) * a.depth;
    float* out = a.out + static_cast<ptrdiff_t>(r) * a.depth;
    float sum = 0;
    for (int32_t c = 0; c < a.depth; ++c) sum += out[c] = std::exp(in[c] * a.beta);
    for (int32_t c = 0; c < a.depth; ++c) out[c] /= sum;
  }
}

// Loses what is far below the largest.
void log_of_quotient(const SoftmaxF32& a) {
  softmax_f32_portable(a);
  for (int32_t i = 0; i < a.rows * a.depth; ++i) a.out[i] = std::log(a.out[i]);
}

// Takes uint8 for int8 and the other way round.
void ignores_signs(const SoftmaxS8& a) {
  SoftmaxS8 b = a;
  b.flip = 0;
  softmax_s8_portable(b);
}

// One unit too much in the last of a long row.
void errs_by_one(const SoftmaxS8& a) {
  softmax_s8_portable(a);
  if (a.depth > 1000) ++static_cast<uint8_t*>(a.out)[a.depth - 1];
}

TEST(SoftmaxCheck, CatchesBrokenVariants) {
  EXPECT_TRUE(all_agree(softmax_f32_portable, kEachF32));
  EXPECT_FALSE(all_agree(overflows, kEachF32));
  EXPECT_TRUE(all_agree(LogOfSoftmax{log_softmax_f32_portable}, kEachF32));
  EXPECT_FALSE(all_agree(LogOfSoftmax{log_of_quotient}, kEachF32));
  EXPECT_TRUE(all_agree(softmax_s8_portable, kEachS8));
  EXPECT_FALSE(all_agree(ignores_signs, kEachS8));
  EXPECT_FALSE(all_agree(errs_by_one, kEachS8));
}

}  // namespace
}  // namespace pipit::test
