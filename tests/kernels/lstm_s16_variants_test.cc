// SPDX-License-Identifier: Apache-2.0
// Every variant of an integer LSTM cell's parts against the portable one: the functions of one
// number over all of its values, the others over ragged rows and extreme numbers, unmapped pages
// around every array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>

#include "kernels/contracts/lstm_s16.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit {

// For messages and the names of test cases.
void PrintTo(const LstmS16Variant& v, std::ostream* out) { *out << v.name; }

}  // namespace pipit

namespace pipit::test {
namespace {

template <class T>
bool same(const GuardedBuffer<T>& a, const GuardedBuffer<T>& b) {
  return std::equal(a.span().begin(), a.span().end(), b.span().begin());
}

template <class T>
void copy(const GuardedBuffer<T>& from, const GuardedBuffer<T>& to) {
  std::copy(from.span().begin(), from.span().end(), to.data());
}

// ---- the functions of one number

bool functions_agree(const LstmS16Variant& variant) {
  constexpr size_t kAll = 1 << 16;
  const GuardedBuffer<int16_t> in(kAll), want(kAll), got(kAll);
  for (size_t i = 0; i < kAll; ++i) in.data()[i] = static_cast<int16_t>(i);
  copy(in, want);
  copy(in, got);
  gate_logistic_s16(want.data(), kAll);
  variant.logistic(got.data(), kAll);
  if (!same(want, got)) return false;
  for (int bits = 0; bits <= 6; ++bits) {
    gate_tanh_s16(in.data(), kAll, bits, want.data());
    variant.tanh(in.data(), kAll, bits, got.data());
    if (!same(want, got)) return false;
  }
  return true;
}

// ---- rows

struct Case {
  int32_t n;
  Fill fill;
};

// One case's arrays: what a part reads and where it leaves its result.
struct Rows {
  Rows(const Case& c, Against side, uint64_t seed)
      : random(seed),
        n(c.n),
        sums(size(), side),
        first(size(), side),
        second(size(), side),
        third(size(), side),
        cell(size(), side),
        bytes(size(), side) {
    for (const auto* values : {&first, &second, &third, &cell}) {
      fill(values->span(), c.fill, &random);
    }
    fill(sums.span(), random.one_in(2) ? c.fill : Fill::kSmall, &random);
    for (const auto* values : {&first, &second, &third}) values->make_read_only();
    sums.make_read_only();
  }

  size_t size() const { return static_cast<size_t>(n); }

  Random random;
  int32_t n;
  GuardedBuffer<int32_t> sums;
  GuardedBuffer<int16_t> first, second, third, cell;
  GuardedBuffer<int8_t> bytes;
};

FixedMultiplier any_multiplier(Random* random) {
  return {random->one_in(4) ? INT32_MAX : random->between(1 << 30, INT32_MAX),
          random->one_in(2) ? random->between(-20, -1) : random->between(-31, 30)};
}

using Part = std::function<void(const LstmS16Variant&, Rows*)>;

void add_rescaled(const LstmS16Variant& v, Rows* r) {
  v.add_rescaled(r->cell.data(), r->n, r->sums.data(), any_multiplier(&r->random));
}
void logistic(const LstmS16Variant& v, Rows* r) { v.logistic(r->cell.data(), r->n); }
void tanh(const LstmS16Variant& v, Rows* r) {
  v.tanh(r->first.data(), r->n, r->random.between(0, 6), r->cell.data());
}
void update_cell(const LstmS16Variant& v, Rows* r) {
  const bool coupled = r->random.one_in(3);
  const int shift = r->random.between(15, 21);
  const auto limit = static_cast<int16_t>(r->random.one_in(2) ? 0 : r->random.between(1, 32767));
  v.update_cell(r->cell.data(), r->n, coupled ? nullptr : r->first.data(), r->second.data(),
                r->third.data(), shift, limit);
}
void multiply_gate(const LstmS16Variant& v, Rows* r) {
  const FixedMultiplier m = any_multiplier(&r->random);
  const int32_t zero_point =
      r->random.one_in(8) ? r->random.between(INT32_MIN, INT32_MAX) : r->random.between(-128, 128);
  v.multiply_gate(r->first.data(), r->second.data(), r->n, m, zero_point, r->bytes.data());
}

bool agrees(const LstmS16Variant& variant, const Part& part, const Case& c, Against side,
            uint64_t seed) {
  Rows want(c, side, seed), got(c, other(side), seed);
  part(lstm_s16_variants()[0], &want);
  part(variant, &got);
  return same(want.cell, got.cell) && same(want.bytes, got.bytes);
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t n : {1, 3, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33, 100}) {
    for (const Fill fill : kFills) {
      for (int again = 0; again < 8; ++again) visit(Case{n, fill});
    }
  }
}

class LstmS16VariantTest : public testing::TestWithParam<LstmS16Variant> {
 protected:
  void SetUp() override {
    const LstmS16Variant& variant = GetParam();
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  }
  void check(const Part& part) {
    uint64_t seed = 1;
    for_each_case([&](const Case& c) {
      for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
        ASSERT_TRUE(agrees(GetParam(), part, c, side, ++seed))
            << c.n << " cells, fill " << static_cast<int>(c.fill) << ", seed " << seed;
      }
    });
  }
};

TEST_P(LstmS16VariantTest, FunctionsOfAllNumbers) { EXPECT_TRUE(functions_agree(GetParam())); }
TEST_P(LstmS16VariantTest, AddRescaled) { check(add_rescaled); }
TEST_P(LstmS16VariantTest, Logistic) { check(logistic); }
TEST_P(LstmS16VariantTest, Tanh) { check(tanh); }
TEST_P(LstmS16VariantTest, UpdateCell) { check(update_cell); }
TEST_P(LstmS16VariantTest, MultiplyGate) { check(multiply_gate); }

std::string name_of(const testing::TestParamInfo<LstmS16Variant>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(LstmS16, LstmS16VariantTest,
                         testing::ValuesIn(lstm_s16_variants().begin(), lstm_s16_variants().end()),
                         name_of);

// ---- the check itself

// One number of 65536 is wrong.
void wrong_logistic(int16_t* values, int32_t n) {
  int16_t* at = std::find(values, values + n, int16_t{-12345});
  const auto index = at - values;
  gate_logistic_s16(values, n);
  if (index != n) values[index] = static_cast<int16_t>(values[index] + 1);
}

// Saturates the product before it adds it.
void saturates_early(int16_t* rows, int32_t n, const int32_t* sums, FixedMultiplier m) {
  for (int32_t i = 0; i < n; ++i) {
    int16_t product = 0;
    add_rescaled_s16(&product, 1, sums + i, m);
    rows[i] = static_cast<int16_t>(std::clamp(rows[i] + product, INT16_MIN, INT16_MAX));
  }
}

// Adds the zero point in 16 bits.
void wraps_zero_point(const int16_t* gate, const int16_t* values, int32_t n, FixedMultiplier m,
                      int32_t zero_point, int8_t* out) {
  multiply_gate_s8(gate, values, n, m, static_cast<int16_t>(zero_point), out);
}

TEST(LstmS16Check, CatchesBrokenVariants) {
  const auto caught = [](const LstmS16Variant& broken, const Part& part) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case(
        [&](const Case& c) { all = all && agrees(broken, part, c, Against::kUpperGuard, ++seed); });
    return !all;
  };
  LstmS16Variant v = lstm_s16_variants()[0];
  EXPECT_TRUE(functions_agree(v));
  v.logistic = wrong_logistic;
  EXPECT_FALSE(functions_agree(v));
  EXPECT_FALSE(caught(v, add_rescaled));
  v.add_rescaled = saturates_early;
  EXPECT_TRUE(caught(v, add_rescaled));
  EXPECT_FALSE(caught(v, multiply_gate));
  v.multiply_gate = wraps_zero_point;
  EXPECT_TRUE(caught(v, multiply_gate));
}

}  // namespace
}  // namespace pipit::test
