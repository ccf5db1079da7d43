// SPDX-License-Identifier: Apache-2.0
// Every variant of the bilinear interpolation of bytes against the portable one: ragged channels,
// larger and smaller images, extreme numbers, unmapped pages around every array; and variants
// broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>

#include "kernels/resize_bilinear.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit {

using ResizeBytesVariant = ResizeBilinearVariant<uint8_t>;

// For messages and the names of test cases.
void PrintTo(const ResizeBytesVariant& v, std::ostream* out) { *out << v.name; }

}  // namespace pipit

namespace pipit::test {
namespace {

using Resize = ResizeBilinear<uint8_t>;
using Tap = ResizeTap<float>;

struct Case {
  int32_t in_h, in_w, out_h, out_w, channels;
  Fill fill;
};

// Taps of any weights, or of sixteenths: at the last position both neighbours are the same one, and
// the weight may lie outside of [0, 1).
void fill_taps(Span<Tap> taps, int32_t in, bool sixteenths, Random* random) {
  for (Tap& tap : taps) {
    tap.lower = random->between(0, in - 1);
    tap.upper = std::min(tap.lower + 1, in - 1);
    tap.weight = random->one_in(4) ? 0 : static_cast<float>(random->unit());
    if (tap.lower == tap.upper && random->one_in(4)) tap.weight = -0.25f;
    if (sixteenths) tap.weight = static_cast<float>(random->between(0, 16)) / 16;
  }
}

bool agrees(const ResizeBytesVariant& variant, const Case& c, Against side, uint64_t seed) {
  Random random(seed);
  const auto size = [&](int32_t h, int32_t w) {
    return static_cast<size_t>(2 * h * w * c.channels);
  };
  const GuardedBuffer<uint8_t> in(size(c.in_h, c.in_w), side);
  const GuardedBuffer<Tap> rows(static_cast<size_t>(c.out_h), side);
  const GuardedBuffer<Tap> columns(static_cast<size_t>(c.out_w), side);
  const GuardedBuffer<uint8_t> want(size(c.out_h, c.out_w), side);
  const GuardedBuffer<uint8_t> got(size(c.out_h, c.out_w), other(side));
  fill(in.span(), c.fill, &random);
  const bool sixteenths = random.one_in(2);
  fill_taps(rows.span(), c.in_h, sixteenths, &random);
  fill_taps(columns.span(), c.in_w, sixteenths, &random);
  in.make_read_only();
  Resize a;
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
  const GuardedBuffer<uint8_t> scratch(variant.scratch != nullptr ? variant.scratch(a) : 0, side,
                                       16);
  a.scratch = scratch.data();
  a.out = got.data();
  variant.run(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
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

class ResizeBilinearVariantTest : public testing::TestWithParam<ResizeBytesVariant> {};

TEST_P(ResizeBilinearVariantTest, EqualsPortable) {
  const ResizeBytesVariant& variant = GetParam();
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

std::string name_of(const testing::TestParamInfo<ResizeBytesVariant>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(ResizeBilinear, ResizeBilinearVariantTest,
                         testing::ValuesIn(resize_bilinear_variants<uint8_t>().begin(),
                                           resize_bilinear_variants<uint8_t>().end()),
                         name_of);

// ---- the check itself

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
    const ResizeBytesVariant variant = {"broken", kCpuPortable, broken, nullptr};
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
