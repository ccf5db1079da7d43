// SPDX-License-Identifier: Apache-2.0
// Every variant of the fully connected layer of int8 against the portable one: ragged sizes,
// extreme numbers and scales, products that are exact halves, unmapped pages around every array;
// and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "kernels/contracts/dense_s8.h"
#include "tests/support/any_scale.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {
namespace {

struct Case {
  int32_t rows, outputs, depth;
  Fill in, weights;
  bool start, per_channel;
};

using Kernel = void (*)(const DenseS8&);

bool agrees(Kernel portable, Kernel variant, const Case& c, Against side, uint64_t seed) {
  Random random(seed);
  const auto rows = static_cast<size_t>(c.rows), outputs = static_cast<size_t>(c.outputs);
  const auto depth = static_cast<size_t>(c.depth);
  const GuardedBuffer<int8_t> in(rows * depth, side), weights(outputs * depth, side);
  const GuardedBuffer<int32_t> start(outputs, side), sums(rows * outputs, side);
  const GuardedBuffer<double> scale(c.per_channel ? outputs : 1, side);
  const GuardedBuffer<int8_t> want(rows * outputs, side), got(rows * outputs, other(side));
  fill(in.span(), c.in, &random);
  fill(weights.span(), c.weights, &random);
  fill(start.span(), Fill::kRandom, &random);
  for (int32_t& s : start.span()) s >>= 16;
  // Of usual magnitude for such sums, mostly.
  for (double& s : scale.span()) s = any_scale(&random) / (random.one_in(8) ? 1 : 1 << 8);
  for (const auto* b : {&in, &weights}) b->make_read_only();
  start.make_read_only();
  scale.make_read_only();
  MatmulS8 m;
  m.rows = c.rows;
  m.outputs = c.outputs;
  m.depth = c.depth;
  m.in = in.data();
  m.weights = weights.data();
  m.start = c.start ? start.data() : nullptr;
  m.out = sums.data();
  m.in_stride = c.depth;
  m.out_stride = c.outputs;
  m.no_weight_is_min = c.weights == Fill::kNeverMin;
  RescaleS8 r;
  r.rows = c.rows;
  r.outputs = c.outputs;
  r.sums = sums.data();
  r.sums_stride = r.out_stride = c.outputs;
  r.scale = scale.data();
  r.scale_step = c.per_channel ? 1 : 0;
  r.zero_point = random.between(-128, 127);
  r.min = random.one_in(2) ? -128 : random.between(-128, r.zero_point);
  r.max = random.one_in(2) ? 127 : random.between(r.zero_point, 127);
  r.out = want.data();
  portable({m, r});
  std::fill_n(sums.data(), rows * outputs, 12345);
  r.out = got.data();
  variant({m, r});
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t depth : {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 100, 257}) {
    for (const int32_t outputs : {1, 2, 3, 8, 15, 16, 17, 31, 32, 40, 65}) {
      for (const bool per_channel : {false, true}) {
        visit(Case{2, outputs, depth, Fill::kRandom, Fill::kRandom, true, per_channel});
        visit(Case{1, outputs, depth, Fill::kSmall, Fill::kRandom, false, per_channel});
        visit(Case{3, outputs, depth, Fill::kRandom, Fill::kNeverMin, true, per_channel});
      }
    }
    for (const Fill in : kFills) {
      for (const Fill weights : kFills) visit(Case{1, 27, depth, in, weights, true, false});
    }
  }
}

class DenseVariantTest : public testing::TestWithParam<size_t> {};

TEST_P(DenseVariantTest, Int8EqualsPortable) {
  const auto& variant = dense_s8_variants()[GetParam()];
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  uint64_t seed = 1;
  for_each_case([&](const Case& c) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees(dense_s8_portable, variant.run, c, side, ++seed))
          << c.rows << " rows, " << c.outputs << " outputs, depth " << c.depth << ", fills "
          << static_cast<int>(c.in) << " and " << static_cast<int>(c.weights)
          << (c.per_channel ? ", per channel" : "") << ", seed " << seed;
    }
  });
}

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return dense_s8_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(Dense, DenseVariantTest,
                         testing::Range(size_t{0}, dense_s8_variants().size()), name_of);

// ---- the check itself

void rounds_to_even(const DenseS8& a) {
  dense_s8_portable(a);
  const RescaleS8& r = a.rescale;
  for (int32_t i = 0; i < r.rows * r.outputs; ++i) {
    const double x = r.sums[i] * r.scale[i % r.outputs * r.scale_step] + r.zero_point;
    r.out[i] = static_cast<int8_t>(std::clamp(std::nearbyint(x), 1.0 * r.min, 1.0 * r.max));
  }
}

// The first outputs where those behind the last sixteen should be.
void repeats_columns(const DenseS8& a) {
  dense_s8_portable(a);
  const int32_t n = a.rescale.outputs, whole = n / 16 * 16;
  if (whole != 0 && n != whole) {
    std::memmove(a.rescale.out + whole, a.rescale.out, static_cast<size_t>(n - whole));
  }
}

void ignores_start(const DenseS8& a) {
  MatmulS8 m = a.matmul;
  m.start = nullptr;
  dense_s8_portable({m, a.rescale});
}

TEST(DenseCheck, CatchesBrokenVariants) {
  const auto caught = [](Kernel broken) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case([&](const Case& c) {
      all = all && agrees(dense_s8_portable, broken, c, Against::kUpperGuard, ++seed);
    });
    return !all;
  };
  EXPECT_FALSE(caught(dense_s8_portable));
  EXPECT_TRUE(caught(rounds_to_even));
  EXPECT_TRUE(caught(repeats_columns));
  EXPECT_TRUE(caught(ignores_start));
}

}  // namespace
}  // namespace pipit::test
