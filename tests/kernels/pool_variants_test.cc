// SPDX-License-Identifier: Apache-2.0
// Every variant of poolings and means of bytes against the portable one: ragged channels, windows
// over borders, windows of more pixels than 16 bits can sum, extreme numbers, unmapped pages around
// every array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "kernels/contracts/mean_s8.h"
#include "kernels/contracts/pool.h"
#include "tests/kernels/conv_sizes.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {
namespace {

struct Case {
  int32_t h, w, channels, kernel, stride;
  Fill fill;
};

ConvGeometry geometry(const Case& c) {
  ConvGeometry g = same_size(c.h, c.w, c.channels, c.channels, c.kernel, c.stride, 1);
  g.batch = 2;
  return g;
}

template <class T>
bool agrees(void (*portable)(const Pool<T>&), void (*variant)(const Pool<T>&), const Case& c,
            Against side, uint64_t seed) {
  Random random(seed);
  Pool<T> a;
  a.size = geometry(c);
  a.stride = dense_strides(a.size);
  const auto image = static_cast<size_t>(c.channels) * 2;
  const GuardedBuffer<T> in(image * static_cast<size_t>(c.h * c.w), side);
  const size_t n = image * static_cast<size_t>(a.size.out_h * a.size.out_w);
  const GuardedBuffer<T> want(n, side), got(n, other(side));
  fill(in.span(), c.fill, &random);
  in.make_read_only();
  constexpr int32_t kMin = std::numeric_limits<T>::min(), kMax = std::numeric_limits<T>::max();
  a.clamp.min = random.one_in(2) ? kMin : random.between(kMin, kMin + 127);
  a.clamp.max = random.one_in(2) ? kMax : random.between(kMax - 127, kMax);
  a.in = in.data();
  a.out = want.data();
  portable(a);
  a.out = got.data();
  variant(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

bool agrees(MeanS8Fn variant, const Case& c, Against side, uint64_t seed) {
  Random random(seed);
  MeanS8 a = {.batch = 2, .rows = c.h * c.w, .channels = c.channels};
  const auto channels = static_cast<size_t>(c.channels) * 2;
  const GuardedBuffer<int8_t> in(channels * static_cast<size_t>(a.rows), side);
  const GuardedBuffer<int8_t> want(channels, side), got(channels, other(side));
  fill(in.span(), c.fill, &random);
  in.make_read_only();
  a.bias = random.one_in(8) ? random.between(INT32_MIN, INT32_MAX) : -7 * a.rows;
  a.multiplier = random.one_in(4) ? INT32_MAX : random.between(1 << 30, INT32_MAX);
  a.shift = random.one_in(2) ? random.between(-12, -2) : random.between(-31, 30);
  a.zero_point = random.between(-128, 127);
  a.in = in.data();
  a.out = want.data();
  mean_s8_portable(a);
  a.out = got.data();
  variant(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const Fill fill : kFills) {
    for (const int32_t channels : {1, 3, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 40, 65}) {
      visit(Case{5, 4, channels, 2, 2, fill});
      visit(Case{5, 6, channels, 3, 1, fill});
    }
    // 255, 256, 257 and many more pixels.
    for (const Case c : {Case{15, 17, 9, 35, 16, fill}, Case{16, 16, 9, 33, 16, fill},
                         Case{1, 257, 17, 515, 300, fill}, Case{33, 33, 20, 67, 40, fill}}) {
      visit(c);
    }
    for (const int32_t kernel : {4, 5, 7, 11, 13, 16}) visit(Case{16, 17, 16, kernel, 5, fill});
  }
}

template <class Agrees>
void check(const Agrees& agrees_in) {
  uint64_t seed = 1;
  for_each_case([&](const Case& c) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees_in(c, side, ++seed))
          << c.h << "x" << c.w << "x" << c.channels << ", kernel " << c.kernel << ", fill "
          << static_cast<int>(c.fill) << ", seed " << seed;
    }
  });
}

// All five lists have the same instruction sets, in the same order.
class PoolVariantTest : public testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    const auto& variant = mean_s8_variants()[GetParam()];
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  }
  template <class T>
  void check_pool(Span<const PoolVariant<T>> variants) {
    check([&](const Case& c, Against side, uint64_t seed) {
      return agrees(variants[0].run, variants[GetParam()].run, c, side, seed);
    });
  }
};

TEST_P(PoolVariantTest, AverageS8) { check_pool(average_pool_variants<int8_t>()); }
TEST_P(PoolVariantTest, AverageU8) { check_pool(average_pool_variants<uint8_t>()); }
TEST_P(PoolVariantTest, MaxS8) { check_pool(max_pool_variants<int8_t>()); }
TEST_P(PoolVariantTest, MaxU8) { check_pool(max_pool_variants<uint8_t>()); }
TEST_P(PoolVariantTest, MeanS8) {
  check([&](const Case& c, Against side, uint64_t seed) {
    return agrees(mean_s8_variants()[GetParam()].run, c, side, seed);
  });
}

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return mean_s8_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(Pool, PoolVariantTest,
                         testing::Range(size_t{0}, mean_s8_variants().size()), name_of);

// Every sum of up to 256 bytes, by every number of them: the quotients have no gap.
TEST_P(PoolVariantTest, DividesEverySum) {
  constexpr int32_t kChannels = 16;
  for (int32_t count = 1; count <= 258; ++count) {
    Pool<uint8_t> a;
    a.size = {.batch = 1, .in_h = 1, .in_w = count, .in_c = kChannels, .out_h = 1, .out_w = 1};
    a.size.out_c = kChannels;
    a.size.kernel_w = count;
    a.stride = dense_strides(a.size);
    a.clamp = {0, 255};
    const GuardedBuffer<uint8_t> in(static_cast<size_t>(count * kChannels));
    uint8_t want[kChannels], got[kChannels];
    a.in = in.data();
    // Sums around each half: all bytes are `level`, and about half of them one more.
    for (int32_t level = 0; level < 255; level += 1 + level % 2) {
      for (int32_t i = 0; i < count; ++i) {
        for (int32_t c = 0; c < kChannels; ++c) {
          in.data()[i * kChannels + c] =
              static_cast<uint8_t>(level + (i < count / 2 + c - 8 ? 1 : 0));
        }
      }
      a.out = want;
      average_pool_portable(a);
      a.out = got;
      average_pool_variants<uint8_t>()[GetParam()].run(a);
      ASSERT_TRUE(std::equal(want, want + kChannels, got)) << count << " times " << level;
    }
  }
}

// ---- the check itself

TEST(PoolCheck, TheListsAreAlike) {
  const auto names_equal = [](const auto& list) {
    ASSERT_EQ(list.size(), mean_s8_variants().size());
    for (size_t i = 0; i < list.size(); ++i) {
      EXPECT_STREQ(list[i].name, mean_s8_variants()[i].name);
    }
  };
  names_equal(average_pool_variants<int8_t>());
  names_equal(average_pool_variants<uint8_t>());
  names_equal(max_pool_variants<int8_t>());
  names_equal(max_pool_variants<uint8_t>());
}

// Truncates the quotients of one channel.
void truncates(const Pool<int8_t>& a) {
  average_pool_portable(a);
  const int32_t pixels = a.size.batch * a.size.out_h * a.size.out_w;
  int8_t* last = a.out + pixels * a.size.out_c - 1;
  if (*last > 0 && *last < 100) --*last;
}

// Sums 16 bits only.
void wraps(const MeanS8& a) {
  MeanS8 b = a;
  b.rows = std::min(a.rows, 256);
  mean_s8_portable(b);
}

TEST(PoolCheck, CatchesBrokenVariants) {
  const auto caught = [](const auto& agrees_in) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case([&](const Case& c) { all = all && agrees_in(c, Against::kUpperGuard, ++seed); });
    return !all;
  };
  const auto pool = [](void (*broken)(const Pool<int8_t>&)) {
    return [broken](const Case& c, Against side, uint64_t seed) {
      return agrees<int8_t>(average_pool_portable, broken, c, side, seed);
    };
  };
  const auto mean = [](MeanS8Fn broken) {
    return [broken](const Case& c, Against side, uint64_t seed) {
      return agrees(broken, c, side, seed);
    };
  };
  EXPECT_FALSE(caught(pool(average_pool_portable)));
  EXPECT_TRUE(caught(pool(truncates)));
  EXPECT_FALSE(caught(mean(mean_s8_portable)));
  EXPECT_TRUE(caught(mean(wraps)));
}

}  // namespace
}  // namespace pipit::test
