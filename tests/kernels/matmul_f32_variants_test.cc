// SPDX-License-Identifier: Apache-2.0
// Every variant of the float matrix product against the portable one: ragged sizes, special values,
// unmapped pages around every array; and variants broken on purpose.
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "kernels/contracts/matmul.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit {

using MatmulF32Variant = MatmulVariant<MatmulF32>;

// For messages and the names of test cases.
void PrintTo(const MatmulF32Variant& v, std::ostream* out) { *out << v.name; }

}  // namespace pipit

namespace pipit::test {
namespace {

struct Case {
  int32_t rows, outputs, depth;
  int32_t gap = 0;       // elements between rows that belong to somebody else
  bool special = false;  // an infinity and a NaN among the inputs
};

enum class Start { kNone, kOneRow, kOutput };

std::string describe(const Case& c, Start start) {
  return std::to_string(c.rows) + " rows, " + std::to_string(c.outputs) + " outputs, depth " +
         std::to_string(c.depth) + ", gap " + std::to_string(c.gap) + ", start " +
         std::to_string(static_cast<int>(start));
}

class Product {
 public:
  Product(const Case& c, Against side, uint64_t seed)
      : case_(c),
        in_(matrix(c.rows, c.depth), side),
        weights_(static_cast<size_t>(c.outputs * c.depth), side),
        start_(static_cast<size_t>(c.outputs), side) {
    Random random(seed);
    for (const auto* b : {&in_, &weights_, &start_}) {
      for (float& v : b->span()) v = static_cast<float>(random.unit() * 4 - 2);
    }
    if (c.special) {
      in_.span()[in_.size() / 2] = std::numeric_limits<float>::infinity();
      in_.span()[0] = std::numeric_limits<float>::quiet_NaN();
    }
    for (const auto* b : {&in_, &weights_, &start_}) b->make_read_only();
  }

  size_t outputs() const { return matrix(case_.rows, case_.outputs); }

  // `out` holds numbers before.
  void run(const MatmulF32Variant& variant, Start start, Span<float> out) const {
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i % 7) - 3;
    variant.run(args(in_.data(), weights_.data(), start_.data(), start, out.data()));
  }

  // The sums of all terms' magnitudes.
  std::vector<float> magnitudes(Start start) const {
    const auto absolute = [](const GuardedBuffer<float>& b) {
      std::vector<float> v(b.span().begin(), b.span().end());
      for (float& x : v) x = std::isnan(x) ? 0 : std::fabs(x);
      return v;
    };
    const std::vector<float> in = absolute(in_), weights = absolute(weights_);
    const std::vector<float> first = absolute(start_);
    std::vector<float> out(outputs(), 3);
    matmul_f32_portable(args(in.data(), weights.data(), first.data(), start, out.data()));
    return out;
  }

 private:
  MatmulF32 args(const float* in, const float* weights, const float* start, Start kind,
                 float* out) const {
    MatmulF32 a;
    a.rows = case_.rows;
    a.outputs = case_.outputs;
    a.depth = case_.depth;
    a.in = in;
    a.in_stride = case_.depth + case_.gap;
    a.weights = weights;
    a.out = out;
    a.out_stride = case_.outputs + case_.gap;
    if (kind == Start::kOneRow) a.start = start;
    if (kind == Start::kOutput) {
      a.start = out;
      a.start_stride = a.out_stride;
    }
    return a;
  }

  size_t matrix(int32_t rows, int32_t columns) const {
    return static_cast<size_t>((rows - 1) * (columns + case_.gap) + columns);
  }

  Case case_;
  GuardedBuffer<float> in_, weights_, start_;
};

// Terms may be added in any order and products may be fused with additions: a rounding error for
// each term.
bool is_close(float want, float got, float magnitude, int32_t terms) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) == std::isnan(got);
  if (std::isinf(want) || std::isinf(got)) return want == got;
  const float rounding = static_cast<float>(2 * terms + 4) * FLT_EPSILON / 2;
  return std::fabs(want - got) <= rounding * magnitude;
}

bool agrees(const MatmulF32Variant& variant, const Case& c, Start start, Against side,
            uint64_t seed) {
  const Product product(c, side, seed);
  const GuardedBuffer<float> want(product.outputs(), side), got(product.outputs(), other(side));
  product.run(matmul_f32_variants()[0], start, want.span());
  product.run(variant, start, got.span());
  const std::vector<float> magnitude = product.magnitudes(start);
  for (size_t i = 0; i < product.outputs(); ++i) {
    if (!is_close(want.span()[i], got.span()[i], magnitude[i], c.depth)) return false;
  }
  return true;
}

// Calls visit(case, start) for sizes around every border of the kernels' tiles.
template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t depth : {1, 2, 3, 4, 5, 7, 8, 15, 16, 33, 640}) {
    for (const int32_t rows : {1, 2, 3, 4, 5, 9}) {
      for (const int32_t outputs : {1, 2, 3, 4, 5, 7, 8, 9, 17}) {
        visit(Case{rows, outputs, depth}, Start::kNone);
        visit(Case{rows, outputs, depth, 3}, Start::kOneRow);
        visit(Case{rows, outputs, depth, 1}, Start::kOutput);
      }
    }
    visit(Case{3, 9, depth, 0, true}, Start::kOneRow);
  }
  visit(Case{70, 5, 100}, Start::kNone);
}

class MatmulF32VariantTest : public testing::TestWithParam<MatmulF32Variant> {};

TEST_P(MatmulF32VariantTest, IsCloseToPortable) {
  const MatmulF32Variant& variant = GetParam();
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  uint64_t seed = 1;
  for_each_case([&](const Case& c, Start start) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees(variant, c, start, side, ++seed)) << describe(c, start);
    }
  });
}

std::string name_of(const testing::TestParamInfo<MatmulF32Variant>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(MatmulF32, MatmulF32VariantTest,
                         testing::ValuesIn(matmul_f32_variants().begin(),
                                           matmul_f32_variants().end()),
                         name_of);

// ---- the check itself

// Forgets the last output.
void one_output_short(const MatmulF32& a) {
  const float before = a.out[a.outputs - 1];
  matmul_f32_portable(a);
  a.out[a.outputs - 1] = before;
}

// Leaves out the last product.
void one_product_short(const MatmulF32& a) {
  matmul_f32_portable(a);
  a.out[0] -= a.in[a.depth - 1] * a.weights[a.depth - 1];
}

TEST(MatmulF32Check, CatchesBrokenVariants) {
  const auto caught = [](void (*broken)(const MatmulF32&)) {
    const MatmulF32Variant variant = {"broken", kCpuPortable, broken};
    bool all = true;
    uint64_t seed = 1;
    for_each_case([&](const Case& c, Start start) {
      all = all && agrees(variant, c, start, Against::kUpperGuard, ++seed);
    });
    return !all;
  };
  EXPECT_FALSE(caught(matmul_f32_portable));
  EXPECT_TRUE(caught(one_output_short));
  EXPECT_TRUE(caught(one_product_short));
}

}  // namespace
}  // namespace pipit::test
