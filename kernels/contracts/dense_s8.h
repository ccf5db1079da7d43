// SPDX-License-Identifier: Apache-2.0
// A fully connected layer of int8: a matrix product, and its sums to quantized outputs. Both in
// one, since with a single row of activations each result costs as much to finish as tens of
// products.
#pragma once

#include "kernels/contracts/matmul.h"
#include "kernels/contracts/rescale.h"

namespace pipit {

struct DenseS8 {
  const MatmulS8& matmul;    // `out`: memory for the sums
  const RescaleS8& rescale;  // of these sums, all rows and outputs
};

// Every variant in this build, slowest first.
Span<const KernelVariant<DenseS8>> dense_s8_variants();

void dense_s8_portable(const DenseS8& a);
void dense_s8_neon(const DenseS8& a);     // only in builds for ARM
void dense_s8_dotprod(const DenseS8& a);  // only in those for 64 bits

}  // namespace pipit
