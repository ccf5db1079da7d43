// SPDX-License-Identifier: Apache-2.0
// How variants of convolutions are held against the portable one, whatever their numbers are. Tests
// bring their cases: for_each_case(visit) calls visit(case) for each, and agrees(variant, portable,
// case, side, seed) and describe(case) say what a case means.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"
#include "tests/support/guarded_buffer.h"

namespace pipit {

// For messages and the names of test cases.
template <class Args>
void PrintTo(const KernelVariant<Args>& v, std::ostream* out) {
  *out << v.name;
}

}  // namespace pipit

namespace pipit::test {

// Padding as for an output as large as the input, divided by the stride.
inline ConvGeometry same_size(int32_t h, int32_t w, int32_t in_c, int32_t out_c, int32_t kernel,
                              int32_t stride, int32_t dilation) {
  ConvGeometry g = {.batch = 1, .in_h = h, .in_w = w, .in_c = in_c};
  g.out_h = (h + stride - 1) / stride;
  g.out_w = (w + stride - 1) / stride;
  g.out_c = out_c;
  g.kernel_h = g.kernel_w = kernel;
  g.stride_h = g.stride_w = stride;
  g.dilation_h = g.dilation_w = dilation;
  g.pad_top = g.pad_left = (kernel - 1) * dilation / 2;
  return g;
}

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
