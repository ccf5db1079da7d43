// SPDX-License-Identifier: Apache-2.0
// Every variant of the int8 convolution against the portable one: ragged sizes, extreme numbers,
// unmapped pages around every array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <ostream>
#include <string>

#include "kernels/conv_s8.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit {

// For messages and the names of test cases.
void PrintTo(const ConvS8Variant& v, std::ostream* out) { *out << v.name; }

}  // namespace pipit

namespace pipit::test {
namespace {

enum class Fill { kRandom, kNeverMin, kAllMin, kAllMax, kAlternating };
constexpr Fill kFills[] = {Fill::kRandom, Fill::kNeverMin, Fill::kAllMin, Fill::kAllMax,
                           Fill::kAlternating};

void fill(Span<int8_t> bytes, Fill how, Random* random) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    switch (how) {
      case Fill::kRandom:
        bytes[i] = static_cast<int8_t>(random->between(-128, 127));
        break;
      case Fill::kNeverMin:  // what lets kernels add two products in 16 bits
        bytes[i] = static_cast<int8_t>(random->between(-127, 127));
        break;
      case Fill::kAllMin:
        bytes[i] = -128;
        break;
      case Fill::kAllMax:
        bytes[i] = 127;
        break;
      case Fill::kAlternating:
        bytes[i] = i % 2 == 0 ? -128 : 127;
        break;
    }
  }
}

// The shifts that a case draws from: usual ones, all that the format allows, or only left ones.
struct Shifts {
  int32_t low, high;
};
constexpr Shifts kShifts[] = {{-12, -1}, {-31, 30}, {0, 8}};

struct Case {
  ConvGeometry size;
  Fill input, weights;
  Shifts shifts;
};

// A convolution whose arrays lie between unmapped pages.
class Guarded {
 public:
  Guarded(const Case& c, Against side, uint64_t seed)
      : size_(c.size),
        in_(elements(c.size.in_h * c.size.in_w * c.size.in_c * c.size.batch), side),
        weights_(elements(c.size.out_c * c.size.kernel_h * c.size.kernel_w * c.size.in_c), side),
        bias_(elements(c.size.out_c), side),
        multiplier_(elements(c.size.out_c), side),
        shift_(elements(c.size.out_c), side),
        side_(side) {
    Random random(seed);
    fill(in_.span(), c.input, &random);
    fill(weights_.span(), c.weights, &random);
    for (int32_t& b : bias_.span()) {
      b = random.one_in(8) ? random.between(INT32_MIN, INT32_MAX) : random.between(-9999, 9999);
    }
    for (int32_t& m : multiplier_.span()) {
      m = random.one_in(8) ? INT32_MAX : random.between(1 << 30, INT32_MAX);
    }
    for (int32_t& s : shift_.span()) s = random.between(c.shifts.low, c.shifts.high);
    zero_point_ = random.between(-128, 127);
    out_zero_point_ = random.between(-128, 127);
    min_ = random.one_in(2) ? -128 : out_zero_point_;
    for (const auto* b : {&in_, &weights_}) b->make_read_only();
  }

  void run(const ConvS8Variant& variant, Span<int8_t> out) const {
    ConvS8 a;
    a.size = size_;
    a.stride = dense_strides(size_);
    a.in = in_.data();
    a.weights = weights_.data();
    a.bias = bias_.data();
    a.out = out.data();
    a.in_zero_point = zero_point_;
    a.no_weight_is_min = std::count(weights_.span().begin(), weights_.span().end(), -128) == 0;
    a.requantize = {multiplier_.data(), shift_.data(), out_zero_point_, min_, 127};
    const size_t bytes = variant.scratch != nullptr ? variant.scratch(a) : 0;
    const GuardedBuffer<uint8_t> scratch(bytes, side_, 16);
    a.scratch = scratch.data();
    variant.run(a);
  }

  size_t outputs() const { return elements(size_.batch * size_.out_h * size_.out_w * size_.out_c); }

 private:
  static size_t elements(int32_t n) { return static_cast<size_t>(n); }

  ConvGeometry size_;
  GuardedBuffer<int8_t> in_, weights_;
  GuardedBuffer<int32_t> bias_, multiplier_, shift_;
  Against side_;
  int32_t zero_point_ = 0, out_zero_point_ = 0, min_ = 0;
};

bool agrees(const ConvS8Variant& variant, const Case& c, Against side, uint64_t seed) {
  const Guarded conv(c, side, seed);
  const GuardedBuffer<int8_t> want(conv.outputs(), side), got(conv.outputs(), other(side));
  conv.run(conv_s8_variants()[0], want.span());
  conv.run(variant, got.span());
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

ConvGeometry same_size(int32_t h, int32_t w, int32_t in_c, int32_t out_c, int32_t kernel,
                       int32_t stride, int32_t dilation) {
  ConvGeometry g = {.batch = 1, .in_h = h, .in_w = w, .in_c = in_c};
  g.out_h = (h + stride - 1) / stride;
  g.out_w = (w + stride - 1) / stride;
  g.out_c = out_c;
  g.kernel_h = g.kernel_w = kernel;
  g.stride_h = g.stride_w = stride;
  g.dilation_h = g.dilation_w = dilation;
  g.pad_top = g.pad_left = (kernel - 1) * dilation / 2;
  return g;
}

std::string describe(const Case& c) {
  const ConvGeometry& g = c.size;
  return "in " + std::to_string(g.in_h) + "x" + std::to_string(g.in_w) + "x" +
         std::to_string(g.in_c) + ", " + std::to_string(g.out_c) + " outputs, kernel " +
         std::to_string(g.kernel_h) + ", stride " + std::to_string(g.stride_h) + ", dilation " +
         std::to_string(g.dilation_h) + ", fills " + std::to_string(static_cast<int>(c.input)) +
         " " + std::to_string(static_cast<int>(c.weights)) + ", shifts from " +
         std::to_string(c.shifts.low);
}

// Calls visit(case) for sizes around every border of the kernels' blocks, with every fill.
template <class Visit>
void for_each_case(const Visit& visit) {
  const auto with_fills = [&](const ConvGeometry& size) {
    for (const Fill input : kFills) {
      for (const Fill weights : kFills) visit(Case{size, input, weights, kShifts[0]});
    }
    for (const Shifts shifts : kShifts) visit(Case{size, Fill::kRandom, Fill::kRandom, shifts});
  };
  for (const int32_t depth : {1, 3, 4, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 64, 100}) {
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
  // More than one block of gathered rows, and weights that are packed a panel at a time.
  visit(Case{same_size(24, 24, 33, 10, 3, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]});
  visit(Case{same_size(3, 3, 640, 130, 1, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]});
}

class ConvS8VariantTest : public testing::TestWithParam<ConvS8Variant> {};

TEST_P(ConvS8VariantTest, EqualsPortable) {
  const ConvS8Variant& variant = GetParam();
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  uint64_t seed = 1;
  for_each_case([&](const Case& c) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees(variant, c, side, ++seed)) << describe(c) << ", seed " << seed;
    }
  });
}

std::string name_of(const testing::TestParamInfo<ConvS8Variant>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(ConvS8, ConvS8VariantTest,
                         testing::ValuesIn(conv_s8_variants().begin(), conv_s8_variants().end()),
                         name_of);

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

// Reads one byte behind the weights.
void reads_too_far(const ConvS8& a) {
  conv_s8_portable(a);
  const int32_t n = a.size.out_c * a.size.kernel_h * a.size.kernel_w * a.size.in_c;
  const volatile int8_t* weights = a.weights;
  (void)weights[n];
}

TEST(ConvS8Check, CatchesBrokenVariants) {
  const auto caught = [](void (*broken)(const ConvS8&)) {
    const ConvS8Variant variant = {"broken", kCpuPortable, broken, nullptr};
    bool all = true;
    uint64_t seed = 1;
    for_each_case(
        [&](const Case& c) { all = all && agrees(variant, c, Against::kUpperGuard, ++seed); });
    return !all;
  };
  EXPECT_FALSE(caught(conv_s8_portable));
  EXPECT_TRUE(caught(rounds_wrong));
  EXPECT_TRUE(caught(one_channel_short));
  EXPECT_TRUE(caught(pads_with_zero));
}

TEST(ConvS8Check, ReadingBehindTheWeightsDies) {
  const ConvS8Variant variant = {"broken", kCpuPortable, reads_too_far, nullptr};
  const Case c = {same_size(1, 5, 16, 8, 1, 1, 1), Fill::kRandom, Fill::kRandom, kShifts[0]};
  EXPECT_DEATH(agrees(variant, c, Against::kUpperGuard, 1), "");
}

}  // namespace
}  // namespace pipit::test
