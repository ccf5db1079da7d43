// SPDX-License-Identifier: Apache-2.0
// Reductions over random dimensions of random shapes, against a loop over single elements.
#include "kernels/contracts/reduce.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/contracts/mean_s8.h"
#include "kernels/math/fold.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

struct Shapes {
  std::vector<int32_t> in, out;  // the output keeps reduced dimensions as 1
  int32_t elements = 1, outputs = 1;

  BroadcastDims in_dims() const { return {in.data(), static_cast<int32_t>(in.size())}; }
  BroadcastDims out_dims() const { return {out.data(), static_cast<int32_t>(out.size())}; }

  // The output that element `i` belongs to.
  int32_t output_of(int32_t i) const {
    int32_t output = 0, step = 1;
    for (size_t d = in.size(); d-- > 0; i /= in[d]) {
      if (out[d] == 1) continue;
      output += i % in[d] * step;
      step *= out[d];
    }
    return output;
  }
};

Shapes random_shapes(Random& random) {
  Shapes s;
  s.in.resize(static_cast<size_t>(random.between(0, 6)));
  s.out = s.in;
  for (size_t d = 0; d < s.in.size(); ++d) {
    s.in[d] = random.one_in(3) ? 1 : random.between(1, 20 / static_cast<int32_t>(s.in.size()) + 1);
    s.out[d] = random.one_in(2) ? 1 : s.in[d];
    s.elements *= s.in[d];
    s.outputs *= s.out[d];
  }
  return s;
}

template <class T, class Fold>
void expect_fold(ReduceFn kernel) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    const Shapes s = random_shapes(random);
    std::vector<T> in(static_cast<size_t>(s.elements));
    for (T& x : in) x = static_cast<T>(random.bits());
    std::vector<T> expected(static_cast<size_t>(s.outputs), Fold::start()), actual(expected.size());
    for (int32_t i = 0; i < s.elements; ++i) {
      T& total = expected[static_cast<size_t>(s.output_of(i))];
      total = Fold()(total, in[static_cast<size_t>(i)]);
    }
    const BroadcastDims out = s.out_dims();
    kernel({.walk = make_broadcast(s.in_dims(), &out, 1),
            .in = in.data(),
            .totals = actual.data(),
            .outputs = s.outputs});
    ASSERT_EQ(actual, expected) << "round " << round;
  }
}

TEST(Reduce, FoldsEveryElementOnce) {
  expect_fold<uint64_t, FoldSum<uint64_t>>(reduce_sum<int64_t, uint64_t>);
  expect_fold<int32_t, FoldProduct<int32_t>>(reduce_product<int32_t>);
  expect_fold<int8_t, FoldMax<int8_t>>(reduce_max<int8_t>);
  expect_fold<int16_t, FoldMin<int16_t>>(reduce_min<int16_t>);
}

TEST(Reduce, StartsExtremesWhereTheReferenceDoes) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const float in[] = {kNaN, 1, 3, 2};
  const int32_t dims[] = {4}, kept[] = {1};
  const BroadcastDims out = {kept, 1};
  float total = 0;
  Reduce reduce = {
      .walk = make_broadcast({dims, 1}, &out, 1), .in = in, .totals = &total, .outputs = 1};
  reduce_max<float>(reduce);
  EXPECT_EQ(total, 3);
  reduce.from_first = true;
  reduce_max<float>(reduce);
  EXPECT_TRUE(std::isnan(total));
}

// More values than an int32 can add up: sums wrap instead of overflowing.
TEST(MeanS8, Wraps) {
  constexpr int32_t kRows = 3 << 20;
  const std::vector<int8_t> in(kRows, -128);
  int8_t out = 0;
  mean_s8_portable({.in = in.data(),
                    .out = &out,
                    .rows = kRows,
                    .bias = INT32_MIN,
                    .multiplier = 1 << 30,
                    .shift = -23});
  // -2^31 - 3 * 2^27 wraps to 13 * 2^27, which times 2^-24 is 104.
  EXPECT_EQ(out, 104);
}

}  // namespace
}  // namespace pipit::test
