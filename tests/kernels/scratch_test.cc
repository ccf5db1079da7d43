// SPDX-License-Identifier: Apache-2.0
// How much scratch memory variants of kernels ask for when they are given sizes that no honest
// model has, and which variant is taken then. Nothing is run: a number that wrapped would be small.
#include "kernels/ops/scratch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <string>

#include "kernels/contracts/conv_f32.h"
#include "kernels/contracts/conv_hybrid.h"
#include "kernels/contracts/conv_s16.h"
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"
#include "kernels/contracts/depthwise_f32.h"
#include "kernels/contracts/depthwise_hybrid.h"
#include "kernels/contracts/depthwise_s16.h"
#include "kernels/contracts/depthwise_s8.h"
#include "kernels/contracts/depthwise_u8.h"
#include "kernels/contracts/resize_bilinear.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

constexpr int32_t kSizes[] = {1, 2, 3, 16, 100, 4096, 46341, 65536, 1 << 20, 1 << 30, INT32_MAX};

int32_t any_size(Random& random) {
  constexpr auto kCount = static_cast<int32_t>(sizeof(kSizes) / sizeof(*kSizes));
  return kSizes[random.between(0, random.one_in(2) ? 4 : kCount - 1)];
}

// The bytes of memory that no variant can do without, in the widest arithmetic there is.
using Least = double (*)(const ConvGeometry& g);

double extent(int32_t kernel, int32_t dilation) { return (kernel - 1.0) * dilation + 1; }
// The windows cross the image's sides, so what lies between their taps is copied.
double least_band(const ConvGeometry& g) {
  return extent(g.kernel_h, g.dilation_h) * extent(g.kernel_w, g.dilation_w) * g.in_c;
}
double least_window(const ConvGeometry& g) { return 1.0 * g.kernel_h * g.kernel_w * g.in_c; }
double least_panel(const ConvGeometry& g) { return 8 * sizeof(float) * least_window(g); }
double least_zeros(const ConvGeometry& g) {
  return 1.0 * sizeof(float) * g.out_c + 1.0 * sizeof(void*) * g.kernel_h;
}
double least_tables(const ConvGeometry& g) {
  return 1.0 * g.in_c + 8.0 * sizeof(void*) * g.kernel_h * g.kernel_w;
}
// Of eight channels, in 16 bits; lines that no tap sees are left out.
double least_lines(const ConvGeometry& g) {
  return 16.0 * g.kernel_h * extent(g.kernel_w, g.dilation_w);
}
double least_nothing(const ConvGeometry&) { return 0; }

template <class Args>
Args hostile(Random& random) {
  Args a;
  ConvGeometry& g = a.size;
  for (int32_t* n : {&g.batch, &g.in_h, &g.in_w, &g.in_c, &g.out_h, &g.out_w, &g.out_c, &g.kernel_h,
                     &g.kernel_w, &g.stride_h, &g.stride_w, &g.dilation_h, &g.dilation_w}) {
    *n = any_size(random);
  }
  g.pad_top = g.pad_left = 1;
  a.stride.in_pixel = g.in_c;
  a.stride.out_pixel = g.out_c;
  return a;
}

template <class Args>
void expect_enough(Span<const KernelVariant<Args>> variants, Least of_others,
                   Least of_blocked = least_nothing) {
  Random random(1);
  for (int round = 0; round < 20000; ++round) {
    const Args a = hostile<Args>(random);
    for (const KernelVariant<Args>& variant : variants) {
      if (variant.scratch == nullptr) continue;
      const ByteCount bytes = variant.scratch(a);
      const Least least = std::string(variant.name) == "blocked" ? of_blocked : of_others;
      const ConvGeometry& g = a.size;
      ASSERT_TRUE(!bytes.bounded() || static_cast<double>(bytes.value()) >= least(g))
          << variant.name << " asks for " << bytes.value() << ": kernel " << g.kernel_h << "x"
          << g.kernel_w << "x" << g.in_c << ", dilation " << g.dilation_h << "x" << g.dilation_w
          << ", output " << g.batch << "x" << g.out_h << "x" << g.out_w << "x" << g.out_c;
    }
  }
}

TEST(Scratch, ConvolutionsAskForEnough) {
  expect_enough(conv_s8_variants(), least_band, least_window);
  expect_enough(conv_u8_variants(), least_band, least_window);
  expect_enough(conv_s16_variants(), least_nothing);
  expect_enough(conv_f32_variants(), least_panel);
  expect_enough(conv_hybrid_variants(), least_window);
}

TEST(Scratch, DepthwiseConvolutionsAskForEnough) {
  expect_enough(depthwise_s8_variants(), least_nothing, least_lines);
  expect_enough(depthwise_u8_variants(), least_nothing, least_lines);
  expect_enough(depthwise_s16_variants(), least_nothing);
  expect_enough(depthwise_f32_variants(), least_zeros);
  expect_enough(depthwise_hybrid_variants(), least_tables);
}

// A row of a small image, or none where rows are too long to be kept.
template <class T>
void expect_small_rows() {
  Random random(2);
  for (int round = 0; round < 20000; ++round) {
    ResizeBilinear<T> a;
    for (int32_t* n : {&a.batch, &a.in_h, &a.in_w, &a.out_h, &a.out_w, &a.channels}) {
      *n = any_size(random);
    }
    for (const auto& variant : resize_bilinear_variants<T>()) {
      if (variant.scratch == nullptr) continue;
      const double row = 1.0 * a.in_w * a.channels;
      const ByteCount bytes = variant.scratch(a);
      ASSERT_TRUE(bytes == 0 || static_cast<double>(bytes.value()) >= row) << variant.name;
      ASSERT_LE(bytes, 1 << 20) << variant.name;
    }
  }
}

TEST(Scratch, ResizingAsksForSmallRows) {
  expect_small_rows<float>();
  expect_small_rows<uint8_t>();
  expect_small_rows<int8_t>();
  expect_small_rows<int16_t>();
}

// ---- several arrays

TEST(Scratch, SharesOfALargeLayoutAreNotSmall) {
  ScratchLayout layout;
  EXPECT_EQ(layout.add(1 << 27), 0u);
  EXPECT_EQ(layout.repeat(32), size_t{1} << 27);
  EXPECT_EQ(layout.bytes(), int64_t{1} << 32);
  layout.add(int64_t{1} << 62, sizeof(double));
  EXPECT_FALSE(layout.bytes().bounded());
  EXPECT_EQ(layout.add(1), SIZE_MAX);
  EXPECT_FALSE(layout.bytes().bounded());
}

// ---- the choice

void never_run(const ConvS8&) {}

TEST(Scratch, AVariantThatAsksForTooMuchGivesWay) {
  using Variant = KernelVariant<ConvS8>;
  const Variant list[] = {
      {"portable", kCpuPortable, never_run, nullptr},
      {"small", kCpuNeon, never_run, [](const ConvS8&) { return ByteCount(100); }},
      {"large", kCpuNeon, never_run, [](const ConvS8&) { return ByteCount::unbounded(); }},
  };
  const Span<const Variant> variants(list, 3);
  const auto chosen = [&](CpuFeatures cpu, ByteCount most) -> std::string {
    return choose(variants, cpu, [&](const Variant& v) { return v.scratch({}) <= most; }).name;
  };
  EXPECT_EQ(chosen(kCpuNeon, ByteCount::unbounded()), "large");
  EXPECT_EQ(chosen(kCpuNeon, 100), "small");
  EXPECT_EQ(chosen(kCpuNeon, 99), "portable");
  EXPECT_EQ(chosen(kCpuPortable, ByteCount::unbounded()), "portable");
}

}  // namespace
}  // namespace pipit::test
