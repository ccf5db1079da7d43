// SPDX-License-Identifier: Apache-2.0
// Every variant of the depthwise convolutions of 8-bit numbers against the portable one: ragged
// sizes, extreme numbers, unmapped pages around every array; and variants broken on purpose, which
// the check must catch.
#include <gtest/gtest.h>

#include "tests/kernels/conv_cases.h"

namespace pipit::test {
namespace {

// Calls visit(case) for windows that kernels know by size and others, channels around every border
// of their blocks, several outputs a channel, and every fill.
template <class Visit>
void for_each_case(const Visit& visit) {
  const auto with_fills = [&](const ConvGeometry& size) {
    for (const Fill input : kConvFills) {
      for (const Fill weights : kConvFills) visit(Case{size, input, weights, kShifts[0]});
    }
    // Nine, or five, of these weights sum up to no more than 255, and others to a little more.
    for (const Fill input : {Fill::kRandom, Fill::kAllMin}) {
      for (const Fill weights : {Fill::kSmall, Fill::kUpTo51}) {
        visit(Case{size, input, weights, kShifts[0]});
      }
    }
    for (const Shifts shifts : kShifts) visit(Case{size, Fill::kRandom, Fill::kRandom, shifts});
  };
  for (const int32_t kernel : {1, 2, 3, 4, 5, 7}) {
    for (const int32_t stride : {1, 2, 3}) {
      for (const int32_t channels : {1, 7, 8, 9, 24}) {
        with_fills(same_size(6, 9, channels, channels, kernel, stride, 1));
      }
    }
  }
  for (const int32_t h : {1, 2, 5}) {
    for (const int32_t w : {1, 2, 3, 12}) with_fills(same_size(h, w, 16, 16, 3, 1, 1));
  }
  for (const int32_t dilation : {2, 4}) {
    with_fills(same_size(9, 8, 10, 10, 3, 1, dilation));
    with_fills(same_size(9, 8, 10, 10, 5, 2, dilation));
  }
  for (const int32_t multiplier : {2, 3, 8}) {
    for (const int32_t channels : {1, 2, 9}) {
      with_fills(same_size(5, 6, channels, channels * multiplier, 3, 1, 1));
    }
  }
  ConvGeometry tall = same_size(13, 5, 1, 8, 3, 2, 1);
  tall.kernel_h = 10;
  tall.kernel_w = 8;
  with_fills(tall);
  ConvGeometry two = same_size(5, 6, 9, 9, 3, 1, 1);
  two.batch = 2;
  with_fills(two);
  // More columns than scratch memory holds, bands of rows, and windows of other kernels.
  visit(Case{same_size(3, 300, 8, 8, 3, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]});
  for (const Fill weights : {Fill::kRandom, Fill::kNeverMin}) {
    visit(Case{same_size(40, 40, 64, 64, 3, 1, 1), Fill::kRandom, weights, kShifts[0]});
    visit(Case{same_size(80, 80, 20, 20, 3, 2, 1), Fill::kRandom, weights, kShifts[0]});
  }
  visit(Case{same_size(40, 40, 8, 8, 33, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]});
}

constexpr auto kEachCase = [](const auto& visit) { for_each_case(visit); };

template <class Args>
class Variants : public testing::TestWithParam<KernelVariant<Args>> {};

using DepthwiseS8Variants = Variants<DepthwiseS8>;
using DepthwiseU8Variants = Variants<DepthwiseU8>;

TEST_P(DepthwiseS8Variants, EqualPortable) {
  expect_agrees_with_portable(GetParam(), depthwise_s8_variants()[0], kEachCase);
}
TEST_P(DepthwiseU8Variants, EqualPortable) {
  expect_agrees_with_portable(GetParam(), depthwise_u8_variants()[0], kEachCase);
}

INSTANTIATE_TEST_SUITE_P(DepthwiseS8, DepthwiseS8Variants,
                         testing::ValuesIn(depthwise_s8_variants().begin(),
                                           depthwise_s8_variants().end()),
                         variant_name<DepthwiseS8>);
INSTANTIATE_TEST_SUITE_P(DepthwiseU8, DepthwiseU8Variants,
                         testing::ValuesIn(depthwise_u8_variants().begin(),
                                           depthwise_u8_variants().end()),
                         variant_name<DepthwiseU8>);

TEST(DepthwiseScratch, PartsNeedNoMore) {
  expect_parts_need_no_more<GuardedConv>(depthwise_s8_variants(), kParts, kEachCase);
}

// ---- the check itself

// Mirrors the window.
void swaps_taps(const DepthwiseS8& a) {
  DepthwiseS8 b = a;
  const int32_t taps = a.size.kernel_h * a.size.kernel_w;
  b.weights = a.weights + ptrdiff_t{taps - 1} * a.weights_tap;
  b.weights_tap = -a.weights_tap;
  depthwise_s8_portable(b);
}

// Forgets the last row of the output.
void one_row_short(const DepthwiseS8& a) {
  DepthwiseS8 b = a;
  b.size.out_h -= 1;
  depthwise_s8_portable(b);
}

TEST(DepthwiseCheck, CatchesBrokenVariants) {
  const auto& s8 = depthwise_s8_variants()[0];
  EXPECT_FALSE(is_caught(depthwise_s8_portable, s8, kEachCase));
  EXPECT_TRUE(is_caught(swaps_taps, s8, kEachCase));
  EXPECT_TRUE(is_caught(one_row_short, s8, kEachCase));
}

}  // namespace
}  // namespace pipit::test
