// SPDX-License-Identifier: Apache-2.0
// RNN, UNIDIRECTIONAL_SEQUENCE_RNN and BIDIRECTIONAL_SEQUENCE_RNN over float32 activations:
//
//   h = activation(W * x + V * aux + U * h + bias), and h is the output of the time step
//
// The state h is a variable, [batch, units]. Sequences are [batch, time, values], or time first.
#include <algorithm>

#include "kernels/contracts/activate.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"
#include "kernels/ops/float_product.h"

namespace pipit {
namespace {

// One direction, by numbers of the operator's inputs; -1: none.
struct Inputs {
  int input, weights, recurrent, bias, state;
  int aux = -1, aux_weights = -1;
};

// What the options of all three operators say.
struct Settings {
  fb::ActivationFunctionType activation = fb::ActivationFunctionType::NONE;
  bool time_major = false;
  bool asymmetric_inputs = false;
};

struct Cell {
  Inputs at;
  Activation activation;
  bool time_major, backward;
  int32_t batch, time, inputs, aux_inputs, units;
  int32_t aux_step;       // elements between the auxiliary input's rows
  int output;             // of the operator
  int32_t output_pitch;   // elements between the output's rows
  int32_t output_offset;  // of the cell's part in them
  FloatProduct product;
  GateFunctions functions;
  ProductWeights weights, aux_weights, recurrent;
  HybridScratch input_rows, aux_rows, state_rows;
  size_t sums_at;
};

struct Params {
  Cell cells[2];
  int count;
  int32_t rounds;  // how often to go through the sequence
};

// Rows are counted over both outer dimensions: `row` is that of batch 0 at this time, and the other
// batches' are `batch_rows` apart. The sums grow in the output's place.
void run_step(const Step& s, const Cell& c, int32_t t) {
  const int64_t row = c.time_major ? int64_t{t} * c.batch : t;
  const ptrdiff_t batch_rows = c.time_major ? 1 : c.time;
  float* state = s.input(c.at.state).as<float>();
  float* out = s.output(c.output).as<float>() + row * c.output_pitch + c.output_offset;
  const ptrdiff_t pitch = batch_rows * c.output_pitch;
  auto* sums = scratch_at<int32_t>(s, c.sums_at);
  for (int32_t b = 0; b < c.batch; ++b) {
    // Sums start from the bias.
    std::copy_n(s.input(c.at.bias).as<float>(), c.units, out + b * pitch);
  }
  const ProductRows in =
      quantize(s, c.product, c.input_rows, s.input(c.at.input).as<float>() + row * c.inputs,
               batch_rows * c.inputs, c.batch, c.inputs);
  add_product(s, c.product, in, c.weights, sums, out, pitch);
  if (c.aux_weights) {
    const ptrdiff_t stride = c.time_major ? c.aux_inputs : batch_rows * c.aux_step;
    const ProductRows aux =
        quantize(s, c.product, c.aux_rows, s.input(c.at.aux).as<float>() + row * c.aux_step, stride,
                 c.batch, c.aux_inputs);
    add_product(s, c.product, aux, c.aux_weights, sums, out, pitch);
  }
  const ProductRows last = quantize(s, c.product, c.state_rows, state, c.units, c.batch, c.units);
  add_product(s, c.product, last, c.recurrent, sums, out, pitch);
  for (int32_t b = 0; b < c.batch; ++b) {
    activate(c.activation, out + b * pitch, static_cast<size_t>(c.units), c.functions);
    std::copy_n(out + b * pitch, c.units, state + ptrdiff_t{b} * c.units);
  }
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  for (int32_t round = 0; round < p.rounds; ++round) {
    // A direction is walked from one end to the other before the next one begins; they share
    // nothing but scratch memory.
    for (int i = 0; i < p.count; ++i) {
      const Cell& c = p.cells[i];
      for (int32_t t = 0; t < c.time; ++t) run_step(s, c, c.backward ? c.time - 1 - t : t);
    }
  }
  return {};
}

// ---- plan

Status check_vectors(const Prepare& p, const Cell& c) {
  const Tensor& bias = p.input(c.at.bias);
  const Tensor& state = p.input(c.at.state);
  if (bias.type != Type::kFloat32 || bias.shape != Shape::of(c.units)) {
    return p.bad("bias ", bias, " is not float32 [", c.units, "]");
  }
  if (state.storage != Storage::kVariable) return p.bad("state ", state, " is not a variable");
  if (state.type != Type::kFloat32 || state.shape != Shape::of(c.batch, c.units)) {
    return p.bad("state ", state, " is not float32 ", Shape::of(c.batch, c.units));
  }
  return {};
}

// *ready becomes false where weights have to be summed up but are not known yet.
Status find_cell(Prepare& p, const Inputs& at, const Settings& settings, Cell* cell, bool* ready) {
  Cell& c = *cell;
  c.at = at;
  const Tensor& input = p.input(at.input);
  const Tensor& weights = p.input(at.weights);
  if (input.type != Type::kFloat32) return p.unsupported("input ", input);
  if (weights.shape.rank != 2) return p.bad("weights ", weights, " are not [units,values]");
  const bool sequence = input.shape.rank == 3;
  if (!sequence && input.shape.rank != 2) return p.bad("input ", input, " has not rank 2 or 3");
  c.time_major = sequence && settings.time_major;
  c.batch = input.shape[c.time_major ? 1 : 0];
  c.time = sequence ? input.shape[c.time_major ? 0 : 1] : 1;
  c.inputs = input.shape.last();
  c.units = weights.shape[0];
  c.output_pitch = c.units;
  if (settings.activation > fb::ActivationFunctionType::SIGN_BIT) {
    return p.unsupported("activation ", static_cast<int>(settings.activation));
  }
  c.activation = static_cast<Activation>(settings.activation);
  c.functions = choose_gate_functions(p.cpu());
  PIPIT_TRY(check_vectors(p, c));
  PIPIT_TRY(choose_product(p, weights, settings.asymmetric_inputs, &c.product));
  PIPIT_TRY(find_weights(p, c.product, at.weights, c.units, c.inputs, &c.weights, ready));
  PIPIT_TRY(find_weights(p, c.product, at.recurrent, c.units, c.units, &c.recurrent, ready));
  if (at.aux_weights < 0) return {};
  const Tensor& aux = p.input(at.aux);
  if (aux.type != Type::kFloat32 || aux.shape.rank != 3 || aux.shape[0] != input.shape[0] ||
      aux.shape[1] != input.shape[1]) {
    return p.bad("auxiliary input ", aux, " is not like input ", input);
  }
  c.aux_inputs = aux.shape[2];
  // TensorFlow Lite takes the input's width for the auxiliary input's, except in batch-major
  // float32. Where that leads outside of the tensor, only the right width is left.
  const bool own_width = (!c.time_major && !c.product.hybrid) || c.inputs > c.aux_inputs;
  c.aux_step = own_width ? c.aux_inputs : c.inputs;
  return find_weights(p, c.product, at.aux_weights, c.units, c.aux_inputs, &c.aux_weights, ready);
}

// The output has the input's shape, with the cells' units last.
Status set_output(Prepare& p, int output, const Cell& c, int32_t units) {
  if (p.output(output).type != Type::kFloat32) return p.bad(p.output(output), " is not float32");
  Shape shape = p.input(c.at.input).shape;
  shape[shape.rank - 1] = units;
  return p.set_output(output, shape);
}

// The cells run one after the other and share scratch memory.
Status finish(Prepare& p, Params* params, bool ready) {
  if (!ready) return p.defer();
  ByteCount bytes;
  for (int i = 0; i < params->count; ++i) {
    Cell& c = params->cells[i];
    ScratchLayout layout;
    c.input_rows = add_rows(c.product, c.batch, c.inputs, &layout);
    c.aux_rows = add_rows(c.product, c.batch, c.aux_inputs, &layout);
    c.state_rows = add_rows(c.product, c.batch, c.units, &layout);
    c.sums_at = layout.add(c.product.hybrid ? int64_t{c.batch} * c.units : 0, sizeof(int32_t));
    bytes = std::max(bytes, layout.bytes());
  }
  p.scratch(bytes);
  return p.run(run, params, params->cells[0].product.variant);
}

Status prepare_one(Prepare& p, const Settings& settings) {
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = Params();
  params->count = 1;
  params->rounds = 1;
  bool ready = true;
  PIPIT_TRY(find_cell(p, {0, 1, 2, 3, 4}, settings, &params->cells[0], &ready));
  PIPIT_TRY(set_output(p, 0, params->cells[0], params->cells[0].units));
  return finish(p, params, ready);
}

Status prepare_rnn(Prepare& p) {
  PIPIT_TRY(p.arity(5, 5, 1));
  if (p.input(0).shape.rank != 2) return p.bad("input ", p.input(0), " is not [batch,values]");
  Settings settings;
  if (const auto* o = options<fb::RNNOptions>(p); o != nullptr) {
    settings.activation = o->fused_activation_function();
    settings.asymmetric_inputs = o->asymmetric_quantize_inputs();
  }
  return prepare_one(p, settings);
}

Status prepare_sequence(Prepare& p) {
  PIPIT_TRY(p.arity(5, 5, 1));
  if (p.input(0).shape.rank != 3) return p.bad("input ", p.input(0), " is not a sequence");
  Settings settings;
  if (const auto* o = options<fb::SequenceRNNOptions>(p); o != nullptr) {
    settings.activation = o->fused_activation_function();
    settings.time_major = o->time_major();
    settings.asymmetric_inputs = o->asymmetric_quantize_inputs();
  }
  return prepare_one(p, settings);
}

// An auxiliary input without weights is what the backward cell reads instead of the input; but in
// batch-major order TensorFlow Lite ignores it.
Status find_directions(const Prepare& p, bool time_major, Inputs* forward, Inputs* backward) {
  constexpr int kAux = 9, kForwardAux = 10, kBackwardAux = 11;
  *forward = {0, 1, 2, 3, 4};
  *backward = {0, 5, 6, 7, 8};
  if (p.has_input(kForwardAux) != p.has_input(kBackwardAux)) {
    return p.bad("has auxiliary weights for one direction only");
  }
  if (!p.has_input(kAux)) {
    return p.has_input(kForwardAux) ? p.bad("has auxiliary weights, but no input for them")
                                    : Status();
  }
  if (!p.has_input(kForwardAux)) {
    if (time_major) backward->input = kAux;
    return {};
  }
  forward->aux = backward->aux = kAux;
  forward->aux_weights = kForwardAux;
  backward->aux_weights = kBackwardAux;
  return {};
}

Status prepare_bidirectional(Prepare& p) {
  const auto* o = options<fb::BidirectionalSequenceRNNOptions>(p);
  // Merged, each row of the one output has the forward cell's units, then the backward cell's.
  const bool merge = o != nullptr && o->merge_outputs();
  PIPIT_TRY(p.arity(9, 12, merge ? 1 : 2));
  if (p.input(0).shape.rank != 3) return p.bad("input ", p.input(0), " is not a sequence");
  Settings settings;
  if (o != nullptr) {
    settings = {o->fused_activation_function(), o->time_major(), o->asymmetric_quantize_inputs()};
  }
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = Params();
  params->count = 2;
  Cell& forward = params->cells[0];
  Cell& backward = params->cells[1];
  Inputs at[2];
  PIPIT_TRY(find_directions(p, settings.time_major, &at[0], &at[1]));
  bool ready = true;
  PIPIT_TRY(find_cell(p, at[0], settings, &forward, &ready));
  PIPIT_TRY(find_cell(p, at[1], settings, &backward, &ready));
  if (backward.batch != forward.batch || backward.time != forward.time) {
    return p.bad("inputs ", p.input(at[0].input), " and ", p.input(at[1].input),
                 " are not of one length");
  }
  backward.backward = true;
  // TensorFlow Lite's time-major hybrid kernel repeats the whole sequence for each of its steps.
  const bool repeats = settings.time_major && forward.product.hybrid;
  params->rounds = repeats ? forward.time : 1;
  if (merge) {
    PIPIT_TRY(set_output(p, 0, forward, forward.units + backward.units));
    forward.output_pitch = backward.output_pitch = forward.units + backward.units;
    backward.output_offset = forward.units;
  } else {
    backward.output = 1;
    PIPIT_TRY(set_output(p, 0, forward, forward.units));
    PIPIT_TRY(set_output(p, 1, backward, backward.units));
  }
  return finish(p, params, ready);
}

}  // namespace

const Op kRnn = {builtin(fb::BuiltinOperator::RNN), "RNN", prepare_rnn, kOpNoFold};
const Op kUnidirectionalSequenceRnn = {builtin(fb::BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_RNN),
                                       "UNIDIRECTIONAL_SEQUENCE_RNN", prepare_sequence, kOpNoFold};
const Op kBidirectionalSequenceRnn = {builtin(fb::BuiltinOperator::BIDIRECTIONAL_SEQUENCE_RNN),
                                      "BIDIRECTIONAL_SEQUENCE_RNN", prepare_bidirectional,
                                      kOpNoFold};

}  // namespace pipit
