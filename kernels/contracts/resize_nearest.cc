// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/resize_nearest.h"

namespace pipit {
namespace {

constexpr ResizeNearestVariant kVariants[] = {
    {"portable", kCpuPortable, resize_nearest_portable, nullptr},
};

}  // namespace

Span<const ResizeNearestVariant> resize_nearest_variants() { return kVariants; }

}  // namespace pipit
