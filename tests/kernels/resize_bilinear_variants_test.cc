// SPDX-License-Identifier: Apache-2.0
// Every variant of the bilinear interpolation against the portable one, floats within some units in
// the last place of the largest: ragged channels, larger and smaller images, extreme numbers,
// unmapped pages around every array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/contracts/resize_bilinear.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/near.h"

namespace pipit::test {
namespace {

struct Case {
  int32_t in_h, in_w, out_h, out_w, channels;
  Fill fill;
};

// Taps of any weights, or of sixteenths: at the last position both neighbours are the same one, and
// the weight may lie outside of [0, 1).
template <class Weight>
void fill_taps(Span<ResizeTap<Weight>> taps, int32_t in, bool sixteenths, Random* random) {
  constexpr double kOne = std::is_same_v<Weight, float> ? 1 : kResizeOne;
  const auto weight = [&](double w) { return static_cast<Weight>(w * kOne); };
  for (ResizeTap<Weight>& tap : taps) {
    tap.lower = random->between(0, in - 1);
    tap.upper = std::min(tap.lower + 1, in - 1);
    tap.weight = random->one_in(4) ? Weight{0} : weight(random->unit());
    if (tap.lower == tap.upper && random->one_in(4)) {
      tap.weight = weight(random->one_in(2) ? -0.25 : -0.5);
    }
    if (sixteenths) tap.weight = weight(random->between(0, 16) / 16.0);
  }
}

template <class T>
void fill_image(Span<T> values, Fill how, Random* random) {
  if constexpr (std::is_same_v<T, float>) {
    for (float& x : values) x = static_cast<float>(random->unit() * 2 - 1);
    if (how == Fill::kAllMax) values[0] = NAN;
    if (how == Fill::kAllMin) values[0] = INFINITY;
  } else {
    fill(values, how, random);
  }
}

// Of numbers that are at most 1.
bool equal(float a, float b) {
  if (std::isnan(a) || std::isnan(b) || std::isinf(a) || std::isinf(b)) return near(a, b, 0);
  return std::abs(a - b) <= 0x1p-21f;
}
bool equal(int32_t a, int32_t b) { return a == b; }

template <class T>
bool agrees(const ResizeBilinearVariant<T>& variant, const Case& c, Against side, uint64_t seed) {
  using Tap = ResizeTap<typename ResizeBilinear<T>::Weight>;
  Random random(seed);
  const auto size = [&](int32_t h, int32_t w) {
    return static_cast<size_t>(2 * h * w * c.channels);
  };
  const GuardedBuffer<T> in(size(c.in_h, c.in_w), side);
  const GuardedBuffer<Tap> rows(static_cast<size_t>(c.out_h), side);
  const GuardedBuffer<Tap> columns(static_cast<size_t>(c.out_w), side);
  const GuardedBuffer<T> want(size(c.out_h, c.out_w), side);
  const GuardedBuffer<T> got(size(c.out_h, c.out_w), other(side));
  fill_image(in.span(), c.fill, &random);
  const bool sixteenths = random.one_in(2);
  fill_taps(rows.span(), c.in_h, sixteenths, &random);
  fill_taps(columns.span(), c.in_w, sixteenths, &random);
  in.make_read_only();
  ResizeBilinear<T> a;
  a.batch = 2;
  a.in_h = c.in_h;
  a.in_w = c.in_w;
  a.out_h = c.out_h;
  a.out_w = c.out_w;
  a.channels = c.channels;
  a.rows = rows.data();
  a.columns = columns.data();
  a.in = in.data();
  a.out = want.data();
  resize_bilinear_portable(a);
  const GuardedBuffer<uint8_t> scratch(variant.scratch != nullptr ? variant.scratch(a).size() : 0,
                                       side, 16);
  a.scratch = scratch.data();
  a.out = got.data();
  variant.run(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin(),
                    [](T x, T y) { return equal(x, y); });
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const Fill fill : kFills) {
    for (const int32_t channels : {1, 3, 7, 8, 9, 12, 15, 16, 17, 21, 24, 33}) {
      visit(Case{3, 4, 7, 9, channels, fill});
      visit(Case{1, 1, 3, 3, channels, fill});
      visit(Case{5, 6, 3, 2, channels, fill});
    }
  }
}

class ResizeBilinearVariantTest : public testing::TestWithParam<size_t> {
 protected:
  template <class T>
  void check() {
    const auto& variant = resize_bilinear_variants<T>()[GetParam()];
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
    uint64_t seed = 1;
    for_each_case([&](const Case& c) {
      for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
        ASSERT_TRUE(agrees(variant, c, side, ++seed))
            << c.in_h << "x" << c.in_w << "x" << c.channels << ", fill " << static_cast<int>(c.fill)
            << ", seed " << seed;
      }
    });
  }
};

TEST_P(ResizeBilinearVariantTest, U8) { check<uint8_t>(); }
TEST_P(ResizeBilinearVariantTest, S8) { check<int8_t>(); }
TEST_P(ResizeBilinearVariantTest, F32) { check<float>(); }

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return resize_bilinear_variants<uint8_t>()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(ResizeBilinear, ResizeBilinearVariantTest,
                         testing::Range(size_t{0}, resize_bilinear_variants<uint8_t>().size()),
                         name_of);

// ---- the check itself

TEST(ResizeBilinearCheck, TheListsAreAlike) {
  EXPECT_EQ(resize_bilinear_variants<int8_t>().size(), resize_bilinear_variants<uint8_t>().size());
  EXPECT_EQ(resize_bilinear_variants<float>().size(), resize_bilinear_variants<uint8_t>().size());
}

using Resize = ResizeBilinear<uint8_t>;
using Tap = ResizeTap<float>;

// Takes each row's weight for the other's.
void swaps_rows(const Resize& a) {
  Tap rows[16];
  for (int32_t y = 0; y < a.out_h; ++y) {
    rows[y] = a.rows[y];
    rows[y].weight = 1 - rows[y].weight;
  }
  Resize b = a;
  b.rows = rows;
  resize_bilinear_portable(b);
}

// Truncates weights to sixteenths.
void coarse(const Resize& a) {
  Tap columns[16];
  for (int32_t x = 0; x < a.out_w; ++x) {
    columns[x] = a.columns[x];
    columns[x].weight = std::floor(columns[x].weight * 16) / 16;
  }
  Resize b = a;
  b.columns = columns;
  resize_bilinear_portable(b);
}

// Leaves the last channel as it was.
void one_channel_short(const Resize& a) {
  const int32_t last = a.batch * a.out_h * a.out_w * a.channels - 1;
  const uint8_t before = a.out[last];
  resize_bilinear_portable(a);
  a.out[last] = before;
}

TEST(ResizeBilinearCheck, CatchesBrokenVariants) {
  const auto caught = [](void (*broken)(const Resize&)) {
    const ResizeBilinearVariant<uint8_t> variant = {"broken", kCpuPortable, broken, nullptr};
    bool all = true;
    uint64_t seed = 1;
    for_each_case(
        [&](const Case& c) { all = all && agrees(variant, c, Against::kUpperGuard, ++seed); });
    return !all;
  };
  EXPECT_FALSE(caught(resize_bilinear_portable));
  EXPECT_TRUE(caught(swaps_rows));
  EXPECT_TRUE(caught(coarse));
  EXPECT_TRUE(caught(one_channel_short));
}

}  // namespace
}  // namespace pipit::test
