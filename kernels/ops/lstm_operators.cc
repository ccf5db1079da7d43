// SPDX-License-Identifier: Apache-2.0
// LSTM, UNIDIRECTIONAL_SEQUENCE_LSTM and BIDIRECTIONAL_SEQUENCE_LSTM.
#include "kernels/ops.h"
#include "kernels/ops/lstm.h"

namespace pipit {
namespace {

template <class Options>
lstm::Settings settings_of(const Options& o) {
  lstm::Settings s;
  s.activation = o.fused_activation_function();
  s.cell_clip = o.cell_clip();
  s.projection_clip = o.proj_clip();
  s.asymmetric_inputs = o.asymmetric_quantize_inputs();
  return s;
}

// Old files end before the normalization weights.
Status check_arity(const Prepare& p) {
  if (p.inputs() != 20 && p.inputs() != 24) {
    return p.bad("has ", p.inputs(), " inputs, not 20 or 24");
  }
  return p.arity(1, 24, 1);
}

// The matrices of a float cell may be sparse; nothing else may.
Status check_sparse(const Prepare& p) {
  constexpr int kLastMatrix = 8, kProjection = 16;
  const bool basic = options<fb::LSTMOptions>(p)->kernel_type() == fb::LSTMKernelType::BASIC;
  for (int i = 0; i < p.inputs(); ++i) {
    const Tensor* t = p.optional_input(i);
    if (t == nullptr || !t->constant()) continue;
    if (static_cast<const fb::Tensor*>(t->file_tensor)->sparsity() == nullptr) continue;
    const bool matrix = i >= 1 && (i <= kLastMatrix || i == kProjection) && t->shape.rank == 2;
    if (!basic && matrix && p.has_input(0) && p.input(0).type == Type::kFloat32) continue;
    return p.unsupported("input ", i, ", ", *t, ", is sparse");
  }
  return {};
}

// One time step: input [batch, values].
Status prepare_lstm(Prepare& p) {
  const auto* o = options<fb::LSTMOptions>(p);
  if (o == nullptr) return p.bad("has no LSTMOptions");
  PIPIT_TRY(check_sparse(p));
  if (o->kernel_type() == fb::LSTMKernelType::BASIC) return lstm::prepare_basic(p);
  PIPIT_TRY(check_arity(p));
  if (p.input(0).shape.rank != 2) return p.bad("input ", p.input(0), " is not [batch,values]");
  lstm::Settings settings = settings_of(*o);
  settings.time_major = true;  // where it matters, all batches of the step are one row
  return lstm::prepare(p, {}, settings);
}

// Input [batch, time, values], or time first.
Status prepare_sequence(Prepare& p) {
  PIPIT_TRY(check_arity(p));
  const auto* o = options<fb::UnidirectionalSequenceLSTMOptions>(p);
  if (o == nullptr) return p.bad("has no UnidirectionalSequenceLSTMOptions");
  if (p.input(0).shape.rank != 3) return p.bad("input ", p.input(0), " is not a sequence");
  lstm::Settings settings = settings_of(*o);
  settings.time_major = o->time_major();
  return lstm::prepare(p, {}, settings);
}

// The backward cell's tensors follow the forward cell's, then come the states and what belongs to
// the auxiliary input.
//
//   0   1 ... 17   18 ... 34   35 36   37 38    39   40 ... 43   44 ... 47
//   x   forward    backward    h c     h c      aux  forward's   backward's weights for it
//                              forward backward
lstm::Inputs inputs_of(int direction) {
  constexpr int kPerCell = 17, kStates = 35, kAux = 39;
  lstm::Inputs at;
  const int first = direction * kPerCell;
  for (int g = 0; g < lstm::kGates; ++g) {
    at.input_weights[g] += first;
    at.recurrent_weights[g] += first;
    if (g != lstm::kCellGate) at.peephole[g] += first;
    at.bias[g] += first;
    at.norm[g] = -1;
    at.aux_weights[g] = kAux + 1 + direction * lstm::kGates + g;
  }
  at.projection += first;
  at.projection_bias += first;
  at.output_state = kStates + 2 * direction;
  at.cell_state = kStates + 2 * direction + 1;
  at.aux = kAux;
  return at;
}

// An auxiliary input without weights is what the backward cell reads instead of the input.
void use_aux(const Prepare& p, lstm::Inputs* forward, lstm::Inputs* backward) {
  const int aux = forward->aux;
  if (p.has_input(forward->aux_weights[lstm::kForgetGate])) return;
  if (p.has_input(aux)) backward->input = aux;
  for (lstm::Inputs* at : {forward, backward}) {
    at->aux = -1;
    for (int& w : at->aux_weights) w = -1;
  }
}

Status set_output(Prepare& p, int output, int32_t width) {
  if (p.output(output).type != Type::kFloat32) return p.bad(p.output(output), " is not float32");
  Shape shape = p.input(0).shape;
  shape[shape.rank - 1] = width;
  return p.set_output(output, shape);
}

Status prepare_bidirectional(Prepare& p) {
  const auto* o = options<fb::BidirectionalSequenceLSTMOptions>(p);
  if (o == nullptr) return p.bad("has no BidirectionalSequenceLSTMOptions");
  PIPIT_TRY(p.arity(1, 48, o->merge_outputs() ? 1 : 2));
  const Tensor& input = p.input(0);
  if (input.shape.rank != 3) return p.bad("input ", input, " is not a sequence");
  if (input.type != Type::kFloat32) return p.unsupported("input ", input);
  lstm::Settings settings = settings_of(*o);
  settings.time_major = o->time_major();
  lstm::Inputs at[2] = {inputs_of(0), inputs_of(1)};
  use_aux(p, &at[0], &at[1]);
  if (const Tensor& other = p.input(at[1].input);
      other.type != Type::kFloat32 || other.shape.rank != 3 || other.shape[0] != input.shape[0] ||
      other.shape[1] != input.shape[1]) {
    return p.bad("auxiliary input ", other, " is not like input ", input);
  }
  lstm::Cell cells[2];
  for (int i = 0; i < 2; ++i) PIPIT_TRY(lstm::find_cell(p, at[i], settings, &cells[i]));
  cells[1].backward = true;
  // Merged, both directions' outputs lie side by side in each row.
  if (o->merge_outputs()) {
    const int64_t width = int64_t{cells[0].outputs} + cells[1].outputs;
    if (width > INT32_MAX) return p.bad("has too many outputs: ", width);
    cells[0].output_pitch = cells[1].output_pitch = static_cast<int32_t>(width);
    cells[1].output_offset = cells[0].outputs;
    PIPIT_TRY(set_output(p, 0, cells[0].output_pitch));
  } else {
    cells[1].output = 1;
    for (int i = 0; i < 2; ++i) PIPIT_TRY(set_output(p, i, cells[i].outputs));
  }
  return lstm::prepare_float(p, cells, 2);
}

}  // namespace

const Op kLstm = {builtin(fb::BuiltinOperator::LSTM), "LSTM", prepare_lstm, kOpNoFold | kOpSparse};
const Op kUnidirectionalSequenceLstm = {builtin(fb::BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM),
                                        "UNIDIRECTIONAL_SEQUENCE_LSTM", prepare_sequence,
                                        kOpNoFold};
const Op kBidirectionalSequenceLstm = {builtin(fb::BuiltinOperator::BIDIRECTIONAL_SEQUENCE_LSTM),
                                       "BIDIRECTIONAL_SEQUENCE_LSTM", prepare_bidirectional,
                                       kOpNoFold};

}  // namespace pipit
