// SPDX-License-Identifier: Apache-2.0
// Rows of float32 activations times a weight matrix that is float32, or int8 with the activations
// quantized on the fly: what the recurrent operators are made of.
#pragma once

#include <cstdint>

#include "kernels/contracts/matmul.h"
#include "kernels/ops/hybrid_scratch.h"
#include "pipit/op.h"

namespace pipit {

// How an operator multiplies; the same for all its matrices.
struct FloatProduct {
  bool hybrid = false;
  bool asymmetric = false;
  void (*f32)(const MatmulF32&) = nullptr;
  const HybridVariant* s8 = nullptr;
  const char* variant = "";
};

// `asymmetric`: activations get a zero point of their own for each row, whose share of a product is
// zero point * sum of the weights. That is what ProductWeights::sums is for.
// Float32, int8 or (read as int8) uint8 weights.
Status choose_product(const Prepare& p, const Tensor& weights, bool asymmetric, FloatProduct* f);

// One weight matrix: an input of the operator.
struct ProductWeights {
  int input = -1;  // -1: there is none
  int32_t outputs = 0, depth = 0;
  const int32_t* sums = nullptr;     // over each row, for asymmetric inputs
  const int8_t* expanded = nullptr;  // what the file stores sparsely
  const void* constant = nullptr;    // where they are, if they are constant
  float scale = 0;

  explicit operator bool() const { return input >= 0; }
};

// Fails unless input `input` has shape [outputs, depth] and the type of the other weights. Sets
// *ready to false when its values must be known but are not: the caller then defers.
Status find_weights(Prepare& p, const FloatProduct& f, int input, int32_t outputs, int32_t depth,
                    ProductWeights* w, bool* ready);

// Scratch for quantized activations.
HybridScratch add_rows(const FloatProduct& f, int32_t rows, int32_t depth, ScratchLayout* layout);

// Activations, ready to be multiplied.
struct ProductRows {
  const float* values = nullptr;
  ptrdiff_t stride = 0;
  HybridRows quantized;
};
ProductRows quantize(const Step& s, const FloatProduct& f, const HybridScratch& at,
                     const float* values, ptrdiff_t stride, int32_t rows, int32_t depth);

// out[r][o] += product; `sums` is scratch for [rows][outputs].
void add_product(const Step& s, const FloatProduct& f, const ProductRows& in,
                 const ProductWeights& w, int32_t* sums, float* out, ptrdiff_t out_stride);

}  // namespace pipit
