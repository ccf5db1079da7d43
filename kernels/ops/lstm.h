// SPDX-License-Identifier: Apache-2.0
// What the LSTM operators share: which tensors a cell has, the checks of their shapes, and the
// walk through time.
//
//   gate = activation(W_x * x + W_h * h + w_c . c + bias), for the four gates, where a normalized
//          cell brings the sum before the bias to mean 0 and deviation 1
//   c = clip(forget . c + input . cell)       (coupled gates: input = 1 - forget)
//   h = clip(P * (output . tanh(c)) + p)      (without projection: output . tanh(c))
//
// W_x is [cells, inputs], W_h [cells, outputs], P [outputs, cells]; `.` is element by element. h
// and c are variables, [batch, outputs] and [batch, cells]: a step reads what the one before has
// left, and leaves its own.
//
// All but the basic kernel work in three buffers of [batch][cells]:
//
//   first    the input gate, and when that is used up, the output gate
//   forget   the forget gate
//   update   the cell gate, and when that is used up, what the output gate is multiplied with
#pragma once

#include <cstdint>

#include "kernels/ops/common.h"
#include "pipit/op.h"

namespace pipit::lstm {

// In the order of the file's tensors.
enum Gate { kInputGate, kForgetGate, kCellGate, kOutputGate, kGates };

// The operator's inputs, by number; -1 where the cell has none.
struct Inputs {
  int input = 0;
  int aux = -1;
  int input_weights[kGates] = {1, 2, 3, 4};
  int aux_weights[kGates] = {-1, -1, -1, -1};
  int recurrent_weights[kGates] = {5, 6, 7, 8};
  int peephole[kGates] = {9, 10, -1, 11};
  int bias[kGates] = {12, 13, 14, 15};
  int projection = 16;
  int projection_bias = 17;
  int output_state = 18;
  int cell_state = 19;
  int norm[kGates] = {20, 21, 22, 23};
};

struct Settings {
  fb::ActivationFunctionType activation = fb::ActivationFunctionType::TANH;
  float cell_clip = 0;
  float projection_clip = 0;
  bool time_major = false;
  bool asymmetric_inputs = false;
};

struct Cell {
  Inputs at;
  Settings settings;
  int32_t batch = 0, time = 0, inputs = 0, aux_inputs = 0, cells = 0, outputs = 0;
  bool coupled = false;       // no input gate
  bool normalized = false;    // layer normalization
  bool backward = false;      // from the last time step to the first
  int output = 0;             // of the operator
  int32_t output_pitch = 0;   // elements between the output's rows
  int32_t output_offset = 0;  // of the cell's part in them

  bool has(int input) const { return input >= 0; }
  int first_gate() const { return coupled ? kForgetGate : kInputGate; }
  // The row of batch 0 at time `t`, and the rows between one batch and the next.
  int64_t row(int32_t t) const { return settings.time_major ? int64_t{t} * batch : t; }
  int32_t batch_rows() const { return settings.time_major ? 1 : time; }
};

// Sets to -1 what the node leaves out, finds all sizes in the tensors, and checks their shapes.
// `input` has rank 3, or rank 2 for a single time step.
Status find_cell(const Prepare& p, const Inputs& at, const Settings& settings, Cell* cell);

// Fails unless both states are variables of the right size and these types.
Status check_states(Prepare& p, const Cell& cell, Type output_state, Type cell_state);

// Fails unless all tensors that exist among `inputs` have this type.
template <int n>
Status check_types(const Prepare& p, const int (&inputs)[n], Type type) {
  for (const int i : inputs) {
    if (i >= 0 && p.input(i).type != type) return p.bad(p.input(i), " is not ", type);
  }
  return {};
}

// The binary logarithm of a scale that is a power of two. Cell states have 0 to 6 integer bits. So
// their scales are 2^-15 to 2^-9.
Status find_exponent(const Prepare& p, const Tensor& state, int* exponent);

// Leave the step that runs one cell, or two one after the other.
Status prepare_float(Prepare& p, const Cell* cells, int count);
Status prepare_int8(Prepare& p, const Cell& cell);
Status prepare_int16(Prepare& p, const Cell& cell);
// One cell, by the types of the input and the weights; sets the output's shape.
Status prepare(Prepare& p, const Inputs& at, const Settings& settings);
// The operator with the tensors of LSTM's basic kernel.
Status prepare_basic(Prepare& p);

}  // namespace pipit::lstm
