// SPDX-License-Identifier: Apache-2.0
// LSTM cells in 16 bits: int16 activations and cell state, int8 weights, int64 biases. Plain cells
// only, as TensorFlow Lite Micro has them.
//
// Scales: gates before their activation 2^-12 (3 integer bits), behind it 2^-15, the cell state
// 2^exponent, inputs and outputs any. So the products of a step are scaled by
//
//   keep    forget * cell          2^-15
//   add     input * update         2^-30 / cell scale
//   hidden  output * tanh(cell)    2^-30 / output scale
#include <algorithm>

#include "core/to_integer.h"
#include "kernels/contracts/lstm.h"
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/sigmoid_s16.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_point.h"
#include "kernels/ops/lstm.h"
#include "kernels/ops/scratch.h"

namespace pipit::lstm {
namespace {

struct Params {
  Cell cell;
  Multiplier input[kGates], recurrent[kGates];
  Multiplier keep, add, hidden;  // forget * cell, input * update, output * tanh(cell)
  int16_t cell_clip;
  SigmoidS16 logistic, tanh;  // of gates
  SigmoidS16 cell_tanh;
  size_t gates_at[3], sums_at;  // in scratch
  void (*kernel)(const MatmulS16S8&);
};

int16_t saturate(int64_t x) {
  return static_cast<int16_t>(std::clamp<int64_t>(x, INT16_MIN, INT16_MAX));
}

// gate += round(rows * weights^T + bias), saturated before and after the addition.
void add_rows(const Step& s, const Params& p, const int16_t* rows, ptrdiff_t stride, int weights,
              const int64_t* bias, const Multiplier& m, int16_t* gate) {
  const Cell& c = p.cell;
  const Tensor& w = s.input(weights);
  auto* sums = scratch_at<int64_t>(s, p.sums_at);
  p.kernel({.rows = c.batch,
            .outputs = c.cells,
            .depth = w.shape[1],
            .in = rows,
            .weights = w.as<int8_t>(),
            .start = bias,
            .out = sums,
            .in_stride = stride,
            .out_stride = c.cells});
  for (int32_t i = 0; i < c.batch * c.cells; ++i) {
    gate[i] = saturate(gate[i] + saturate(multiply(sums[i], m.multiplier, m.shift)));
  }
}

void compute_gate(const Step& s, const Params& p, const int16_t* in, int g, int16_t* gate) {
  const Cell& c = p.cell;
  const int32_t n = c.batch * c.cells;
  // Each of the two products is rounded and saturated for itself, and their sum once more.
  std::fill_n(gate, n, int16_t{0});
  add_rows(s, p, in, ptrdiff_t{c.batch_rows()} * c.inputs, c.at.input_weights[g],
           s.input(c.at.bias[g]).as<int64_t>(), p.input[g], gate);
  add_rows(s, p, s.input(c.at.output_state).as<int16_t>(), c.outputs, c.at.recurrent_weights[g],
           nullptr, p.recurrent[g], gate);
  Unary u;
  u.in = u.out = gate;
  u.n = n;
  u.constants = g == kCellGate ? &p.tanh : &p.logistic;
  (g == kCellGate ? tanh_s16 : logistic_s16)(u);
}

void run_step(const Step& s, const Params& p, int32_t t) {
  const Cell& c = p.cell;
  const int32_t n = c.batch * c.cells;
  const int16_t* in = s.input(c.at.input).as<int16_t>() + c.row(t) * c.inputs;
  auto* first = scratch_at<int16_t>(s, p.gates_at[0]);
  auto* forget = scratch_at<int16_t>(s, p.gates_at[1]);
  auto* update = scratch_at<int16_t>(s, p.gates_at[2]);
  auto* cell = s.input(c.at.cell_state).as<int16_t>();
  auto* state = s.input(c.at.output_state).as<int16_t>();
  const auto product = [](int16_t a, int16_t b, const Multiplier& m) {
    return saturate(multiply(int32_t{a} * b, m.multiplier, m.shift));
  };
  compute_gate(s, p, in, kInputGate, first);
  compute_gate(s, p, in, kForgetGate, forget);
  compute_gate(s, p, in, kCellGate, update);
  const int32_t most = p.cell_clip > 0 ? p.cell_clip : INT16_MAX;
  const int32_t least = p.cell_clip > 0 ? -p.cell_clip : INT16_MIN;
  for (int32_t i = 0; i < n; ++i) {
    const int32_t sum = product(forget[i], cell[i], p.keep) + product(first[i], update[i], p.add);
    cell[i] = static_cast<int16_t>(clamp(sum, least, most));
  }
  compute_gate(s, p, in, kOutputGate, first);
  tanh_s16({.in = cell, .out = update, .n = n, .constants = &p.cell_tanh});
  for (int32_t i = 0; i < n; ++i) state[i] = product(first[i], update[i], p.hidden);
  int16_t* out = s.output(0).as<int16_t>() + c.row(t) * c.outputs;
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

Status check_tensors(Prepare& p, const Cell& c) {
  if (c.coupled || c.normalized || c.has(c.at.projection) || c.has(c.at.peephole[kForgetGate])) {
    return p.unsupported(
        "an int16 cell with coupled gates, normalization, projection or peepholes");
  }
  PIPIT_TRY(check_types(p, c.at.input_weights, Type::kInt8));
  PIPIT_TRY(check_types(p, c.at.recurrent_weights, Type::kInt8));
  PIPIT_TRY(check_types(p, c.at.bias, Type::kInt64));
  PIPIT_TRY(check_states(p, c, Type::kInt16, Type::kInt16));
  for (int g = 0; g < kGates; ++g) {
    const Tensor& recurrent = p.input(c.at.recurrent_weights[g]);
    if (recurrent.shape.rank != 2) return p.unsupported("diagonal weights ", recurrent);
    for (const Tensor* t : {&recurrent, &p.input(c.at.input_weights[g])}) {
      PIPIT_TRY(need_scale(p, *t));  // a zero point is not read: see docs/quantization.md
    }
  }
  for (const Tensor* t : {&p.input(c.at.input), &p.input(c.at.output_state),
                          &p.input(c.at.cell_state), &p.output(0)}) {
    PIPIT_TRY(need_scale(p, *t));
    PIPIT_TRY(need_symmetric(p, *t));
  }
  return {};
}

// 64-bit sums allow shifts to the left of less than 8.
Status find_multiplier(const Prepare& p, double real, Multiplier* m) {
  *m = quantize_multiplier(real);
  return m->shift < 8 ? Status() : p.unsupported("a gate whose sums are scaled by ", real);
}

// With 3 integer bits a unit is 2^-12, three of the table's 2^-9 / 24; each bit more doubles that.
void set_power_of_two(SigmoidS16* s, int integer_bits) {
  fill_sigmoid_table(s->table);
  const int shift = integer_bits - 3;
  s->multiplier = shift > 0 ? 3 << shift : 3;
  s->shift = shift > 0 ? 0 : -shift;
}

Status find_scales(Prepare& p, Params* params, int cell_exponent) {
  const Cell& c = params->cell;
  constexpr double kGateInput = 1.0 / 4096, kGate = 1.0 / 32768;
  const double in = p.input(c.at.input).scale, state = p.input(c.at.output_state).scale;
  const double cell = p.input(c.at.cell_state).scale, out = p.output(0).scale;
  for (int g = 0; g < kGates; ++g) {
    PIPIT_TRY(find_multiplier(p, in * p.input(c.at.input_weights[g]).scale / kGateInput,
                              &params->input[g]));
    PIPIT_TRY(find_multiplier(p, state * p.input(c.at.recurrent_weights[g]).scale / kGateInput,
                              &params->recurrent[g]));
  }
  params->keep = quantize_multiplier(kGate);
  params->add = quantize_multiplier(kGate * kGate / cell);
  params->hidden = quantize_multiplier(kGate * kGate / out);
  params->cell_clip =
      c.settings.cell_clip > 0 ? to_integer<int16_t>(c.settings.cell_clip / cell) : int16_t{0};
  set_power_of_two(&params->logistic, 3);
  set_power_of_two(&params->tanh, 3);
  set_power_of_two(&params->cell_tanh, 15 + cell_exponent);
  return {};
}

}  // namespace

Status prepare_int16(Prepare& p, const Cell& c) {
  PIPIT_TRY(check_tensors(p, c));
  int cell_exponent = 0;
  PIPIT_TRY(find_exponent(p, p.input(c.at.cell_state), &cell_exponent));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->cell = c;
  PIPIT_TRY(find_scales(p, params, cell_exponent));
  ScratchLayout layout;
  const int64_t gate = int64_t{c.batch} * c.cells;
  for (size_t& at : params->gates_at) at = layout.add(gate, sizeof(int16_t));
  params->sums_at = layout.add(gate, sizeof(int64_t));
  p.scratch(layout.bytes());
  const auto& variant = choose(matmul_s16s8_variants(), p.cpu());
  params->kernel = variant.run;
  return p.run(run, params, variant.name);
}

}  // namespace pipit::lstm
