// SPDX-License-Identifier: Apache-2.0
// What the number of vector registers decides of how work is cut: arithmetic that any machine can
// do (see kernels/arm/sizes.cc).
#pragma once

#include <cstdint>

namespace pipit {
namespace {

constexpr bool kManyRegisters = sizeof(void*) == 8;  // 64-bit ARM has 32, 32-bit ARM 16

constexpr int32_t kGroup = 8;                  // channels, whose sums lie together
constexpr int kMany = kManyRegisters ? 8 : 4;  // positions that are finished at a time

}  // namespace
}  // namespace pipit
