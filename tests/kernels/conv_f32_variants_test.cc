// SPDX-License-Identifier: Apache-2.0
// Every variant of the float convolution against the portable one: ragged sizes, special values,
// unmapped pages around every array; and variants broken on purpose, which the check must catch.
#include "tests/kernels/float_conv.h"

namespace pipit::test {
namespace {

// Sizes around every border of the kernels' blocks.
template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t depth : {1, 2, 3, 4, 7, 8, 9, 16, 33, 64}) {
    for (const int32_t outputs : {1, 2, 3, 4, 5, 7, 8, 9, 17}) {
      visit(Case{same_size(1, 5, depth, outputs, 1, 1, 1)});
    }
    for (const int32_t positions : {1, 2, 3, 4, 7, 8, 9, 15, 17, 70}) {
      with_options(same_size(1, positions, depth, 11, 1, 1, 1), visit);
    }
  }
  for (const int32_t channels : {1, 3, 8, 13}) {
    for (const int32_t stride : {1, 2, 3}) {
      with_options(same_size(6, 7, channels, 9, 3, stride, 1), visit);
      with_options(same_size(6, 7, channels, 9, 1, stride, 1), visit);
    }
    with_options(same_size(9, 7, channels, 4, 3, 1, 2), visit);
    with_options(same_size(7, 9, channels, 4, 5, 2, 1), visit);
    with_options(same_size(2, 3, channels, 4, 5, 1, 1), visit);
  }
  // Several blocks of positions; panels one at a time; weights read where they lie.
  visit(Case{same_size(24, 24, 33, 10, 3, 1, 1)});
  visit(Case{same_size(6, 6, 128, 96, 1, 1, 1)});
  visit(Case{same_size(3, 3, 640, 30, 1, 1, 1)});
  visit(Case{same_size(3, 3, 129, 7, 3, 1, 1)});
  ConvGeometry images = same_size(5, 4, 6, 8, 3, 2, 1);
  images.batch = 3;
  visit(Case{images});
}

class ConvF32VariantTest : public testing::TestWithParam<ConvF32Variant> {};

TEST_P(ConvF32VariantTest, IsCloseToPortable) {
  expect_agrees_with_portable(GetParam(), conv_f32_variants()[0],
                              [](const auto& visit) { for_each_case(visit); });
}

INSTANTIATE_TEST_SUITE_P(ConvF32, ConvF32VariantTest,
                         testing::ValuesIn(conv_f32_variants().begin(), conv_f32_variants().end()),
                         variant_name<ConvF32>);

TEST(ConvF32Check, PartsNeedNoMoreScratch) {
  expect_parts_need_no_more<FloatConv>(conv_f32_variants(), kParts,
                                       [](const auto& visit) { for_each_case(visit); });
}

// ---- the check itself

// Forgets the last channel.
void one_channel_short(const ConvF32& a) {
  const float before = a.out[a.size.out_c - 1];
  conv_f32_portable(a);
  a.out[a.size.out_c - 1] = before;
}

// Sees the image one column further left.
void pads_too_much(const ConvF32& a) {
  ConvF32 b = a;
  ++b.size.pad_left;
  conv_f32_portable(b);
}

// Lets nothing pass that is not a number.
void clamps_nan(const ConvF32& a) {
  conv_f32_portable(a);
  if (std::isnan(a.out[0])) a.out[0] = a.min;
}

// Reads one element behind the weights.
void reads_too_far(const ConvF32& a) {
  conv_f32_portable(a);
  const int32_t n = a.size.out_c * a.size.kernel_h * a.size.kernel_w * a.size.in_c;
  const volatile float* weights = a.weights;
  (void)weights[n];
}

TEST(ConvF32Check, CatchesBrokenVariants) {
  const auto caught = [](void (*broken)(const ConvF32&)) {
    return is_caught(broken, conv_f32_variants()[0],
                     [](const auto& visit) { for_each_case(visit); });
  };
  EXPECT_FALSE(caught(conv_f32_portable));
  EXPECT_TRUE(caught(one_channel_short));
  EXPECT_TRUE(caught(pads_too_much));
  EXPECT_TRUE(caught(clamps_nan));
}

TEST(ConvF32Check, ReadingBehindTheWeightsDies) {
  const ConvF32Variant variant = {"broken", kCpuPortable, reads_too_far, nullptr};
  const Case c = {same_size(1, 5, 16, 8, 1, 1, 1)};
  EXPECT_DEATH(agrees(variant, conv_f32_variants()[0], c, Against::kUpperGuard, 1), "");
}

}  // namespace
}  // namespace pipit::test
