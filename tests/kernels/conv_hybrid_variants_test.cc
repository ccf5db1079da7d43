// SPDX-License-Identifier: Apache-2.0
// Every variant of the convolution of float activations with int8 weights against the portable one:
// ragged sizes, extreme numbers, unmapped pages around every array; and variants broken on purpose.
#include "tests/kernels/hybrid_conv.h"

namespace pipit::test {
namespace {

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t depth : {1, 7, 8, 9, 15, 16, 17, 31, 40, 64}) {
    for (const int32_t outputs : {1, 2, 3, 4, 5, 8, 13}) {
      for (const int32_t positions : {1, 2, 3, 4, 9}) {
        visit(Case{same_size(1, positions, depth, outputs, 1, 1, 1)});
      }
    }
    for (const Fill input : kFills) {
      for (const Fill weights : kFills) {
        visit(Case{same_size(1, 5, depth, 5, 1, 1, 1), input, weights});
      }
    }
  }
  for (const int32_t channels : {1, 4, 13}) {
    for (const int32_t stride : {1, 2}) {
      const ConvGeometry g = same_size(6, 7, channels, 9, 3, stride, 1);
      visit(Case{g});
      visit(Case{.size = g, .scales = false, .bias = false});
      visit(Case{.size = g, .gap = 3});
    }
    visit(Case{same_size(7, 5, channels, 6, 1, 2, 1)});
    visit(Case{same_size(9, 7, channels, 4, 3, 1, 2)});
    visit(Case{same_size(2, 3, channels, 4, 5, 1, 1)});
  }
  // Several blocks of windows; two images; one window that is larger than a block.
  visit(Case{same_size(24, 24, 8, 6, 3, 1, 1)});
  ConvGeometry images = same_size(5, 4, 6, 8, 3, 2, 1);
  images.batch = 2;
  visit(Case{images});
  visit(Case{same_size(2, 2, 2000, 3, 3, 1, 1)});
}

constexpr auto kEachCase = [](const auto& visit) { for_each_case(visit); };

class ConvHybridVariantTest : public testing::TestWithParam<ConvHybridVariant> {};

TEST_P(ConvHybridVariantTest, IsCloseToPortable) {
  expect_agrees_with_portable(GetParam(), conv_hybrid_variants()[0], kEachCase);
}

INSTANTIATE_TEST_SUITE_P(ConvHybrid, ConvHybridVariantTest,
                         testing::ValuesIn(conv_hybrid_variants().begin(),
                                           conv_hybrid_variants().end()),
                         variant_name<ConvHybrid>);

TEST(ConvHybridCheck, PartsNeedNoMoreScratch) {
  expect_parts_need_no_more<HybridConv>(conv_hybrid_variants(), kParts, kEachCase);
}

// ---- the check itself

// Adds two products in 16 bits, whatever their factors are.
void adds_pairs(const ConvHybrid& a) {
  conv_hybrid_portable(a);
  if (a.size.in_c < 9 || a.in[0] != -128 || a.in[8] != -128) return;
  if (a.weights[0] == -128 && a.weights[8] == -128) a.out[0] += 65536;
}

TEST(ConvHybridCheck, CatchesBrokenVariants) {
  const auto& portable = conv_hybrid_variants()[0];
  EXPECT_FALSE(is_caught(conv_hybrid_portable, portable, kEachCase));
  EXPECT_TRUE(is_caught(forgets_zero_point<ConvHybrid, conv_hybrid_portable>, portable, kEachCase));
  EXPECT_TRUE(is_caught(one_channel_short<ConvHybrid, conv_hybrid_portable>, portable, kEachCase));
  EXPECT_TRUE(is_caught(adds_pairs, portable, kEachCase));
}

}  // namespace
}  // namespace pipit::test
