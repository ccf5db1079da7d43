// SPDX-License-Identifier: Apache-2.0
// The variants of the pooling kernels.
#include "kernels/contracts/pool.h"

namespace pipit {
namespace {

template <class T>
constexpr PoolVariant<T> kAverage[] = {
    {"portable", kCpuPortable, average_pool_portable, nullptr},
};

template <class T>
constexpr PoolVariant<T> kMax[] = {
    {"portable", kCpuPortable, max_pool_portable, nullptr},
};

#if PIPIT_ARM
template <>
constexpr PoolVariant<float> kAverage<float>[] = {
    {"portable", kCpuPortable, average_pool_portable, nullptr},
    {"neon", kCpuNeon, average_pool_neon, nullptr},
};
template <>
constexpr PoolVariant<float> kMax<float>[] = {
    {"portable", kCpuPortable, max_pool_portable, nullptr},
    {"neon", kCpuNeon, max_pool_neon, nullptr},
};
template <>
constexpr PoolVariant<int8_t> kAverage<int8_t>[] = {
    {"portable", kCpuPortable, average_pool_portable, nullptr},
    {"neon", kCpuNeon, average_pool_neon, nullptr},
};
template <>
constexpr PoolVariant<uint8_t> kAverage<uint8_t>[] = {
    {"portable", kCpuPortable, average_pool_portable, nullptr},
    {"neon", kCpuNeon, average_pool_neon, nullptr},
};
template <>
constexpr PoolVariant<int8_t> kMax<int8_t>[] = {
    {"portable", kCpuPortable, max_pool_portable, nullptr},
    {"neon", kCpuNeon, max_pool_neon, nullptr},
};
template <>
constexpr PoolVariant<uint8_t> kMax<uint8_t>[] = {
    {"portable", kCpuPortable, max_pool_portable, nullptr},
    {"neon", kCpuNeon, max_pool_neon, nullptr},
};
#endif

constexpr PoolVariant<float> kL2[] = {
    {"portable", kCpuPortable, l2_pool_portable, nullptr},
};

}  // namespace

template <class T>
Span<const PoolVariant<T>> average_pool_variants() {
  return kAverage<T>;
}

template <class T>
Span<const PoolVariant<T>> max_pool_variants() {
  return kMax<T>;
}

Span<const PoolVariant<float>> l2_pool_variants() { return kL2; }

template Span<const PoolVariant<float>> average_pool_variants();
template Span<const PoolVariant<int8_t>> average_pool_variants();
template Span<const PoolVariant<uint8_t>> average_pool_variants();
template Span<const PoolVariant<int16_t>> average_pool_variants();
template Span<const PoolVariant<float>> max_pool_variants();
template Span<const PoolVariant<int8_t>> max_pool_variants();
template Span<const PoolVariant<uint8_t>> max_pool_variants();
template Span<const PoolVariant<int16_t>> max_pool_variants();

}  // namespace pipit
