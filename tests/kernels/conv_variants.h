// SPDX-License-Identifier: Apache-2.0
// How variants of convolutions are held against the portable one, whatever their numbers are. Tests
// bring their cases: for_each_case(visit) calls visit(case) for each, and agrees(variant, portable,
// case, side, seed) and describe(case) say what a case means.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "kernels/contracts/variant.h"
#include "tests/kernels/conv_sizes.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit {

// For messages and the names of test cases.
template <class Args>
void PrintTo(const KernelVariant<Args>& v, std::ostream* out) {
  *out << v.name;
}

}  // namespace pipit

namespace pipit::test {

// Every case, its arrays against either guard page.
template <class Args, class ForEachCase>
void expect_agrees_with_portable(const KernelVariant<Args>& variant,
                                 const KernelVariant<Args>& portable,
                                 const ForEachCase& for_each_case) {
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  uint64_t seed = 1;
  for_each_case([&](const auto& c) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees(variant, portable, c, side, ++seed)) << describe(c) << ", seed " << seed;
    }
  });
}

// A part of the work, less of each size in `parts`, never needs more scratch memory than the whole.
template <template <class> class Conv, class Args, size_t kCount, class ForEachCase>
void expect_parts_need_no_more(Span<const KernelVariant<Args>> variants,
                               int32_t ConvGeometry::*const (&parts)[kCount],
                               const ForEachCase& for_each_case) {
  Random random(7);
  for (const KernelVariant<Args>& variant : variants) {
    if (variant.scratch == nullptr) continue;
    for_each_case([&](const auto& c) {
      const Args whole = Conv<Args>(c, Against::kUpperGuard, 1).args();
      Args part = whole;
      for (const auto size : parts) part.size.*size = random.between(1, whole.size.*size);
      EXPECT_LE(variant.scratch(part), variant.scratch(whole))
          << variant.name << ", " << describe(c);
    });
  }
}

template <class Args, class ForEachCase>
bool is_caught(void (*broken)(const Args&), const KernelVariant<Args>& portable,
               const ForEachCase& for_each_case) {
  const KernelVariant<Args> variant = {"broken", kCpuPortable, broken, nullptr};
  bool all = true;
  uint64_t seed = 1;
  for_each_case([&](const auto& c) {
    all = all && agrees(variant, portable, c, Against::kUpperGuard, ++seed);
  });
  return !all;
}

template <class Args>
std::string variant_name(const testing::TestParamInfo<KernelVariant<Args>>& info) {
  return info.param.name;
}

}  // namespace pipit::test
