// SPDX-License-Identifier: Apache-2.0
// Every variant of the float depthwise convolution against the portable one: ragged sizes, special
// values, unmapped pages around every array; and variants broken on purpose.
#include "tests/kernels/float_conv.h"

namespace pipit::test {
namespace {

// Sizes around every border of the kernels' tiles.
template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t channels : {1, 2, 3, 4, 5, 7, 8, 9, 32, 37}) {
    for (const int32_t width : {1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 27}) {
      visit(Case{same_size(3, width, channels, channels, 3, 1, 1)});
      visit(Case{same_size(4, width, channels, channels, 3, 2, 1)});
    }
    for (const int32_t kernel : {1, 3, 5}) {
      for (const int32_t stride : {1, 2, 3}) {
        for (const int32_t dilation : {1, 2}) {
          const ConvGeometry g = same_size(6, 19, channels, channels, kernel, stride, dilation);
          with_options(g, visit);
        }
      }
    }
    with_options(same_size(5, 9, channels, channels * 4, 3, 1, 1), visit);
    with_options(same_size(5, 9, channels, channels * 3, 3, 2, 1), visit);
  }
  ConvGeometry images = same_size(5, 4, 6, 6, 3, 2, 1);
  images.batch = 3;
  visit(Case{images});
}

class DepthwiseF32VariantTest : public testing::TestWithParam<DepthwiseF32Variant> {};

TEST_P(DepthwiseF32VariantTest, IsCloseToPortable) {
  expect_agrees_with_portable(GetParam(), depthwise_f32_variants()[0],
                              [](const auto& visit) { for_each_case(visit); });
}

INSTANTIATE_TEST_SUITE_P(DepthwiseF32, DepthwiseF32VariantTest,
                         testing::ValuesIn(depthwise_f32_variants().begin(),
                                           depthwise_f32_variants().end()),
                         variant_name<DepthwiseF32>);

TEST(DepthwiseF32Check, PartsNeedNoMoreScratch) {
  expect_parts_need_no_more<FloatConv>(depthwise_f32_variants(), kParts,
                                       [](const auto& visit) { for_each_case(visit); });
}

// ---- the check itself

// Forgets the last channel.
void one_channel_short(const DepthwiseF32& a) {
  const float before = a.out[a.size.out_c - 1];
  depthwise_f32_portable(a);
  a.out[a.size.out_c - 1] = before;
}

// Leaves out the last row of taps.
void one_row_short(const DepthwiseF32& a) {
  DepthwiseF32 b = a;
  if (b.size.kernel_h > 1) --b.size.kernel_h;
  depthwise_f32_portable(b);
}

TEST(DepthwiseF32Check, CatchesBrokenVariants) {
  const auto caught = [](void (*broken)(const DepthwiseF32&)) {
    return is_caught(broken, depthwise_f32_variants()[0],
                     [](const auto& visit) { for_each_case(visit); });
  };
  EXPECT_FALSE(caught(depthwise_f32_portable));
  EXPECT_TRUE(caught(one_channel_short));
  EXPECT_TRUE(caught(one_row_short));
}

}  // namespace
}  // namespace pipit::test
