// SPDX-License-Identifier: Apache-2.0
// The variants of the way from integer sums to quantized outputs.
#include "kernels/contracts/rescale.h"

namespace pipit {
namespace {

constexpr KernelVariant<RescaleS8> kS8[] = {
    {"portable", kCpuPortable, rescale_s8_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, rescale_s8_neon, nullptr},
#endif
};
constexpr KernelVariant<RescaleU8> kU8[] = {
    {"portable", kCpuPortable, rescale_u8_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, rescale_u8_neon, nullptr},
#endif
};
constexpr KernelVariant<Rescale<int32_t, int16_t>> kS16[] = {
    {"portable", kCpuPortable, rescale_s16_portable, nullptr},
};
constexpr KernelVariant<Rescale<int64_t, int16_t>> kS64S16[] = {
    {"portable", kCpuPortable, rescale_s64_s16_portable, nullptr},
};

}  // namespace

template <>
Span<const KernelVariant<RescaleS8>> rescale_variants() {
  return kS8;
}
template <>
Span<const KernelVariant<RescaleU8>> rescale_variants() {
  return kU8;
}
template <>
Span<const KernelVariant<Rescale<int32_t, int16_t>>> rescale_variants() {
  return kS16;
}
template <>
Span<const KernelVariant<Rescale<int64_t, int16_t>>> rescale_variants() {
  return kS64S16;
}

}  // namespace pipit
