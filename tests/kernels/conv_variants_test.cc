// SPDX-License-Identifier: Apache-2.0
// Every variant of the convolutions of 8-bit numbers against the portable one: ragged sizes,
// extreme numbers, unmapped pages around every array; and variants broken on purpose, which the
// check must catch.
#include <gtest/gtest.h>

#include "tests/kernels/conv_cases.h"

namespace pipit::test {
namespace {

// Calls visit(case) for sizes around every border of the kernels' blocks, with every fill.
template <class Visit>
void for_each_case(const Visit& visit) {
  const auto with_fills = [&](const ConvGeometry& size) {
    for (const Fill input : kConvFills) {
      for (const Fill weights : kConvFills) visit(Case{size, input, weights, kShifts[0]});
    }
    for (const Shifts shifts : kShifts) visit(Case{size, Fill::kRandom, Fill::kRandom, shifts});
  };
  for (const int32_t depth : {1, 3, 4, 7, 8, 9, 12, 15, 16, 17, 24, 28, 31, 32, 33, 64, 100}) {
    for (const int32_t outputs : {1, 3, 4, 5, 7, 8, 9, 17}) {
      with_fills(same_size(1, 5, depth, outputs, 1, 1, 1));
    }
    for (const int32_t positions : {1, 2, 3, 4, 7, 8, 9, 16, 17}) {
      with_fills(same_size(1, positions, depth, 8, 1, 1, 1));
    }
  }
  for (const int32_t channels : {1, 3, 8, 13}) {
    for (const int32_t stride : {1, 2, 3}) {
      with_fills(same_size(6, 7, channels, 9, 3, stride, 1));
      with_fills(same_size(6, 7, channels, 9, 1, stride, 1));
    }
    with_fills(same_size(9, 7, channels, 4, 3, 1, 2));
    with_fills(same_size(7, 9, channels, 4, 5, 2, 1));
  }
  for (const int32_t batch : {2, 3}) {
    for (const int32_t kernel : {1, 3}) {
      ConvGeometry g = same_size(5, 7, 8, 9, kernel, 1, 1);
      g.batch = batch;
      with_fills(g);
    }
  }
  // Windows that are read in a copy of the image, with steps of sixteen, eight and four bytes.
  for (const int32_t channels : {16, 20, 24, 28}) {
    with_fills(same_size(5, 6, channels, 8, 3, 1, 1));
    visit(Case{same_size(7, 6, channels, 8, 3, 2, 2), Fill::kRandom, Fill::kRandom, kShifts[0]});
  }
  // Rows of the output that are apart, some of them shorter than a tile.
  for (const int32_t depth : {8, 16, 24, 28, 32, 40}) {
    for (const int32_t columns : {1, 3, 4, 5, 8, 9, 13}) {
      visit(Case{same_size(3, columns, depth, 17, 1, 1, 1), Fill::kRandom, Fill::kNeverMin,
                 kShifts[0], 5});
    }
  }
  visit(Case{same_size(3, 5, 3, 8, 3, 1, 1), Fill::kRandom, Fill::kNeverMin, kShifts[0], 5});
  // Rows that are longer than a copy may be.
  visit(Case{same_size(2, 200, 64, 9, 3, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]});
  visit(Case{same_size(1, 2500, 16, 8, 1, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]});
  // More than one block of gathered rows, and weights that are packed a panel at a time.
  visit(Case{same_size(24, 24, 33, 10, 3, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]});
  visit(Case{same_size(3, 3, 640, 130, 1, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]});
}

template <class Args>
class Variants : public testing::TestWithParam<KernelVariant<Args>> {};

using ConvS8Variants = Variants<ConvS8>;
using ConvU8Variants = Variants<ConvU8>;

constexpr auto kEachCase = [](const auto& visit) { for_each_case(visit); };

TEST_P(ConvS8Variants, EqualPortable) {
  expect_agrees_with_portable(GetParam(), conv_s8_variants()[0], kEachCase);
}
TEST_P(ConvU8Variants, EqualPortable) {
  expect_agrees_with_portable(GetParam(), conv_u8_variants()[0], kEachCase);
}

INSTANTIATE_TEST_SUITE_P(ConvS8, ConvS8Variants,
                         testing::ValuesIn(conv_s8_variants().begin(), conv_s8_variants().end()),
                         variant_name<ConvS8>);
INSTANTIATE_TEST_SUITE_P(ConvU8, ConvU8Variants,
                         testing::ValuesIn(conv_u8_variants().begin(), conv_u8_variants().end()),
                         variant_name<ConvU8>);

TEST(ConvScratch, PartsNeedNoMore) {
  expect_parts_need_no_more<GuardedConv>(conv_s8_variants(), kParts, kEachCase);
  expect_parts_need_no_more<GuardedConv>(conv_u8_variants(), kParts, kEachCase);
}

// ---- the check itself

// Is one too large where a sum is negative, as when halves are rounded the wrong way.
void rounds_wrong(const ConvS8& a) {
  conv_s8_portable(a);
  if (a.bias[0] < 0) a.out[0] = static_cast<int8_t>(a.out[0] ^ 1);
}

// Forgets the last channel.
void one_channel_short(const ConvS8& a) {
  const int8_t before = a.out[a.size.out_c - 1];
  conv_s8_portable(a);
  a.out[a.size.out_c - 1] = before;
}

// Takes zero for what lies outside of the image.
void pads_with_zero(const ConvS8& a) {
  ConvS8 b = a;
  b.in_zero_point = 0;
  conv_s8_portable(b);
}

// Takes the weights for symmetric.
void forgets_zero_point(const ConvU8& a) {
  ConvU8 b = a;
  b.weights_zero_point = 128;
  conv_u8_portable(b);
}

// Reads one byte behind the weights.
void reads_too_far(const ConvS8& a) {
  conv_s8_portable(a);
  const int32_t n = a.size.out_c * a.size.kernel_h * a.size.kernel_w * a.size.in_c;
  const volatile int8_t* weights = a.weights;
  (void)weights[n];
}

TEST(ConvCheck, CatchesBrokenVariants) {
  const auto& s8 = conv_s8_variants()[0];
  EXPECT_FALSE(is_caught(conv_s8_portable, s8, kEachCase));
  EXPECT_TRUE(is_caught(rounds_wrong, s8, kEachCase));
  EXPECT_TRUE(is_caught(one_channel_short, s8, kEachCase));
  EXPECT_TRUE(is_caught(pads_with_zero, s8, kEachCase));
  EXPECT_TRUE(is_caught(forgets_zero_point, conv_u8_variants()[0], kEachCase));
}

TEST(ConvCheck, ReadingBehindTheWeightsDies) {
  const ConvS8Variant variant = {"broken", kCpuPortable, reads_too_far, nullptr};
  const Case c = {same_size(1, 5, 16, 8, 1, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]};
  EXPECT_DEATH(agrees(variant, conv_s8_variants()[0], c, Against::kUpperGuard, 1), "");
}

}  // namespace
}  // namespace pipit::test
