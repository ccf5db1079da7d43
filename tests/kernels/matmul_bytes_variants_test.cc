// SPDX-License-Identifier: Apache-2.0
// Every variant of the matrix products of bytes against the portable one: ragged sizes, extreme
// numbers, unmapped pages around every array; and variants broken on purpose, which the check must
// catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "kernels/contracts/matmul.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {
namespace {

struct Case {
  int32_t rows, outputs, depth;
  Fill in, weights;
  bool start, in_place;  // sums start from numbers, which lie where the results go
};

template <class M>
bool agrees(void (*portable)(const M&), void (*variant)(const M&), const Case& c, Against side,
            uint64_t seed) {
  using T = std::remove_const_t<std::remove_pointer_t<decltype(M::in)>>;
  Random random(seed);
  const auto depth = static_cast<size_t>(c.depth), outputs = static_cast<size_t>(c.outputs);
  const auto rows = static_cast<size_t>(c.rows);
  const GuardedBuffer<T> in(rows * depth, side), weights(outputs * depth, side);
  const GuardedBuffer<int32_t> start(outputs, side);
  const GuardedBuffer<int32_t> want(rows * outputs, side), got(rows * outputs, other(side));
  fill(in.span(), c.in, &random);
  fill(weights.span(), c.weights, &random);
  fill(start.span(), Fill::kRandom, &random);
  for (const auto* b : {&in, &weights}) b->make_read_only();
  start.make_read_only();
  M a;
  a.rows = c.rows;
  a.outputs = c.outputs;
  a.depth = c.depth;
  a.in = in.data();
  a.weights = weights.data();
  a.in_stride = c.depth;
  a.out_stride = c.outputs;
  a.no_weight_is_min = std::is_signed_v<T> && c.weights == Fill::kNeverMin;
  const auto run = [&](void (*kernel)(const M&), int32_t* out) {
    std::fill_n(out, rows * outputs, 12345);
    a.out = out;
    a.start = c.start ? (c.in_place ? out : start.data()) : nullptr;
    a.start_stride = c.in_place ? c.outputs : 0;
    kernel(a);
  };
  run(portable, want.data());
  run(variant, got.data());
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t depth : {1, 7, 8, 9, 15, 16, 17, 20, 24, 28, 31, 32, 33, 48, 63, 100, 257}) {
    for (const int32_t outputs : {1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 20, 33}) {
      visit(Case{2, outputs, depth, Fill::kRandom, Fill::kRandom, true, false});
      visit(Case{1, outputs, depth, Fill::kSmall, Fill::kRandom, false, false});
      visit(Case{3, outputs, depth, Fill::kRandom, Fill::kRandom, true, true});
    }
    for (const Fill in : kFills) {
      for (const Fill weights : kFills) visit(Case{1, 9, depth, in, weights, true, false});
      visit(Case{1, 27, depth, in, Fill::kNeverMin, true, false});
    }
  }
}

// Both lists have the same instruction sets, in the same order.
class MatmulBytesVariantTest : public testing::TestWithParam<size_t> {
 protected:
  template <class M>
  void check(Span<const MatmulVariant<M>> variants) {
    const auto& variant = variants[GetParam()];
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
    uint64_t seed = 1;
    for_each_case([&](const Case& c) {
      for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
        ASSERT_TRUE(agrees(variants[0].run, variant.run, c, side, ++seed))
            << c.rows << " rows, " << c.outputs << " outputs, depth " << c.depth << ", fills "
            << static_cast<int>(c.in) << " and " << static_cast<int>(c.weights) << ", seed "
            << seed;
      }
    });
  }
};

TEST_P(MatmulBytesVariantTest, Int8EqualsPortable) { check(matmul_s8_variants()); }
TEST_P(MatmulBytesVariantTest, UInt8EqualsPortable) { check(matmul_u8_variants()); }

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return matmul_s8_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(MatmulBytes, MatmulBytesVariantTest,
                         testing::Range(size_t{0}, matmul_s8_variants().size()), name_of);

// ---- the check itself

TEST(MatmulBytesCheck, TheListsAreAlike) {
  ASSERT_EQ(matmul_u8_variants().size(), matmul_s8_variants().size());
  for (size_t i = 0; i < matmul_s8_variants().size(); ++i) {
    EXPECT_STREQ(matmul_u8_variants()[i].name, matmul_s8_variants()[i].name);
  }
}

// Adds two products in 16 bits, whatever their factors are.
void adds_pairs(const MatmulS8& a) {
  matmul_s8_portable(a);
  if (a.depth < 9 || a.in[0] != -128 || a.in[8] != -128) return;
  if (a.weights[0] == -128 && a.weights[8] == -128) a.out[0] -= 1 << 16;
}

// Takes -127 for -128, as the other factor may be trusted not to be.
void never_min(const MatmulS8& a) {
  matmul_s8_portable(a);
  if (a.no_weight_is_min && a.in[0] == -128) a.out[0] += a.weights[0];
}

// Takes the bytes twice that the last two vectors have in common.
void overlaps(const MatmulS8& a) {
  matmul_s8_portable(a);
  if (a.depth == 17) a.out[0] += a.in[16] * a.weights[16];
}

// Reads one byte behind the weights.
void reads_too_far(const MatmulS8& a) {
  matmul_s8_portable(a);
  const volatile int8_t* weights = a.weights;
  (void)weights[a.outputs * a.depth];
}

TEST(MatmulBytesCheck, CatchesBrokenVariants) {
  const auto caught = [](void (*broken)(const MatmulS8&)) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case([&](const Case& c) {
      all = all && agrees<MatmulS8>(matmul_s8_portable, broken, c, Against::kUpperGuard, ++seed);
    });
    return !all;
  };
  EXPECT_FALSE(caught(matmul_s8_portable));
  EXPECT_TRUE(caught(adds_pairs));
  EXPECT_TRUE(caught(overlaps));
  EXPECT_TRUE(caught(never_min));
}

TEST(MatmulBytesCheck, ReadingBehindTheWeightsDies) {
  const Case c = {1, 5, 16, Fill::kRandom, Fill::kRandom, true, false};
  EXPECT_DEATH(agrees<MatmulS8>(matmul_s8_portable, reads_too_far, c, Against::kUpperGuard, 1), "");
}

}  // namespace
}  // namespace pipit::test
