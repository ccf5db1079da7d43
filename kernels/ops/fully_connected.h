// SPDX-License-Identifier: Apache-2.0
// What the kinds of FULLY_CONNECTED share: output = input * weights^T + bias. `prepare` finds sizes
// and the form of the weights, and leaves the rest to the kind that the types ask for, with what it
// has found as a Request.
#pragma once

#include <cstdint>

#include "kernels/ops/common.h"
#include "kernels/ops/scratch.h"
#include "kernels/ops/weight_rows.h"
#include "pipit/op.h"

namespace pipit::fully_connected {

constexpr int kInput = 0, kWeights = 1, kBias = 2;

struct Request {
  int32_t rows = 0;  // of the input, [rows][depth], and of the output, [rows][outputs]
  int32_t outputs = 0;
  int32_t depth = 0;
  WeightRows weights;
  const void* weight_bytes = nullptr;  // of constant weights
  const float* bias = nullptr;         // a constant one, of float sums
  fb::ActivationFunctionType activation = fb::ActivationFunctionType::NONE;
  bool asymmetric_inputs = false;
  bool sum_in_32_bits = false;  // int16 input: the file declares an int32 bias
};

// The work is done in tiles, so that intermediate sums and expanded weights stay small.
struct Tile {
  int32_t rows = 0;
  int32_t outputs = 0;
};
// `keeps_sums`: in scratch memory, not where the results go.
Tile choose_tile(const Request& r, size_t weight_bytes, bool keeps_sums);

// Threads share the outputs.
constexpr int32_t kShareUnit = 16;
int32_t choose_shares(const Prepare& p, const Request& r, size_t weight_bytes);

// Calls f(first, count) for the blocks of `block` out of a part, or of all.
template <class F>
void in_blocks(const Part& part, int32_t block, const F& f) {
  const int32_t end = part.first + part.count;
  for (int32_t first = part.first, count = 0; first < end; first += count) {
    count = end - first < block ? end - first : block;
    f(first, count);
  }
}
template <class F>
void in_blocks(int32_t total, int32_t block, const F& f) {
  in_blocks(Part{0, total}, block, f);
}

// Weights have one scale or one for each output, and only int8 and uint8 ones with a single scale a
// zero point, unless that is asked to be 0.
Status check_weights(const Prepare& p, const Request& r, bool symmetric);

Status prepare_float(Prepare& p, const Request& r);
Status prepare_hybrid(Prepare& p, const Request& r);
Status prepare_blockwise(Prepare& p, const Request& r);
Status prepare_int8(Prepare& p, const Request& r);
Status prepare_uint8(Prepare& p, const Request& r);
Status prepare_int16(Prepare& p, const Request& r);
Status prepare_shuffled(Prepare& p, const Request& r);

}  // namespace pipit::fully_connected
