// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/resize_bilinear.h"

namespace pipit {
namespace {

template <class T>
constexpr ResizeBilinearVariant<T> kVariants[] = {
    {"portable", kCpuPortable, resize_bilinear_portable, nullptr},
};

#if PIPIT_ARM
template <>
constexpr ResizeBilinearVariant<float> kVariants<float>[] = {
    {"portable", kCpuPortable, resize_bilinear_portable, nullptr},
    {"neon", kCpuNeon, resize_bilinear_neon, resize_bilinear_neon_scratch},
};
template <>
constexpr ResizeBilinearVariant<uint8_t> kVariants<uint8_t>[] = {
    {"portable", kCpuPortable, resize_bilinear_portable, nullptr},
    {"neon", kCpuNeon, resize_bilinear_neon, resize_bilinear_neon_scratch},
};
template <>
constexpr ResizeBilinearVariant<int8_t> kVariants<int8_t>[] = {
    {"portable", kCpuPortable, resize_bilinear_portable, nullptr},
    {"neon", kCpuNeon, resize_bilinear_neon, resize_bilinear_neon_scratch},
};
#endif

}  // namespace

template <class T>
Span<const ResizeBilinearVariant<T>> resize_bilinear_variants() {
  return kVariants<T>;
}

template Span<const ResizeBilinearVariant<float>> resize_bilinear_variants();
template Span<const ResizeBilinearVariant<uint8_t>> resize_bilinear_variants();
template Span<const ResizeBilinearVariant<int8_t>> resize_bilinear_variants();
template Span<const ResizeBilinearVariant<int16_t>> resize_bilinear_variants();

}  // namespace pipit
