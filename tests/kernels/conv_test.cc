// SPDX-License-Identifier: Apache-2.0
// What convolutions are built from: borders, shares, packed weights, boxes of a whole, and pixels.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/matmul.h"
#include "kernels/math/int4.h"
#include "kernels/ops/conv_split.h"
#include "tests/support/net.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

TEST(TapsInside, AgreesWithTryingEveryTap) {
  for (int32_t origin = -9; origin <= 9; ++origin) {
    for (int32_t dilation = 1; dilation <= 4; ++dilation) {
      for (int32_t in = 0; in <= 6; ++in) {
        constexpr int32_t kKernel = 5;
        const TapRange range = taps_inside(origin, dilation, kKernel, in);
        for (int32_t tap = 0; tap < kKernel; ++tap) {
          const int32_t position = origin + tap * dilation;
          EXPECT_EQ(position >= 0 && position < in, tap >= range.begin && tap < range.end)
              << "origin " << origin << " dilation " << dilation << " in " << in << " tap " << tap;
        }
        EXPECT_LE(range.begin, range.end);
      }
    }
  }
}

TEST(TapsInside, HoldsAtTheEndsOfTheNumbers) {
  TapRange range = taps_inside(INT32_MIN, 1, INT32_MAX, INT32_MAX);
  EXPECT_EQ(range.begin, INT32_MAX);
  EXPECT_EQ(range.end, INT32_MAX);
  range = taps_inside(-INT32_MAX, INT32_MAX, 3, 1);
  EXPECT_EQ(range.begin, 1);
  EXPECT_EQ(range.end, 2);
  range = taps_inside(INT32_MAX - 1, 1, 4, INT32_MAX);
  EXPECT_EQ(range.begin, 0);
  EXPECT_EQ(range.end, 1);
}

TEST(ChooseSplit, TakesTheSmallerOfTheLargestSharesHoweverMuchThereIsToDo) {
  for (const int64_t cycles : {int64_t{1000}, int64_t{1} << 62}) {
    const ConvWork work = {.sharing = {.threads = 4}, .cycles = cycles};
    EXPECT_FALSE(choose_split(work, {.out_h = 1000, .out_c = 5}).channels);
    EXPECT_TRUE(choose_split(work, {.out_h = 5, .out_c = 1000}).channels);
  }
}

TEST(Int4, ExpandsFromAnyElement) {
  const uint8_t packed[] = {0x80, 0x7f, 0x21, 0xc9};
  const int8_t plain[] = {0, -8, -1, 7, 1, 2, -7, -4};
  for (size_t first = 0; first <= 8; ++first) {
    for (size_t n = 0; first + n <= 8; ++n) {
      std::vector<int8_t> out(n + 1, 99);
      expand_int4(packed, first, n, out.data());
      for (size_t i = 0; i < n; ++i) EXPECT_EQ(out[i], plain[first + i]) << first << "+" << i;
      EXPECT_EQ(out[n], 99);
    }
  }
}

// A convolution with a border on every side, and the arrays that it points to.
struct Whole {
  Whole() {
    Random random(20);
    const auto fill = [&](auto* values, int32_t low, int32_t high) {
      for (auto& v : *values) {
        v = static_cast<std::decay_t<decltype(v)>>(random.between(low, high));
      }
    };
    fill(&in, -128, 127);
    fill(&weights, -128, 127);
    fill(&bias, -5000, 5000);
    fill(&multiplier, 1 << 30, INT32_MAX);
    fill(&shift, -9, -6);
  }

  ConvS8 args(int8_t* out) const {
    ConvS8 a;
    a.size = {.batch = 1, .in_h = 6, .in_w = 7, .in_c = 5};
    a.size.out_h = 6;
    a.size.out_w = 7;
    a.size.out_c = kChannels;
    a.size.kernel_h = a.size.kernel_w = 3;
    a.size.pad_top = a.size.pad_left = 1;
    a.stride = dense_strides(a.size);
    a.in = in.data();
    a.weights = weights.data();
    a.bias = bias.data();
    a.out = out;
    a.in_zero_point = -11;
    a.requantize = {multiplier.data(), shift.data(), 3, -120, 120};
    return a;
  }

  static constexpr int kChannels = 11;
  static constexpr size_t kDepth = 3 * 3 * 5;
  std::vector<int8_t> in = std::vector<int8_t>(6 * 7 * 5);
  std::vector<int8_t> weights = std::vector<int8_t>(kChannels * kDepth);
  std::vector<int32_t> bias = std::vector<int32_t>(kChannels);
  std::vector<int32_t> multiplier = std::vector<int32_t>(kChannels);
  std::vector<int8_t> shift = std::vector<int8_t>(kChannels);
};

void run(const ConvS8Variant& variant, ConvS8 a) {
  std::vector<uint8_t> scratch(variant.scratch != nullptr ? variant.scratch(a).size() + 16 : 16);
  const auto address = reinterpret_cast<uintptr_t>(scratch.data());
  a.scratch = scratch.data() + (16 - address % 16) % 16;
  variant.run(a);
}

// The box of rows [y, y + h) and channels [first, first + n).
ConvS8 box(ConvS8 a, int32_t y, int32_t h, int32_t first, int32_t n) {
  a.size.out_h = h;
  a.size.pad_top -= y * a.size.stride_h;
  a.size.out_c = n;
  a.weights += static_cast<size_t>(first) * Whole::kDepth;
  a.bias += first;
  a.requantize.multiplier += first;
  a.requantize.shift += first;
  a.out += y * a.stride.out_row + first;
  return a;
}

TEST(ConvS8, EveryBoxIsAConvolution) {
  const Whole whole;
  for (const ConvS8Variant& variant : conv_s8_variants()) {
    if ((variant.needs & ~detect_cpu()) != 0) continue;
    std::vector<int8_t> want(6 * 7 * Whole::kChannels), got(want.size());
    run(variant, whole.args(want.data()));
    for (int32_t y = 0; y < 6; y += 2) {
      run(variant, box(whole.args(got.data()), y, 2, 0, 4));
      run(variant, box(whole.args(got.data()), y, 2, 4, 1));
      run(variant, box(whole.args(got.data()), y, 2, 5, 6));
    }
    EXPECT_EQ(want, got) << variant.name;
  }
}

// ---- one pixel

constexpr int32_t kIn = 48, kOut = 37;

// A convolution of pixels with some weights, biases and a scale for each channel.
ModelBuilder of_pixels(int32_t pixels) {
  Random random(3);
  ModelBuilder b;
  std::vector<float> scales(kOut);
  for (float& scale : scales) scale = 0.001f * static_cast<float>(random.between(1, 20));
  std::vector<uint8_t> weights(size_t{kOut} * kIn), bias(size_t{kOut} * 4);
  for (uint8_t& w : weights) w = static_cast<uint8_t>(random.between(0, 255));
  for (size_t i = 0; i < bias.size(); i += 4) bias[i + 1] = static_cast<uint8_t>(i);
  const auto image = [&](int32_t channels, int zero_point) {
    return b.tensor({.type = Type::kInt8,
                     .shape = Shape::of(1, 1, pixels, channels),
                     .scales = {0.5f},
                     .zero_points = {zero_point}});
  };
  const int in = image(kIn, 9), out = image(kOut, -3);
  const int filters = b.tensor({.type = Type::kInt8,
                                .shape = Shape::of(kOut, 1, 1, kIn),
                                .bytes = weights,
                                .scales = scales,
                                .zero_points = std::vector<int64_t>(kOut)});
  const int biases = b.tensor({.type = Type::kInt32, .shape = Shape::of(kOut), .bytes = bias});
  const auto write = [](flatbuffers::FlatBufferBuilder& f) {
    return fb::CreateConv2DOptions(f, fb::Padding::SAME, 1, 1).Union();
  };
  b.builtin_node(fb::BuiltinOperator::CONV_2D, {in, filters, biases}, {out},
                 {fb::BuiltinOptions::Conv2DOptions, write});
  b.inputs({in});
  b.outputs({out});
  return b;
}

TEST(ConvS8, OnePixelIsAMatrixProduct) {
  for (const CpuFeatures cpu : {CpuFeatures{kCpuPortable}, detect_cpu()}) {
    Options options;
    options.cpu = cpu;
    Net both(of_pixels(2), options), one(of_pixels(1), options);
    ASSERT_TRUE(both.ok() && one.ok()) << both.why() << one.why();
    EXPECT_STREQ(one.interpreter().step(0).variant, choose(matmul_s8_variants(), cpu).name);
    std::vector<int8_t> in(2 * kIn);
    Random random(4);
    for (int8_t& x : in) x = static_cast<int8_t>(random.between(-128, 127));
    both.set(0, in);
    const auto want = both.run<int8_t>();
    for (int pixel = 0; pixel < 2; ++pixel) {
      one.set(0, std::vector<int8_t>(in.begin() + pixel * kIn, in.begin() + (pixel + 1) * kIn));
      const auto got = one.run<int8_t>();
      ASSERT_EQ(got.size(), size_t{kOut});
      EXPECT_TRUE(std::equal(got.begin(), got.end(), want.begin() + pixel * kOut)) << pixel;
    }
  }
}

}  // namespace
}  // namespace pipit::test
