// SPDX-License-Identifier: Apache-2.0
// Every variant of the depthwise convolution of float activations with int8 weights against the
// portable one: ragged sizes, extreme numbers, unmapped pages around every array; and variants
// broken on purpose.
#include "tests/kernels/hybrid_conv.h"

namespace pipit::test {
namespace {

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t channels : {1, 3, 7, 8, 9, 13, 15, 16, 17, 40}) {
    for (const int32_t width : {1, 2, 3, 4, 5, 7, 8, 9, 13}) {
      visit(Case{same_size(3, width, channels, channels, 3, 1, 1)});
      visit(Case{same_size(4, width, channels, channels, 3, 2, 1)});
    }
    for (const int32_t kernel : {1, 2, 3, 5}) {
      for (const int32_t stride : {1, 2, 3}) {
        for (const int32_t dilation : {1, 2}) {
          visit(Case{same_size(6, 11, channels, channels, kernel, stride, dilation)});
        }
      }
    }
    for (const Fill input : kFills) {
      for (const Fill weights : kFills) {
        visit(Case{same_size(3, 6, channels, channels, 3, 1, 1), input, weights});
        visit(Case{same_size(3, 6, channels, channels, 2, 1, 1), input, weights});
      }
    }
    const ConvGeometry g = same_size(6, 7, channels, channels, 3, 1, 1);
    visit(Case{.size = g, .scales = false, .bias = false});
    visit(Case{.size = g, .gap = 3});
    visit(Case{same_size(4, 9, channels, channels * 8, 3, 1, 1)});
    visit(Case{same_size(4, 9, channels, channels * 3, 3, 2, 1)});
  }
  visit(Case{same_size(5, 6, 1, 12, 3, 1, 1)});
  visit(Case{same_size(2, 3, 8, 8, 7, 1, 1)});
  ConvGeometry images = same_size(5, 6, 9, 9, 3, 1, 1);
  images.batch = 3;
  visit(Case{images});
  ConvGeometry cut = same_size(5, 9, 8, 8, 3, 1, 1);  // no output sees the image's left
  cut.pad_left = -2;
  cut.out_w = 6;
  visit(Case{cut});
}

constexpr auto kEachCase = [](const auto& visit) { for_each_case(visit); };

class DepthwiseHybridVariantTest : public testing::TestWithParam<DepthwiseHybridVariant> {};

TEST_P(DepthwiseHybridVariantTest, IsCloseToPortable) {
  expect_agrees_with_portable(GetParam(), depthwise_hybrid_variants()[0], kEachCase);
}

INSTANTIATE_TEST_SUITE_P(DepthwiseHybrid, DepthwiseHybridVariantTest,
                         testing::ValuesIn(depthwise_hybrid_variants().begin(),
                                           depthwise_hybrid_variants().end()),
                         variant_name<DepthwiseHybrid>);

TEST(DepthwiseHybridCheck, PartsNeedNoMoreScratch) {
  expect_parts_need_no_more<HybridConv>(depthwise_hybrid_variants(), kParts, kEachCase);
}

// ---- the check itself

// Adds two products in 16 bits, whatever their factors are.
void adds_pairs(const DepthwiseHybrid& a) {
  depthwise_hybrid_portable(a);
  const ConvGeometry& g = a.size;
  const bool whole = g.pad_top <= 0 && g.pad_left <= 0 && g.kernel_w > 1;
  if (!whole || a.in[0] != -128 || a.in[a.stride.in_pixel] != -128) return;
  if (a.weights[0] == -128 && a.weights[a.weights_tap] == -128) a.out[0] += 65536;
}

TEST(DepthwiseHybridCheck, CatchesBrokenVariants) {
  const auto& portable = depthwise_hybrid_variants()[0];
  EXPECT_FALSE(is_caught(depthwise_hybrid_portable, portable, kEachCase));
  EXPECT_TRUE(is_caught(forgets_zero_point<DepthwiseHybrid, depthwise_hybrid_portable>, portable,
                        kEachCase));
  EXPECT_TRUE(is_caught(one_channel_short<DepthwiseHybrid, depthwise_hybrid_portable>, portable,
                        kEachCase));
  EXPECT_TRUE(is_caught(adds_pairs, portable, kEachCase));
}

}  // namespace
}  // namespace pipit::test
