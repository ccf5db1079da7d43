// SPDX-License-Identifier: Apache-2.0
// The variants of the fully connected layer of int8. All but the last one are a product and what
// follows it, one after the other.
#include "kernels/contracts/dense_s8.h"

namespace pipit {
namespace {

constexpr KernelVariant<DenseS8> kAll[] = {
    {"portable", kCpuPortable, dense_s8_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, dense_s8_neon, nullptr},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, dense_s8_dotprod, nullptr},
#endif
};

}  // namespace

Span<const KernelVariant<DenseS8>> dense_s8_variants() { return kAll; }

void dense_s8_portable(const DenseS8& a) {
  matmul_s8_portable(a.matmul);
  rescale_s8_portable(a.rescale);
}

#if PIPIT_ARM
void dense_s8_neon(const DenseS8& a) {
  matmul_s8_neon(a.matmul);
  rescale_s8_neon(a.rescale);
}
#endif

}  // namespace pipit
