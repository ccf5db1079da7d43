// SPDX-License-Identifier: Apache-2.0
// Every variant of the convolution of float activations with int8 weights against the portable one:
// ragged sizes, extreme numbers, unmapped pages around every array; and variants broken on purpose.
// Sums are exact, so results may differ by no more than the roundings of scaling them.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/conv_hybrid.h"
#include "tests/kernels/conv_variants.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {
namespace {

struct Case {
  ConvGeometry size;
  Fill input = Fill::kRandom, weights = Fill::kRandom;
  bool scales = true, bias = true;
  int32_t gap = 0;  // elements between pixels that belong to somebody else
};

std::string describe(const Case& c) {
  const ConvGeometry& g = c.size;
  return "in " + std::to_string(g.in_h) + "x" + std::to_string(g.in_w) + "x" +
         std::to_string(g.in_c) + ", " + std::to_string(g.out_c) + " outputs, kernel " +
         std::to_string(g.kernel_h) + ", stride " + std::to_string(g.stride_h) + ", dilation " +
         std::to_string(g.dilation_h) + ", fills " + std::to_string(static_cast<int>(c.input)) +
         " " + std::to_string(static_cast<int>(c.weights)) + ", gap " + std::to_string(c.gap);
}

class HybridConv {
 public:
  HybridConv(const Case& c, Against side, uint64_t seed)
      : case_(c),
        depth_(c.size.kernel_h * c.size.kernel_w * c.size.in_c),
        in_(pixels(c.size.batch * c.size.in_h * c.size.in_w, c.size.in_c), side),
        weights_(elements(c.size.out_c * depth_), side),
        sums_(elements(c.size.out_c), side),
        scales_(elements(c.size.out_c), side),
        bias_(elements(c.size.out_c), side),
        side_(side) {
    Random random(seed);
    fill(in_.span(), c.input, &random);
    fill(weights_.span(), c.weights, &random);
    for (int32_t o = 0; o < c.size.out_c; ++o) {
      int32_t& sum = sums_.span()[elements(o)];
      sum = 0;
      for (int32_t k = 0; k < depth_; ++k) sum += weights_.span()[elements(o * depth_ + k)];
    }
    for (float& v : scales_.span()) v = static_cast<float>(random.unit() / 64);
    for (float& v : bias_.span()) v = static_cast<float>(random.unit() * 4 - 2);
    zero_point_ = random.one_in(3) ? 0 : random.between(-128, 127);
    no_weight_is_min_ = true;
    for (const int8_t w : weights_.span()) no_weight_is_min_ &= w != -128;
    for (const auto* b : {&in_, &weights_}) b->make_read_only();
  }

  void run(const ConvHybridVariant& variant, Span<float> out) const {
    ConvHybrid a = args();
    a.out = out.data();
    const size_t bytes = variant.scratch != nullptr ? variant.scratch(a) : 0;
    const GuardedBuffer<uint8_t> scratch(bytes, side_, 16);
    a.scratch = scratch.data();
    variant.run(a);
  }

  size_t outputs() const {
    return pixels(case_.size.batch * case_.size.out_h * case_.size.out_w, case_.size.out_c);
  }

  ConvHybrid args() const {
    ConvHybrid a;
    a.size = case_.size;
    a.stride = dense_strides(case_.size);
    a.stride.in_pixel += case_.gap;
    a.stride.out_pixel += case_.gap;
    a.stride.out_row = case_.size.out_w * a.stride.out_pixel;
    a.in = in_.data();
    a.weights = weights_.data();
    a.weight_sums = sums_.data();
    if (case_.scales) a.scales = scales_.data();
    if (case_.bias) a.bias = bias_.data();
    a.in_scale = 0.01f;
    a.in_zero_point = zero_point_;
    a.no_weight_is_min = no_weight_is_min_;
    a.min = 0;
    a.max = 1e6f;
    return a;
  }

 private:
  static size_t elements(int32_t n) { return static_cast<size_t>(n); }
  size_t pixels(int32_t n, int32_t channels) const {
    return elements((n - 1) * (channels + case_.gap) + channels);
  }

  Case case_;
  int32_t depth_;
  GuardedBuffer<int8_t> in_, weights_;
  GuardedBuffer<int32_t> sums_;
  GuardedBuffer<float> scales_, bias_;
  Against side_;
  int32_t zero_point_ = 0;
  bool no_weight_is_min_ = false;
};

bool agrees(const ConvHybridVariant& variant, const ConvHybridVariant& portable, const Case& c,
            Against side, uint64_t seed) {
  const HybridConv conv(c, side, seed);
  const GuardedBuffer<float> want(conv.outputs(), side), got(conv.outputs(), other(side));
  conv.run(portable, want.span());
  conv.run(variant, got.span());
  for (size_t i = 0; i < conv.outputs(); ++i) {
    const float w = want.span()[i];
    if (!(std::fabs(w - got.span()[i]) <= 1e-6f * (std::fabs(w) + 2))) return false;
  }
  return true;
}

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
  Random random(7);
  for (const ConvHybridVariant& variant : conv_hybrid_variants()) {
    if (variant.scratch == nullptr) continue;
    for_each_case([&](const Case& c) {
      const ConvHybrid whole = HybridConv(c, Against::kUpperGuard, 1).args();
      ConvHybrid part = whole;
      part.size.batch = 1;
      part.size.out_h = random.between(1, whole.size.out_h);
      part.size.kernel_h = random.between(1, whole.size.kernel_h);
      part.size.out_c = random.between(1, whole.size.out_c);
      EXPECT_LE(variant.scratch(part), variant.scratch(whole)) << describe(c);
    });
  }
}

// ---- the check itself

// Forgets what the zero point adds.
void forgets_zero_point(const ConvHybrid& a) {
  ConvHybrid b = a;
  b.in_zero_point = 0;
  conv_hybrid_portable(b);
}

// Forgets the last channel.
void one_channel_short(const ConvHybrid& a) {
  const float before = a.out[a.size.out_c - 1];
  conv_hybrid_portable(a);
  a.out[a.size.out_c - 1] = before;
}

// Adds two products in 16 bits, whatever their factors are.
void adds_pairs(const ConvHybrid& a) {
  conv_hybrid_portable(a);
  if (a.size.in_c < 9 || a.in[0] != -128 || a.in[8] != -128) return;
  if (a.weights[0] == -128 && a.weights[8] == -128) a.out[0] += 65536;
}

TEST(ConvHybridCheck, CatchesBrokenVariants) {
  const auto& portable = conv_hybrid_variants()[0];
  EXPECT_FALSE(is_caught(conv_hybrid_portable, portable, kEachCase));
  EXPECT_TRUE(is_caught(forgets_zero_point, portable, kEachCase));
  EXPECT_TRUE(is_caught(one_channel_short, portable, kEachCase));
  EXPECT_TRUE(is_caught(adds_pairs, portable, kEachCase));
}

}  // namespace
}  // namespace pipit::test
