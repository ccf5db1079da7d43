// SPDX-License-Identifier: Apache-2.0
// Every variant of the byte table against the portable one: ragged runs, in place, unmapped pages
// around every array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "kernels/contracts/lookup_u8.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit {

// For messages and the names of test cases.
void PrintTo(const UnaryVariant& v, std::ostream* out) { *out << v.name; }

}  // namespace pipit

namespace pipit::test {
namespace {

struct Case {
  int32_t n;
  bool in_place;
};

void run(UnaryFn variant, const Case& c, Against side, uint64_t seed,
         const GuardedBuffer<uint8_t>& out) {
  Random random(seed);
  const GuardedBuffer<LookupU8> table(1, side);
  fill<uint8_t>(table.data()->table, Fill::kRandom, &random);
  const GuardedBuffer<uint8_t> in(static_cast<size_t>(c.n), side);
  fill(in.span(), Fill::kRandom, &random);
  std::copy(in.span().begin(), in.span().end(), out.data());
  table.make_read_only();
  in.make_read_only();
  variant({.in = c.in_place ? out.data() : in.data(),
           .out = out.data(),
           .n = c.n,
           .constants = table.data()});
}

bool agrees(UnaryFn variant, const Case& c, Against side, uint64_t seed) {
  const auto n = static_cast<size_t>(c.n);
  const GuardedBuffer<uint8_t> want(n, side), got(n, other(side));
  run(lookup_u8_portable, c, side, seed, want);
  run(variant, c, side, seed, got);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t n : {1, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 1000}) {
    for (const bool in_place : {false, true}) visit(Case{n, in_place});
  }
}

class LookupU8VariantTest : public testing::TestWithParam<UnaryVariant> {};

TEST_P(LookupU8VariantTest, EqualsPortable) {
  const UnaryVariant& variant = GetParam();
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  uint64_t seed = 1;
  for_each_case([&](const Case& c) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees(variant.run, c, side, ++seed)) << c.n << " bytes, seed " << seed;
    }
  });
}

std::string name_of(const testing::TestParamInfo<UnaryVariant>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(LookupU8, LookupU8VariantTest,
                         testing::ValuesIn(lookup_u8_variants().begin(),
                                           lookup_u8_variants().end()),
                         name_of);

// ---- the check itself

// Takes the last quarter of the table for the third.
void wrong_quarter(const Unary& r) {
  LookupU8 t = *static_cast<const LookupU8*>(r.constants);
  std::copy_n(t.table + 192, 64, t.table + 128);
  Unary b = r;
  b.constants = &t;
  lookup_u8_portable(b);
}

// Looks up the last bytes twice where the output is the input, as vectors that overlap would.
void overlaps(const Unary& r) {
  lookup_u8_portable(r);
  if (r.in != r.out || r.n < 16) return;
  auto* last = static_cast<uint8_t*>(r.out) + r.n - 1;
  lookup_u8_portable({.in = last, .out = last, .n = 1, .constants = r.constants});
}

TEST(LookupU8Check, CatchesBrokenVariants) {
  const auto caught = [](UnaryFn broken) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case(
        [&](const Case& c) { all = all && agrees(broken, c, Against::kUpperGuard, ++seed); });
    return !all;
  };
  EXPECT_FALSE(caught(lookup_u8_portable));
  EXPECT_TRUE(caught(wrong_quarter));
  EXPECT_TRUE(caught(overlaps));
}

}  // namespace
}  // namespace pipit::test
