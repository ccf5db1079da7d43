// SPDX-License-Identifier: Apache-2.0
// LSTM cells in integers: int8 activations and weights, int16 gates and cell state.
//
//   gate = activation(m_x * (W_x * x + bias) + m_h * (W_h * h) + m_c * (w_c . c))
//
// Every product is brought to the gate's scale before it is added: 2^-12 (3 integer bits), or with
// normalization that of an intermediate tensor. Behind its activation a gate has the scale 2^-15.
// The sums' zero points are folded into their biases, for all weights are known.
#include "kernels/ops/lstm_int8.h"

#include <algorithm>
#include <cmath>

#include "core/to_integer.h"
#include "kernels/contracts/lstm_s16.h"
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_point.h"
#include "kernels/ops/known_bytes.h"
#include "kernels/ops/scratch.h"

namespace pipit::lstm {

FixedMultiplier fixed_multiplier(float real) {
  const Multiplier m = quantize_multiplier(real);
  return {m.multiplier, m.shift};
}

// bias + zero_point * sum of the row's weights; bias may be nullptr, and so may the result: zeros.
Status fold_bias(Prepare& p, int weights, const Tensor* bias, int32_t zero_point,
                 const int32_t** folded) {
  *folded = bias == nullptr ? nullptr : bias->as<int32_t>();
  if (zero_point == 0) return {};
  const Tensor& w = p.input(weights);
  const int8_t* values = w.as<int8_t>();
  int32_t* sums = p.allocate<int32_t>(static_cast<size_t>(w.shape[0]));
  if (sums == nullptr) return Code::kArenaTooSmall;
  for (int32_t o = 0; o < w.shape[0]; ++o) {
    uint32_t sum = 0;
    for (int32_t k = 0; k < w.shape[1]; ++k) sum += static_cast<uint32_t>(*values++);
    const uint32_t start = bias == nullptr ? 0 : static_cast<uint32_t>(bias->as<int32_t>()[o]);
    sums[o] = static_cast<int32_t>(start + sum * static_cast<uint32_t>(zero_point));
  }
  *folded = sums;
  return {};
}

namespace {

// The output state may be declared int16 and holds int8 all the same, in half of its bytes.
Status check_output_state(Prepare& p, const Cell& c) {
  const bool wide = c.has(c.at.output_state) && p.input(c.at.output_state).type == Type::kInt16;
  PIPIT_TRY(check_states(p, c, wide ? Type::kInt16 : Type::kInt8, Type::kInt16));
  const Tensor& state = p.input(c.at.output_state);
  if (state.zero_point >= -128 && state.zero_point <= 127) return {};
  return p.unsupported("state ", state, " has zero point ", state.zero_point);
}

}  // namespace

Status check_tensors(Prepare& p, const Cell& c) {
  PIPIT_TRY(check_types(p, c.at.input_weights, Type::kInt8));
  PIPIT_TRY(check_types(p, c.at.recurrent_weights, Type::kInt8));
  PIPIT_TRY(check_types(p, c.at.peephole, Type::kInt16));
  PIPIT_TRY(check_types(p, c.at.bias, Type::kInt32));
  PIPIT_TRY(check_types(p, c.at.norm, Type::kInt16));
  PIPIT_TRY(check_types(p, {c.at.projection}, Type::kInt8));
  PIPIT_TRY(check_types(p, {c.at.projection_bias}, Type::kInt32));
  PIPIT_TRY(check_output_state(p, c));
  for (int g = c.first_gate(); g < kGates; ++g) {
    const Tensor& recurrent = p.input(c.at.recurrent_weights[g]);
    if (recurrent.shape.rank != 2) return p.unsupported("diagonal weights ", recurrent);
    for (const int i : {c.at.input_weights[g], c.at.recurrent_weights[g], c.at.peephole[g],
                        c.normalized ? c.at.norm[g] : -1}) {
      if (i >= 0) PIPIT_TRY(need_scale(p, p.input(i)));
    }
  }
  for (const int i : {c.at.input, c.at.output_state, c.at.cell_state, c.at.projection}) {
    if (i >= 0) PIPIT_TRY(need_scale(p, p.input(i)));
  }
  return need_scale(p, p.output(0));
}

// All weights and biases are known when the step is planned, or the step is deferred.
bool weights_known(const Prepare& p, const Cell& c) {
  const auto known = [&](int input) { return input < 0 || p.values_known(input); };
  bool all = known(c.at.projection) && known(c.at.projection_bias);
  for (int g = 0; g < kGates; ++g) {
    all = all && known(c.at.input_weights[g]) && known(c.at.recurrent_weights[g]) &&
          known(c.at.bias[g]);
  }
  return all;
}

// Whether none of the weights is -128.
bool no_weight_is_min(const Prepare& p, const Cell& c) {
  const auto fine = [&](int input) { return input < 0 || pipit::no_weight_is_min(p, input); };
  bool all = fine(c.at.projection);
  for (int g = 0; g < kGates; ++g) {
    all = all && fine(c.at.input_weights[g]) && fine(c.at.recurrent_weights[g]);
  }
  return all;
}

namespace {

struct IntegerGate {
  const int8_t *input_weights, *recurrent_weights;
  const int32_t* input_bias;  // with the zero point's share
  const int32_t* recurrent_bias;
  FixedMultiplier input, recurrent, peephole, norm;
  int32_t variance_guard;
};

// Scratch memory: the three gates, [batch][cells] of int16; with a projection, what it projects;
// and the sums of one product at a time.
struct Params {
  Cell cell;
  IntegerGate gates[kGates];
  const int8_t* projection_weights;
  const int32_t* projection_bias;
  FixedMultiplier hidden, projection;
  int32_t hidden_zero_point, output_zero_point;
  int cell_exponent;  // the cell state's scale is 2^this
  int16_t cell_clip;
  int8_t projection_clip;
  size_t gates_at[3], hidden_at, sums_at;  // in scratch
  bool no_weight_is_min;
  void (*kernel)(const MatmulS8&);
  const LstmS16Variant* parts;
};

// The rows of one product, and the sums that it leaves in scratch.
const int32_t* products(const Step& s, const Params& p, const int8_t* in, ptrdiff_t stride,
                        const int8_t* weights, int32_t depth, const int32_t* bias,
                        int32_t outputs) {
  auto* sums = scratch_at<int32_t>(s, p.sums_at);
  p.kernel({.rows = p.cell.batch,
            .outputs = outputs,
            .depth = depth,
            .in = in,
            .weights = weights,
            .start = bias,
            .out = sums,
            .in_stride = stride,
            .out_stride = outputs,
            .no_weight_is_min = p.no_weight_is_min});
  return sums;
}

// TensorFlow Lite walks as many cells as there are outputs here. With a projection that is fewer,
// and in time-major order it even takes all batches for one row.
void add_peephole(const Step& s, const Params& p, int g, int16_t* gate) {
  const Cell& c = p.cell;
  const int32_t n = std::min(c.cells, c.outputs);
  const int32_t pitch = c.settings.time_major ? n : c.cells;
  add_scaled_rows_s16(gate, c.batch, n, pitch, s.input(c.at.peephole[g]).as<int16_t>(),
                      s.input(c.at.cell_state).as<int16_t>(), p.gates[g].peephole);
}

void compute_gate(const Step& s, const Params& p, const int8_t* in, int g, int16_t* gate) {
  const Cell& c = p.cell;
  const IntegerGate& q = p.gates[g];
  const int32_t n = c.batch * c.cells;
  std::fill_n(gate, n, int16_t{0});
  p.parts->add_rescaled(gate, n,
                        products(s, p, in, ptrdiff_t{c.batch_rows()} * c.inputs, q.input_weights,
                                 c.inputs, q.input_bias, c.cells),
                        q.input);
  p.parts->add_rescaled(gate, n,
                        products(s, p, s.input(c.at.output_state).as<int8_t>(), c.outputs,
                                 q.recurrent_weights, c.outputs, q.recurrent_bias, c.cells),
                        q.recurrent);
  if (c.has(c.at.peephole[g])) add_peephole(s, p, g, gate);
  if (c.normalized) {
    normalize_s16(gate, c.batch, c.cells,
                  {.weights = s.input(c.at.norm[g]).as<int16_t>(),
                   .bias = s.input(c.at.bias[g]).as<int32_t>(),
                   .scale = q.norm,
                   .variance_guard = q.variance_guard});
  }
  if (g == kCellGate) {
    p.parts->tanh(gate, n, 3, gate);
  } else {
    p.parts->logistic(gate, n);
  }
}

// `squashed` is scratch.
void compute_output(const Step& s, const Params& p, const int16_t* gate, int16_t* squashed) {
  const Cell& c = p.cell;
  const int32_t n = c.batch * c.cells;
  auto* state = s.input(c.at.output_state).as<int8_t>();
  p.parts->tanh(s.input(c.at.cell_state).as<int16_t>(), n, 15 + p.cell_exponent, squashed);
  if (!c.has(c.at.projection)) {
    return p.parts->multiply_gate(gate, squashed, n, p.hidden, p.hidden_zero_point, state);
  }
  // The projection's bias was made for the negative zero point.
  auto* hidden = scratch_at<int8_t>(s, p.hidden_at);
  p.parts->multiply_gate(gate, squashed, n, p.hidden, -p.hidden_zero_point, hidden);
  const int32_t* sums =
      products(s, p, hidden, c.cells, p.projection_weights, c.cells, p.projection_bias, c.outputs);
  const int32_t most = p.projection_clip > 0 ? p.projection_clip : 127;
  const int32_t least = p.projection_clip > 0 ? -p.projection_clip : -128;
  for (int32_t i = 0; i < c.batch * c.outputs; ++i) {
    const int32_t scaled = multiply(sums[i], p.projection.multiplier, p.projection.shift);
    state[i] = static_cast<int8_t>(
        std::clamp<int64_t>(int64_t{scaled} + p.output_zero_point, least, most));
  }
}

void run_step(const Step& s, const Params& p, int32_t t) {
  const Cell& c = p.cell;
  const int8_t* in = s.input(c.at.input).as<int8_t>() + c.row(t) * c.inputs;
  auto* first = scratch_at<int16_t>(s, p.gates_at[0]);
  auto* forget = scratch_at<int16_t>(s, p.gates_at[1]);
  auto* update = scratch_at<int16_t>(s, p.gates_at[2]);
  if (!c.coupled) compute_gate(s, p, in, kInputGate, first);
  compute_gate(s, p, in, kForgetGate, forget);
  compute_gate(s, p, in, kCellGate, update);
  // The product of two gates has the scale 2^-30: shifted right by 30 + exponent it has the cell's.
  p.parts->update_cell(s.input(c.at.cell_state).as<int16_t>(), c.batch * c.cells,
                       c.coupled ? nullptr : first, forget, update, 30 + p.cell_exponent,
                       p.cell_clip);
  compute_gate(s, p, in, kOutputGate, first);
  compute_output(s, p, first, update);
  const auto* state = s.input(c.at.output_state).as<int8_t>();
  int8_t* out = s.output(0).as<int8_t>() + c.row(t) * c.outputs;
  for (int32_t b = 0; b < c.batch; ++b) {
    std::copy_n(state + ptrdiff_t{b} * c.outputs, c.outputs,
                out + int64_t{b} * c.batch_rows() * c.outputs);
  }
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  for (int32_t t = 0; t < p.cell.time; ++t) run_step(s, p, t);
  return {};
}

// ---- plan

// The weights, whose values are known: constant, or those that this run reads.
const int8_t* take_weights(Prepare& p, int input) {
  (void)p.detach(input);
  return p.input(input).as<int8_t>();
}

Status find_gate(Prepare& p, Params* params, int g) {
  const Cell& c = params->cell;
  IntegerGate& q = params->gates[g];
  float scale = 1.0f / 4096;  // of the sums before the activation: 3 integer bits
  if (c.normalized) {
    const Tensor* intermediate = p.intermediate(g);
    if (intermediate == nullptr) return p.bad("has no intermediate tensor ", g);
    PIPIT_TRY(need_scale(p, *intermediate));
    scale = intermediate->scale;
  }
  const Tensor& input = p.input(c.at.input);
  const Tensor& state = p.input(c.at.output_state);
  const auto weight_scale = [&](int i) { return p.input(i).scale; };
  q.input = fixed_multiplier(weight_scale(c.at.input_weights[g]) * input.scale / scale);
  q.recurrent = fixed_multiplier(weight_scale(c.at.recurrent_weights[g]) * state.scale / scale);
  if (c.has(c.at.peephole[g])) {
    const double real = std::ldexp(1.0, params->cell_exponent) *
                        static_cast<double>(weight_scale(c.at.peephole[g])) / scale;
    q.peephole = fixed_multiplier(static_cast<float>(real));
  }
  const Tensor* bias = c.normalized ? nullptr : &p.input(c.at.bias[g]);
  PIPIT_TRY(fold_bias(p, c.at.input_weights[g], bias, -input.zero_point, &q.input_bias));
  PIPIT_TRY(fold_bias(p, c.at.recurrent_weights[g], nullptr, -state.zero_point, &q.recurrent_bias));
  q.input_weights = take_weights(p, c.at.input_weights[g]);
  q.recurrent_weights = take_weights(p, c.at.recurrent_weights[g]);
  if (!c.normalized) (void)p.detach(c.at.bias[g]);
  if (!c.normalized) return {};
  const float norm = weight_scale(c.at.norm[g]);
  q.norm = fixed_multiplier(norm);
  // Normalized gates have 3 integer bits again.
  q.norm.shift += 12;
  if (q.norm.shift > 30) return p.bad("normalization scale ", static_cast<double>(norm));
  q.variance_guard = std::max(1, to_integer<int32_t>(10000 * norm));
  return {};
}

Status find_outputs(Prepare& p, Params* params) {
  const Cell& c = params->cell;
  const Tensor& state = p.input(c.at.output_state);
  const Tensor* hidden = p.intermediate(4);
  if (hidden == nullptr) return p.bad("has no intermediate tensor 4");
  PIPIT_TRY(need_scale(p, *hidden));
  // Of gates and of tanh(cell).
  const double unit = std::ldexp(1.0, -15);
  params->hidden = fixed_multiplier(static_cast<float>(unit / hidden->scale * unit));
  params->hidden_zero_point = hidden->zero_point;
  params->output_zero_point = state.zero_point;
  // 0 does not clip.
  const auto clip = [](float limit, float scale) { return limit > 0 ? limit / scale : 0.0f; };
  params->cell_clip =
      to_integer<int16_t>(clip(c.settings.cell_clip, p.input(c.at.cell_state).scale));
  params->projection_clip = to_integer<int8_t>(clip(c.settings.projection_clip, p.output(0).scale));
  if (!c.has(c.at.projection)) return {};
  params->projection =
      fixed_multiplier(p.input(c.at.projection).scale * hidden->scale / state.scale);
  params->projection_weights = take_weights(p, c.at.projection);
  const Tensor* bias = c.has(c.at.projection_bias) ? &p.input(c.at.projection_bias) : nullptr;
  if (bias != nullptr) (void)p.detach(c.at.projection_bias);
  return fold_bias(p, c.at.projection, bias, hidden->zero_point, &params->projection_bias);
}

void lay_out_scratch(Prepare& p, Params* params) {
  const Cell& c = params->cell;
  ScratchLayout layout;
  const int64_t gate = int64_t{c.batch} * c.cells;
  for (size_t& at : params->gates_at) at = layout.add(gate, sizeof(int16_t));
  params->hidden_at = layout.add(c.has(c.at.projection) ? gate : 0, 1);
  params->sums_at = layout.add(int64_t{c.batch} * std::max(c.cells, c.outputs), sizeof(int32_t));
  p.scratch(layout.bytes());
}

}  // namespace

Status prepare_int8(Prepare& p, const Cell& c) {
  PIPIT_TRY(check_tensors(p, c));
  // The number of intermediate tensors is what tells the two integer kernels of the file format
  // apart.
  if (p.intermediates() == 12) return prepare_int8x8(p, c);
  if (p.intermediates() != 5) {
    return p.unsupported("integer cell with ", p.intermediates(),
                         " intermediate tensors, not 5 or 12");
  }
  if (!weights_known(p, c)) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->cell = c;
  PIPIT_TRY(find_exponent(p, p.input(c.at.cell_state), &params->cell_exponent));
  for (int g = c.first_gate(); g < kGates; ++g) PIPIT_TRY(find_gate(p, params, g));
  PIPIT_TRY(find_outputs(p, params));
  lay_out_scratch(p, params);
  const auto& variant = choose(matmul_s8_variants(), p.cpu());
  params->kernel = variant.run;
  params->no_weight_is_min = no_weight_is_min(p, c);
  params->parts = &choose(lstm_s16_variants(), p.cpu());
  return p.run(run, params, variant.name);
}

}  // namespace pipit::lstm
