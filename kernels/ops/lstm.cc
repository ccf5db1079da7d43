// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/lstm.h"

#include <cmath>

#include "core/to_integer.h"
#include "kernels/math/real.h"

namespace pipit::lstm {
namespace {

// An input may be left out by -1 in the file or by ending the list before it.
void drop_missing(const Prepare& p, int* input) {
  if (*input >= 0 && !p.has_input(*input)) *input = -1;
}

Inputs present(const Prepare& p, Inputs at) {
  for (int g = 0; g < kGates; ++g) {
    for (int* list :
         {at.input_weights, at.aux_weights, at.recurrent_weights, at.peephole, at.bias, at.norm}) {
      drop_missing(p, &list[g]);
    }
  }
  for (int* one : {&at.input, &at.aux, &at.projection, &at.projection_bias, &at.output_state,
                   &at.cell_state}) {
    drop_missing(p, one);
  }
  return at;
}

Status expect(const Prepare& p, int input, const Shape& shape, const char* what) {
  if (input < 0) return p.bad("has no ", what);
  if (p.input(input).shape == shape) return {};
  return p.bad(what, " ", p.input(input), " has not the shape ", shape);
}

// All of the gates' tensors, or those of the gates that a coupled cell has, or none.
Status expect_gates(const Prepare& p, const Cell& c, const int (&inputs)[kGates],
                    const Shape& shape, const char* what) {
  for (int g = 0; g < kGates; ++g) {
    if (c.coupled && g == kInputGate) {
      if (inputs[g] >= 0) return p.bad("has ", what, " for the input gate, but no weights");
      continue;
    }
    PIPIT_TRY(expect(p, inputs[g], shape, what));
  }
  return {};
}

// Diagonal weights are a vector: each cell then hears of its own last output alone.
Status check_recurrent(const Prepare& p, const Cell& c) {
  for (int g = c.first_gate(); g < kGates; ++g) {
    const int input = c.at.recurrent_weights[g];
    const bool diagonal = input >= 0 && p.input(input).shape.rank == 1 && c.outputs == c.cells;
    PIPIT_TRY(expect(p, input, diagonal ? Shape::of(c.cells) : Shape::of(c.cells, c.outputs),
                     "recurrent weights"));
  }
  if (c.coupled && c.at.recurrent_weights[kInputGate] >= 0) {
    return p.bad("has recurrent weights for the input gate, but no input weights");
  }
  return {};
}

// The cell gate has no peephole.
Status check_peephole(const Prepare& p, const Cell& c) {
  const int* w = c.at.peephole;
  if (w[kInputGate] < 0 && w[kForgetGate] < 0 && w[kOutputGate] < 0) return {};
  for (const int g : {kInputGate, kForgetGate, kOutputGate}) {
    if (g == kInputGate && c.coupled && w[g] < 0) continue;
    PIPIT_TRY(expect(p, w[g], Shape::of(c.cells), "cell weights"));
  }
  return {};
}

// Without a projection the cells are the outputs.
Status check_projection(const Prepare& p, const Cell& c) {
  if (c.at.projection >= 0) {
    PIPIT_TRY(expect(p, c.at.projection, Shape::of(c.outputs, c.cells), "projection weights"));
  } else if (c.at.projection_bias >= 0) {
    return p.bad("has a projection bias, but no projection weights");
  } else if (c.outputs != c.cells) {
    return p.bad("has ", c.cells, " cells and ", c.outputs, " outputs, but no projection weights");
  }
  if (c.at.projection_bias < 0) return {};
  return expect(p, c.at.projection_bias, Shape::of(c.outputs), "projection bias");
}

// No cell lacks the output gate, so its weights tell the sizes.
Status find_sizes(const Prepare& p, Cell* c) {
  const Tensor& input = p.input(c->at.input);
  if (input.shape.rank != 2 && input.shape.rank != 3) {
    return p.bad("input ", input, " is not [batch,time,values]");
  }
  const bool sequence = input.shape.rank == 3;
  const int batch = sequence && c->settings.time_major ? 1 : 0;
  c->batch = input.shape[batch];
  c->time = sequence ? input.shape[1 - batch] : 1;
  c->inputs = input.shape.last();
  for (const int i : {c->at.input_weights[kOutputGate], c->at.recurrent_weights[kOutputGate]}) {
    if (i < 0) return p.bad("has no weights for the output gate");
    if (p.input(i).shape.rank < 1) return p.bad("weights ", p.input(i), " are a scalar");
  }
  c->cells = p.input(c->at.input_weights[kOutputGate]).shape[0];
  c->outputs = p.input(c->at.recurrent_weights[kOutputGate]).shape.last();
  if (c->cells < 1 || c->outputs < 1) return p.bad("has ", c->cells, " cells");
  return {};
}

// An auxiliary input runs through time with the input, so only its width may differ.
Status check_aux(const Prepare& p, Cell* c) {
  if (c->at.aux < 0) return {};
  const Tensor& aux = p.input(c->at.aux);
  Shape same = p.input(c->at.input).shape;
  if (aux.shape.rank != same.rank || aux.type != p.input(c->at.input).type) {
    return p.bad("auxiliary input ", aux, " is not like the input");
  }
  same[same.rank - 1] = aux.shape.last();
  PIPIT_TRY(expect(p, c->at.aux, same, "auxiliary input"));
  c->aux_inputs = aux.shape.last();
  return expect_gates(p, *c, c->at.aux_weights, Shape::of(c->cells, c->aux_inputs),
                      "auxiliary weights");
}

}  // namespace

Status find_cell(const Prepare& p, const Inputs& at, const Settings& settings, Cell* cell) {
  Cell& c = *cell;
  c.at = present(p, at);
  c.settings = settings;
  if (!(settings.cell_clip >= 0) || !(settings.projection_clip >= 0)) {
    return p.bad("clips at a negative value");
  }
  PIPIT_TRY(find_sizes(p, &c));
  // What a cell is shows in the tensors that it has; no option tells.
  c.coupled = c.at.input_weights[kInputGate] < 0;
  c.normalized = c.at.norm[kForgetGate] >= 0;
  c.output_pitch = c.outputs;
  const Shape per_cell = Shape::of(c.cells);
  PIPIT_TRY(expect_gates(p, c, c.at.input_weights, Shape::of(c.cells, c.inputs), "input weights"));
  PIPIT_TRY(check_recurrent(p, c));
  PIPIT_TRY(check_aux(p, &c));
  PIPIT_TRY(check_peephole(p, c));
  PIPIT_TRY(expect_gates(p, c, c.at.bias, per_cell, "bias"));
  if (c.normalized) PIPIT_TRY(expect_gates(p, c, c.at.norm, per_cell, "normalization weights"));
  return check_projection(p, c);
}

Status check_states(Prepare& p, const Cell& c, Type output_state, Type cell_state) {
  const auto check = [&](int input, Type type, int32_t width) -> Status {
    if (input < 0) return p.bad("has no state");
    const Tensor& t = p.input(input);
    if (t.storage != Storage::kVariable) return p.bad("state ", t, " is not a variable");
    if (t.type != type) return p.bad("state ", t, " is not ", type);
    if (int64_t{c.batch} * width == t.elements()) return {};
    return p.bad("state ", t, " has not ", c.batch, " rows of ", width);
  };
  PIPIT_TRY(check(c.at.output_state, output_state, c.outputs));
  return check(c.at.cell_state, cell_state, c.cells);
}

Status find_exponent(const Prepare& p, const Tensor& state, int* exponent) {
  const float log = real::log(state.scale) * (1.0f / real::log(2.0f));
  const float whole = std::round(log);
  if (!(std::fabs(log - whole) < 1e-3f)) {
    return p.bad("cell state ", state, " has scale ", static_cast<double>(state.scale),
                 ", which is no power of two");
  }
  *exponent = to_integer<int>(whole);
  if (*exponent >= -15 && *exponent <= -9) return {};
  return p.unsupported("cell state ", state, " with scale 2^", *exponent);
}

Status prepare(Prepare& p, const Inputs& at, const Settings& settings) {
  Cell c;
  PIPIT_TRY(find_cell(p, at, settings, &c));
  Shape out = p.input(c.at.input).shape;
  out[out.rank - 1] = c.outputs;
  PIPIT_TRY(p.set_output(0, out));
  const Type in = p.input(c.at.input).type;
  if (p.output(0).type != in) return p.bad("output ", p.output(0), " is not ", in);
  // The input's type decides what kind of cell it is; each checks the types of the other tensors.
  if (in == Type::kFloat32) return prepare_float(p, &c, 1);
  if (in == Type::kInt8) return prepare_int8(p, c);
  if (in == Type::kInt16) return prepare_int16(p, c);
  return p.unsupported("input ", p.input(c.at.input));
}

}  // namespace pipit::lstm
