// SPDX-License-Identifier: Apache-2.0
// How a convolution is cut into calls: those whose scratch memory is asked for have all the sizes
// that run, and there are few of them whatever the sizes are.
#include "kernels/ops/conv_calls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "tests/support/random.h"

namespace pipit::test {
namespace {

using Sizes = std::array<int32_t, 12>;

Sizes sizes_of(const ConvGeometry& g) {
  return {g.batch, g.in_h,     g.in_w,     g.in_c,     g.out_h,   g.out_w,
          g.out_c, g.kernel_h, g.kernel_w, g.stride_h, g.pad_top, g.pad_left};
}

struct Cut {
  ConvCuts plan;
  ConvCall whole;
};

// Whole input channels with all their outputs.
void make_depthwise(Random& random, Cut* cut) {
  ConvGeometry& f = cut->whole.size;
  const int32_t outputs = random.between(1, 3);
  f.in_c = random.between(1, 20);
  f.out_c = f.in_c * outputs;
  cut->plan.depthwise = true;
  cut->plan.group_channels = outputs;
  cut->plan.block = outputs * random.between(1, f.in_c);
  cut->plan.split.unit *= outputs;
}

Cut random_cut(Random& random) {
  Cut cut;
  ConvGeometry& f = cut.whole.size;
  f.batch = random.between(1, 9);
  for (int32_t* size : {&f.in_h, &f.in_w, &f.out_h, &f.out_w}) *size = random.between(1, 12);
  for (int32_t* size : {&f.kernel_h, &f.kernel_w, &f.stride_h, &f.stride_w}) {
    *size = random.between(1, 6);
  }
  f.pad_top = random.between(0, f.kernel_h - 1);
  f.pad_left = random.between(0, f.kernel_w - 1);
  f.in_c = 4;
  cut.plan.group_channels = random.between(1, 20);
  f.out_c = cut.plan.group_channels * random.between(1, 6);
  cut.plan.block = random.between(1, cut.plan.group_channels);
  cut.plan.transposed = random.one_in(2);
  if (cut.plan.transposed) f.batch = 1;
  cut.plan.split.channels = random.one_in(2);
  cut.plan.split.shares = random.between(1, 7);
  cut.plan.split.unit = random.between(1, 4);
  if (!cut.plan.transposed && random.one_in(3)) make_depthwise(random, &cut);
  return cut;
}

TEST(ConvCalls, KindsHaveAllSizes) {
  Random random(1);
  for (int i = 0; i < 3'000; ++i) {
    const Cut cut = random_cut(random);
    for (int32_t share = 0; share < cut.plan.split.shares; ++share) {
      std::set<Sizes> run, kinds;
      for_calls(cut.plan, cut.whole, share,
                [&](const ConvCall& call) { run.insert(sizes_of(call.size)); });
      for_kinds_of_calls(cut.plan, cut.whole, share,
                         [&](const ConvCall& call) { kinds.insert(sizes_of(call.size)); });
      ASSERT_TRUE(std::includes(kinds.begin(), kinds.end(), run.begin(), run.end())) << i;
    }
  }
}

// Each element of the output belongs to one call, and reads the channels of its own group.
TEST(ConvCalls, CoverTheOutputOnce) {
  Random random(2);
  for (int i = 0; i < 500; ++i) {
    Cut cut = random_cut(random);
    ConvGeometry& f = cut.whole.size;
    const int32_t groups = f.out_c / cut.plan.group_channels;
    cut.whole.stride = dense_strides(f);
    if (!cut.plan.depthwise) cut.whole.stride.in_pixel = groups * f.in_c;
    std::vector<int> seen(static_cast<size_t>(f.batch * f.out_h * f.out_w * f.out_c));
    for (int32_t share = 0; share < cut.plan.split.shares; ++share) {
      for_calls(cut.plan, cut.whole, share, [&](const ConvCall& call) {
        const ptrdiff_t channel = call.in % call.stride.in_pixel;
        const int32_t group = call.first_channel / cut.plan.group_channels;
        ASSERT_EQ(channel, group * (cut.plan.depthwise ? 1 : f.in_c)) << i;
        const int32_t rows = call.size.batch * call.size.out_h;
        for (int32_t y = 0; y < rows; ++y) {
          for (int32_t x = 0; x < call.size.out_w; ++x) {
            const ptrdiff_t at = call.out + call.first_channel +
                                 ptrdiff_t{y} * call.stride.out_row +
                                 ptrdiff_t{x} * call.stride.out_pixel;
            for (int32_t c = 0; c < call.size.out_c; ++c) ++seen.at(static_cast<size_t>(at + c));
          }
        }
      });
    }
    ASSERT_TRUE(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; })) << i;
  }
}

TEST(ConvCalls, KindsAreFew) {
  constexpr int32_t kHuge = (1 << 30) + 1;
  constexpr int kFew = 2000;
  for (const bool transposed : {false, true}) {
    Cut cut;
    ConvGeometry& f = cut.whole.size;
    f = {.batch = transposed ? 1 : kHuge,
         .in_h = 1,
         .in_w = 1,
         .in_c = 1,
         .out_h = 1,
         .out_w = 1,
         .out_c = kHuge,
         .kernel_h = 3,
         .kernel_w = 3};
    if (transposed) f.out_h = f.out_w = f.stride_h = f.stride_w = 1 << 15;
    cut.plan.group_channels = cut.plan.block = 1;
    cut.plan.transposed = transposed;
    cut.plan.split.shares = 3;
    int visits = 0;
    for (int32_t share = 0; share < cut.plan.split.shares; ++share) {
      for_kinds_of_calls(cut.plan, cut.whole, share,
                         [&](const ConvCall&) { ASSERT_LT(++visits, kFew); });
    }
    EXPECT_GT(visits, 0);
  }
}

}  // namespace
}  // namespace pipit::test
