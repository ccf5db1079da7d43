// SPDX-License-Identifier: Apache-2.0
// LSTM cells whose products are rounded to int8 before they are added: int8 activations and
// weights, int16 gates and cell state, the functions in real numbers. They have a projection,
// normalize each gate, and couple the input gate with the forget gate.
//
//   x = to_gate * (int8(sum of input * weights * to_int8 + zero_point) - zero_point), h likewise
//   gate = activation(normalize(saturate(x + h)))
//
// Functions are computed in float32 and cut, not rounded, to 15 bits behind the point.
#include <algorithm>
#include <cmath>

#include "core/to_integer.h"
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_point.h"
#include "kernels/math/real.h"
#include "kernels/ops/lstm_int8.h"
#include "kernels/ops/scratch.h"

namespace pipit::lstm {
namespace {

// One of the two products that make a gate.
struct Product {
  const int32_t* start;     // the zero point's share
  FixedMultiplier to_int8;  // from sums to the product's own scale
  int32_t zero_point;       // there
  FixedMultiplier to_gate;  // from that to the gate's
};

struct RoundedGate {
  Product input, recurrent;
  float scale;  // of the normalization weights
};

struct Params {
  Cell cell;
  RoundedGate gates[kGates];
  FixedMultiplier projection;
  int32_t output_zero_point;
  int16_t cell_clip;
  int8_t projection_clip;
  size_t gates_at[3], sums_at[2];  // in scratch
  bool no_weight_is_min;
  void (*kernel)(const MatmulS8&);
};

// What a conversion of floats gives, saturated; 0 for what is not a number.
int16_t to_s16(float x) {
  if (!(x > INT16_MIN)) return std::isnan(x) ? int16_t{0} : int16_t{INT16_MIN};
  return x > INT16_MAX ? int16_t{INT16_MAX} : static_cast<int16_t>(x);
}

void multiply_rows(const Step& s, const Params& p, const int8_t* in, int weights, const Product& q,
                   int32_t* sums) {
  const Cell& c = p.cell;
  const Tensor& w = s.input(weights);
  p.kernel({.rows = c.batch,
            .outputs = c.cells,
            .depth = w.shape[1],
            .in = in,
            .weights = w.as<int8_t>(),
            .start = q.start,
            .out = sums,
            .in_stride = w.shape[1],
            .out_stride = c.cells,
            .no_weight_is_min = p.no_weight_is_min});
  for (int32_t i = 0; i < c.batch * c.cells; ++i) {
    const int32_t rounded =
        requantize(sums[i], q.to_int8.multiplier, q.to_int8.shift, q.zero_point, -128, 127);
    sums[i] = multiply(rounded - q.zero_point, q.to_gate.multiplier, q.to_gate.shift);
  }
}

// Each row to mean 0 and deviation 1, times weights, plus bias, with 3 integer bits.
void normalize(const Params& p, const int16_t* weights, const int32_t* bias, float scale,
               int16_t* rows) {
  const int32_t n = p.cell.cells;
  // The bias is in units of 2^-10 of the weights' scale.
  const float bias_scale = 0x1p-10f * scale;
  for (int32_t b = 0; b < p.cell.batch; ++b, rows += n) {
    float sum = 0, squares = 0;
    for (int32_t i = 0; i < n; ++i) {
      const float x = rows[i];
      sum += x;
      squares += x * x;
    }
    const float mean = sum / static_cast<float>(n);
    const float variance = squares / static_cast<float>(n) - mean * mean;
    const float inverse = 1 / std::sqrt(variance == 0 ? 1e-8f : variance);
    for (int32_t i = 0; i < n; ++i) {
      const float normal = (static_cast<float>(rows[i]) - mean) * inverse;
      const float weighted = normal * static_cast<float>(weights[i]) * scale +
                             static_cast<float>(bias[i]) * bias_scale;
      rows[i] = to_s16(std::round(weighted * 4096));
    }
  }
}

// A function of numbers with the point before `fraction` bits; cut to 15 bits behind the point.
template <class F>
void apply(const int16_t* in, int32_t n, float unit, F f, int16_t* out) {
  for (int32_t i = 0; i < n; ++i) out[i] = to_s16(f(static_cast<float>(in[i]) * unit) * 32768);
}

void compute_gate(const Step& s, const Params& p, int g, int16_t* gate) {
  const Cell& c = p.cell;
  const RoundedGate& q = p.gates[g];
  const int32_t n = c.batch * c.cells;
  auto* x = scratch_at<int32_t>(s, p.sums_at[0]);
  auto* h = scratch_at<int32_t>(s, p.sums_at[1]);
  multiply_rows(s, p, s.input(c.at.input).as<int8_t>(), c.at.input_weights[g], q.input, x);
  multiply_rows(s, p, s.input(c.at.output_state).as<int8_t>(), c.at.recurrent_weights[g],
                q.recurrent, h);
  for (int32_t i = 0; i < n; ++i) {
    gate[i] = static_cast<int16_t>(std::clamp<int64_t>(int64_t{x[i]} + h[i], INT16_MIN, INT16_MAX));
  }
  normalize(p, s.input(c.at.norm[g]).as<int16_t>(), s.input(c.at.bias[g]).as<int32_t>(), q.scale,
            gate);
  apply(gate, n, 0x1p-12f, g == kCellGate ? real::tanh : real::logistic, gate);
}

// `squashed` is scratch.
void compute_output(const Step& s, const Params& p, const int16_t* gate, int16_t* squashed) {
  const Cell& c = p.cell;
  const int32_t n = c.batch * c.cells;
  apply(s.input(c.at.cell_state).as<int16_t>(), n, 0x1p-15f, real::tanh, squashed);
  for (int32_t i = 0; i < n; ++i) {
    squashed[i] = static_cast<int16_t>(rounding_shift_right(gate[i] * squashed[i], 15));
  }
  const int32_t* bias = s.input(c.at.projection_bias).as<int32_t>();
  const int32_t most = p.projection_clip > 0 ? p.projection_clip : 127;
  const int32_t least = p.projection_clip > 0 ? -p.projection_clip : -128;
  auto* state = s.input(c.at.output_state).as<int8_t>();
  for (int32_t b = 0; b < c.batch; ++b, squashed += c.cells) {
    const int8_t* w = s.input(c.at.projection).as<int8_t>();
    for (int32_t o = 0; o < c.outputs; ++o, w += c.cells) {
      // What is projected has 16 bits here, unlike in the other integer cell: sums of 32 bits might
      // not do.
      int64_t sum = bias[o];
      for (int32_t k = 0; k < c.cells; ++k) sum += squashed[k] * w[k];
      const int64_t scaled = multiply(sum, p.projection.multiplier, p.projection.shift);
      *state++ =
          static_cast<int8_t>(std::clamp<int64_t>(scaled + p.output_zero_point, least, most));
    }
  }
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Cell& c = p.cell;
  auto* forget = scratch_at<int16_t>(s, p.gates_at[0]);
  auto* update = scratch_at<int16_t>(s, p.gates_at[1]);
  auto* output = scratch_at<int16_t>(s, p.gates_at[2]);
  compute_gate(s, p, kForgetGate, forget);
  compute_gate(s, p, kCellGate, update);
  update_cell_s16(s.input(c.at.cell_state).as<int16_t>(), c.batch * c.cells, nullptr, forget,
                  update, 15, p.cell_clip);
  compute_gate(s, p, kOutputGate, output);
  compute_output(s, p, output, update);
  std::copy_n(s.input(c.at.output_state).as<int8_t>(), c.batch * c.outputs,
              s.output(0).as<int8_t>());
  return {};
}

// ---- plan

Status check_form(const Prepare& p, const Cell& c) {
  if (!c.coupled || !c.normalized || c.has(c.at.peephole[kOutputGate]) || !c.has(c.at.projection) ||
      !c.has(c.at.projection_bias) || p.input(c.at.input).shape.rank != 2) {
    return p.unsupported(
        "integer cell with 12 intermediate tensors that is not one step of a "
        "coupled, normalized cell with a projection and its bias");
  }
  if (p.input(c.at.cell_state).scale == 0x1p-15f) return {};
  return p.unsupported("cell state ", p.input(c.at.cell_state), " has not the scale 2^-15");
}

// The quantization of an intermediate tensor: three for each gate, of the gate and of its two
// products.
Status find_intermediate(const Prepare& p, int i, const Tensor** t) {
  *t = p.intermediate(i);
  if (*t == nullptr) return p.bad("has no intermediate tensor ", i);
  PIPIT_TRY(need_scale(p, **t));
  if ((*t)->zero_point >= -128 && (*t)->zero_point <= 127) return {};
  return p.unsupported("intermediate tensor ", **t, " has zero point ", (*t)->zero_point);
}

Status find_product(Prepare& p, int activation, int weights, int intermediate, int gate,
                    Product* q) {
  const Tensor *product = nullptr, *sum = nullptr;
  PIPIT_TRY(find_intermediate(p, intermediate, &product));
  PIPIT_TRY(find_intermediate(p, gate, &sum));
  const Tensor& in = p.input(activation);
  q->to_int8 = fixed_multiplier(p.input(weights).scale * in.scale / product->scale);
  q->zero_point = product->zero_point;
  q->to_gate = fixed_multiplier(product->scale / sum->scale);
  return fold_bias(p, weights, nullptr, -in.zero_point, &q->start);
}

Status find_gate(Prepare& p, Params* params, int g) {
  const Cell& c = params->cell;
  RoundedGate& q = params->gates[g];
  PIPIT_TRY(find_product(p, c.at.input, c.at.input_weights[g], 3 * g + 1, 3 * g, &q.input));
  PIPIT_TRY(find_product(p, c.at.output_state, c.at.recurrent_weights[g], 3 * g + 2, 3 * g,
                         &q.recurrent));
  // Through a multiplier of 31 bits, as in the reference kernel.
  const FixedMultiplier norm = fixed_multiplier(p.input(c.at.norm[g]).scale);
  q.scale = static_cast<float>(std::ldexp(norm.multiplier, norm.shift - 31));
  return {};
}

// For the output gate's second product TensorFlow Lite takes the zero point of the cell gate's
// first one, and reads its multiplier from behind the list, where the shift for the forget gate's
// second product lies.
void repeat_slips(Params* params) {
  Product& q = params->gates[kOutputGate].recurrent;
  q.zero_point = params->gates[kCellGate].input.zero_point;
  q.to_gate.multiplier = params->gates[kForgetGate].recurrent.to_gate.shift;
}

Status find_outputs(Prepare& p, Params* params) {
  const Cell& c = params->cell;
  const Tensor& state = p.input(c.at.output_state);
  const double unit = std::ldexp(1.0, -15);
  params->projection =
      fixed_multiplier(static_cast<float>(p.input(c.at.projection).scale * unit / state.scale));
  if (params->projection.shift > 14) return p.unsupported("the scale of ", state, " is too small");
  params->output_zero_point = state.zero_point;
  const Settings& o = c.settings;
  // The cell state is below 1 in any case: its scale is 2^-15.
  const float cell = o.cell_clip < 1 ? o.cell_clip * 32768 : 0;
  params->cell_clip = to_integer<int16_t>(cell);
  params->projection_clip = to_integer<int8_t>(o.projection_clip / p.output(0).scale);
  return {};
}

void lay_out_scratch(Prepare& p, Params* params) {
  const Cell& c = params->cell;
  ScratchLayout layout;
  const int64_t gate = int64_t{c.batch} * c.cells;
  for (size_t& at : params->gates_at) at = layout.add(gate, sizeof(int16_t));
  for (size_t& at : params->sums_at) at = layout.add(gate, sizeof(int32_t));
  p.scratch(layout.bytes());
}

}  // namespace

Status prepare_int8x8(Prepare& p, const Cell& c) {
  PIPIT_TRY(check_form(p, c));
  if (!weights_known(p, c)) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->cell = c;
  for (const int g : {kForgetGate, kCellGate, kOutputGate}) PIPIT_TRY(find_gate(p, params, g));
  repeat_slips(params);
  PIPIT_TRY(find_outputs(p, params));
  lay_out_scratch(p, params);
  const auto& variant = choose(matmul_s8_variants(), p.cpu());
  params->kernel = variant.run;
  params->no_weight_is_min = no_weight_is_min(p, c);
  return p.run(run, params, variant.name);
}

}  // namespace pipit::lstm
