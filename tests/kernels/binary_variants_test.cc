// SPDX-License-Identifier: Apache-2.0
// Every variant of the quantized additions, multiplications and PRELUs against the portable one:
// ragged runs, one value for a whole run, results in an operand's place, extreme numbers and
// multipliers, unmapped pages around every array; and variants broken on purpose, which the check
// must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "kernels/contracts/add_s8.h"
#include "kernels/contracts/mul_s8.h"
#include "kernels/contracts/prelu_s8.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit {

// For messages and the names of test cases.
void PrintTo(const BinaryVariant& v, std::ostream* out) { *out << v.name; }

}  // namespace pipit

namespace pipit::test {
namespace {

// The constants of one case, drawn as plans draw them and beyond that.
struct Constants {
  AddQuantized add;
  MulQuantized mul;
  PreluQuantized prelu;
};

struct Limits {
  int32_t min, max;
};

int32_t any_multiplier(Random* random) {
  return random->one_in(4) ? INT32_MAX : random->between(1 << 30, INT32_MAX);
}

// Half of the additions have an operand whose multiplier is exactly 1/2.
AddQuantized any_add(Random* random, const Limits& type, bool wide) {
  AddQuantized q;
  q.left_shift = wide ? 15 : 20;
  q.zero_point_a = wide ? 0 : random->between(type.min, type.max);
  q.zero_point_b = wide ? 0 : random->between(type.min, type.max);
  q.zero_point = wide ? 0 : random->between(type.min, type.max);
  q.multiplier_a = random->one_in(2) ? 1 << 30 : any_multiplier(random);
  q.shift_a = q.multiplier_a == 1 << 30 ? 0 : random->between(-9, -1);
  q.multiplier_b = random->one_in(2) ? 1 << 30 : any_multiplier(random);
  q.shift_b = q.multiplier_b == 1 << 30 ? 0 : random->between(-31, -1);
  q.multiplier = any_multiplier(random);
  q.shift = random->one_in(4) ? random->between(-31, 2) : random->between(-20, -8);
  q.sign = random->one_in(2) ? 1 : -1;
  q.min = random->one_in(2) ? type.min : random->between(type.min, 0);
  q.max = random->one_in(2) ? type.max : random->between(0, type.max);
  q.flip = !wide && random->one_in(2) ? 0x80 : 0;
  return q;
}

MulQuantized any_mul(Random* random, const AddQuantized& add) {
  return {.zero_point_a = add.zero_point_a,
          .zero_point_b = add.zero_point_b,
          .zero_point = add.zero_point,
          .multiplier = add.multiplier,
          .shift = random->one_in(3) ? random->between(-31, 20) : random->between(-16, -6),
          .min = add.min,
          .max = add.max,
          .flip = add.flip};
}

PreluQuantized any_prelu(Random* random, const AddQuantized& add) {
  return {.in_zero_point = add.zero_point_a,
          .alpha_zero_point = add.zero_point_b,
          .zero_point = add.zero_point,
          .above_multiplier = any_multiplier(random),
          .above_shift = random->one_in(3) ? random->between(-31, 22) : random->between(-2, 2),
          .below_multiplier = add.multiplier,
          .below_shift = random->one_in(3) ? random->between(-31, 14) : random->between(-9, 1),
          .min = add.min,
          .max = add.max,
          .flip = add.flip};
}

// Where the result lies.
enum class Place { kApart, kInA, kInB };

struct Case {
  int32_t n, step_a, step_b;
  Fill a, b;
  Place place;
};

// A kernel's list, and the constants that it takes.
template <class T>
struct Kernel {
  Span<const BinaryVariant> (*variants)();
  const void* (*constants)(const Constants& c);
};

template <class T>
void run(const Kernel<T>& kernel, BinaryFn variant, const Case& c, Against side, uint64_t seed,
         const GuardedBuffer<T>& out) {
  Random random(seed);
  const Limits type = {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  Constants constants;
  constants.add = any_add(&random, type, sizeof(T) == 2);
  constants.mul = any_mul(&random, constants.add);
  constants.prelu = any_prelu(&random, constants.add);
  const auto count = [&](int32_t step) { return static_cast<size_t>(step == 0 ? 1 : c.n); };
  const GuardedBuffer<T> a(count(c.step_a), side), b(count(c.step_b), side);
  fill(a.span(), c.a, &random);
  fill(b.span(), c.b, &random);
  const auto move_to_out = [&](const GuardedBuffer<T>& from) {
    std::copy(from.span().begin(), from.span().end(), out.span().begin());
    return out.data();
  };
  const T* x = c.place == Place::kInA ? move_to_out(a) : a.data();
  const T* y = c.place == Place::kInB ? move_to_out(b) : b.data();
  a.make_read_only();
  b.make_read_only();
  variant({.a = x,
           .b = y,
           .out = out.data(),
           .n = c.n,
           .step_a = c.step_a,
           .step_b = c.step_b,
           .constants = kernel.constants(constants)});
}

template <class T>
bool agrees(const Kernel<T>& kernel, BinaryFn variant, const Case& c, Against side, uint64_t seed) {
  const auto n = static_cast<size_t>(c.n);
  const GuardedBuffer<T> want(n, side), got(n, other(side));
  run(kernel, kernel.variants()[0].run, c, side, seed, want);
  run(kernel, variant, c, side, seed, got);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t n : {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 48, 100}) {
    for (int again = 0; again < 6; ++again) {
      for (const Place place : {Place::kApart, Place::kInA, Place::kInB}) {
        visit(Case{n, 1, 1, Fill::kRandom, Fill::kRandom, place});
      }
      visit(Case{n, 0, 1, Fill::kRandom, Fill::kRandom, Place::kApart});
      visit(Case{n, 0, 1, Fill::kRandom, Fill::kRandom, Place::kInB});
      visit(Case{n, 1, 0, Fill::kRandom, Fill::kRandom, Place::kApart});
    }
  }
  for (const Fill a : kFills) {
    for (const Fill b : kFills) {
      for (int again = 0; again < 20; ++again) visit(Case{40, 1, 1, a, b, Place::kApart});
    }
  }
}

template <class T>
void check(const Kernel<T>& kernel, const BinaryVariant& variant) {
  uint64_t seed = 1;
  for_each_case([&](const Case& c) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees(kernel, variant.run, c, side, ++seed))
          << c.n << " values, steps " << c.step_a << " and " << c.step_b << ", fills "
          << static_cast<int>(c.a) << " and " << static_cast<int>(c.b) << ", place "
          << static_cast<int>(c.place) << ", seed " << seed;
    }
  });
}

const void* of_add(const Constants& c) { return &c.add; }
const void* of_mul(const Constants& c) { return &c.mul; }
const void* of_prelu(const Constants& c) { return &c.prelu; }

const Kernel<int8_t> kAddS8 = {add_s8_variants, of_add};
const Kernel<int8_t> kMulS8 = {mul_s8_variants, of_mul};
const Kernel<int8_t> kPreluS8 = {prelu_s8_variants, of_prelu};
const Kernel<int16_t> kAddS16 = {add_s16_variants, of_add};
const Kernel<int16_t> kMulS16 = {mul_s16_variants, of_mul};

// All lists have the same instruction sets, in the same order.
class BinaryVariantTest : public testing::TestWithParam<size_t> {
 protected:
  template <class T>
  void check_one(const Kernel<T>& kernel) {
    const BinaryVariant& variant = kernel.variants()[GetParam()];
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
    check(kernel, variant);
  }
};

TEST_P(BinaryVariantTest, AddsLikePortable) { check_one(kAddS8); }
TEST_P(BinaryVariantTest, MultipliesLikePortable) { check_one(kMulS8); }
TEST_P(BinaryVariantTest, BendsLikePortable) { check_one(kPreluS8); }
TEST_P(BinaryVariantTest, AddsInt16LikePortable) { check_one(kAddS16); }
TEST_P(BinaryVariantTest, MultipliesInt16LikePortable) { check_one(kMulS16); }

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return add_s8_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(Binary, BinaryVariantTest,
                         testing::Range(size_t{0}, add_s8_variants().size()), name_of);

// ---- the check itself

TEST(BinaryCheck, TheListsAreAlike) {
  for (const auto list :
       {mul_s8_variants(), prelu_s8_variants(), add_s16_variants(), mul_s16_variants()}) {
    ASSERT_EQ(list.size(), add_s8_variants().size());
    for (size_t i = 0; i < list.size(); ++i) {
      EXPECT_STREQ(list[i].name, add_s8_variants()[i].name);
    }
  }
}

// Is off by one where the operand has its lowest value.
void rounds_wrong(const Binary& r) {
  const auto* a = static_cast<const int8_t*>(r.a);
  const bool lowest = r.n > 8 && r.step_a != 0 && a[8] == -128;
  add_s8_portable(r);
  if (lowest) static_cast<int8_t*>(r.out)[8] ^= 1;
}

// Forgets the last of a ragged run.
void one_short(const Binary& r) {
  Binary fewer = r;
  fewer.n -= r.n % 16 == 1;
  add_s8_portable(fewer);
}

// Takes the value for a whole run from where the next one would lie.
void reads_too_far(const Binary& r) {
  const volatile auto* b = static_cast<const int8_t*>(r.b);
  (void)b[r.step_b == 0 ? 1 : r.n];
  add_s8_portable(r);
}

TEST(BinaryCheck, CatchesBrokenVariants) {
  const auto caught = [](BinaryFn broken) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case([&](const Case& c) {
      all = all && agrees(kAddS8, broken, c, Against::kUpperGuard, ++seed);
    });
    return !all;
  };
  EXPECT_FALSE(caught(add_s8_portable));
  EXPECT_TRUE(caught(rounds_wrong));
  EXPECT_TRUE(caught(one_short));
}

TEST(BinaryCheck, ReadingBehindAnOperandDies) {
  const Case c = {5, 1, 1, Fill::kRandom, Fill::kRandom, Place::kApart};
  EXPECT_DEATH(agrees(kAddS8, reads_too_far, c, Against::kUpperGuard, 1), "");
}

}  // namespace
}  // namespace pipit::test
