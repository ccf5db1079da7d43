// SPDX-License-Identifier: Apache-2.0
// Which images the kernels of kernels/arm resize by the row, and how much scratch memory that
// takes: arithmetic that any machine can do (see kernels/arm/sizes.cc).
#pragma once

#include <type_traits>

#include "kernels/contracts/resize_bilinear.h"

namespace pipit {
namespace {

constexpr int32_t kFewestChannels = 8;
constexpr int32_t kMostElements = 16 << 10;  // of a row: more would take too much scratch

template <class T>
int32_t row_elements(const ResizeBilinear<T>& a) {
  return a.in_w * a.channels;
}

// A smaller image has no use for the whole of a row's products, or of a blended one.
template <class T>
bool suits(const ResizeBilinear<T>& a) {
  return a.channels >= kFewestChannels && a.out_w >= a.in_w &&
         ByteCount(a.in_w) * a.channels <= kMostElements;
}

// uint8: two rows, as float; otherwise one that is blended.
template <class T>
ByteCount resize_scratch(const ResizeBilinear<T>& a) {
  constexpr size_t kRows = std::is_same_v<T, uint8_t> ? 2 : 1;
  static_assert(sizeof(float) == sizeof(int32_t));
  return suits(a) ? ByteCount(row_elements(a)) * (kRows * sizeof(float)) : 0;
}

}  // namespace
}  // namespace pipit
