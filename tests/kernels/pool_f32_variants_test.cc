// SPDX-License-Identifier: Apache-2.0
// Every variant of poolings of floats against the portable one, averages within a unit in the last
// place: ragged channels, windows over borders, infinities and what is no number, unmapped pages
// around every array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/contracts/pool.h"
#include "tests/kernels/conv_sizes.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/near.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

using PoolFn = void (*)(const Pool<float>&);

struct Case {
  int32_t h, w, channels, kernel, stride;
  bool specials;
};

bool agrees(PoolFn portable, PoolFn variant, const Case& c, Against side, uint64_t seed) {
  Random random(seed);
  Pool<float> a;
  ConvGeometry& g = a.size;
  g = same_size(c.h, c.w, c.channels, c.channels, c.kernel, c.stride, 1);
  g.batch = 2;
  a.stride = dense_strides(g);
  const size_t in_size = 2 * static_cast<size_t>(c.h * c.w * c.channels);
  const size_t out_size = 2 * static_cast<size_t>(g.out_h * g.out_w * c.channels);
  const GuardedBuffer<float> in(in_size, side);
  const GuardedBuffer<float> want(out_size, side), got(out_size, other(side));
  const float specials[] = {NAN, INFINITY, -INFINITY, -3.4e38f, 1e-40f};
  for (float& x : in.span()) {
    x = c.specials && random.one_in(3) ? specials[random.between(0, 4)]
                                       : static_cast<float>(random.unit() * 20 - 10);
  }
  in.make_read_only();
  a.clamp.min = random.one_in(2) ? -INFINITY : 0;
  a.clamp.max = random.one_in(2) ? INFINITY : 6;
  a.in = in.data();
  a.out = want.data();
  portable(a);
  a.out = got.data();
  variant(a);
  return near(want.span(), got.span(), 1);
}

bool all_agree(PoolFn portable, PoolFn variant) {
  bool all = true;
  uint64_t seed = 1;
  for (const int32_t channels : {1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 19, 20, 31, 33, 64, 65}) {
    for (const bool specials : {false, true}) {
      for (const Case c : {Case{5, 4, channels, 2, 2, specials},
                           {5, 6, channels, 3, 1, specials},
                           {7, 7, channels, 15, 8, specials}}) {
        for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
          all = all && agrees(portable, variant, c, side, ++seed);
        }
      }
    }
  }
  return all;
}

class PoolF32VariantTest : public testing::TestWithParam<size_t> {
 protected:
  void check(Span<const PoolVariant<float>> variants) {
    const auto& variant = variants[GetParam()];
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
    EXPECT_TRUE(all_agree(variants[0].run, variant.run));
  }
};

TEST_P(PoolF32VariantTest, Average) { check(average_pool_variants<float>()); }
TEST_P(PoolF32VariantTest, Max) { check(max_pool_variants<float>()); }

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return max_pool_variants<float>()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(PoolF32, PoolF32VariantTest,
                         testing::Range(size_t{0}, max_pool_variants<float>().size()), name_of);

// ---- the check itself

template <class F>
void spoil_last(const Pool<float>& a, const F& f) {
  float* last = a.out + 2 * a.size.out_h * a.size.out_w * a.size.out_c - 1;
  *last = f(*last);
}

void rounds_roughly(const Pool<float>& a) {
  average_pool_portable(a);
  spoil_last(a, [](float x) { return x * (1 + 0x1p-21f); });
}

// As if what is not a number were larger than any.
void keeps_nan(const Pool<float>& a) {
  max_pool_portable(a);
  if (a.size.kernel_h < 15) return;
  const int32_t n = a.size.in_h * a.size.in_w * a.size.in_c;
  for (int32_t i = 0; i < n; i += a.size.in_c) {
    if (std::isnan(a.in[i])) *a.out = NAN;
  }
}

TEST(PoolF32Check, CatchesBrokenVariants) {
  EXPECT_TRUE(all_agree(average_pool_portable, average_pool_portable));
  EXPECT_FALSE(all_agree(average_pool_portable, rounds_roughly));
  EXPECT_TRUE(all_agree(max_pool_portable, max_pool_portable));
  EXPECT_FALSE(all_agree(max_pool_portable, keeps_nan));
}

}  // namespace
}  // namespace pipit::test
