// SPDX-License-Identifier: Apache-2.0
// LSTM cells over float32 activations; their matrices are float32, or int8 with activations
// quantized on the fly.
#include <algorithm>

#include "kernels/contracts/activate.h"
#include "kernels/contracts/lstm.h"
#include "kernels/ops/float_product.h"
#include "kernels/ops/lstm.h"

namespace pipit::lstm {
namespace {

// Scratch memory: the three gates, then, with integer weights, the quantized rows of each factor
// and the sums of a product. Two cells run one after the other in the same memory.
struct CellParams {
  Cell cell;
  FloatProduct product;
  GateFunctions functions;
  ProductWeights input[kGates], aux[kGates], recurrent[kGates], projection;
  const float* bias[kGates];  // constant ones
  HybridScratch input_rows, aux_rows, state_rows, hidden_rows;
  size_t gates_at[3], sums_at;  // in scratch
};

struct Params {
  CellParams* cells;
  int count;
};

// The activations of one time step.
struct Moment {
  ProductRows input, aux, state;
  float* output_state;
  float* cell_state;
};

void start_rows(float* rows, int32_t count, int32_t n, const float* bias) {
  for (int32_t r = 0; r < count; ++r, rows += n) {
    if (bias != nullptr) {
      std::copy_n(bias, n, rows);
    } else {
      std::fill_n(rows, n, 0.0f);
    }
  }
}

const Tensor* tensor(const Step& s, int input) {
  return input < 0 ? nullptr : s.optional_input(input);
}

// gate = activation(W_x x + W_aux aux + W_h h + w_c . c + bias), term by term into `gate`.
void compute_gate(const Step& s, const CellParams& p, const Moment& m, int g, float* gate) {
  const Cell& c = p.cell;
  auto* sums = scratch_at<int32_t>(s, p.sums_at);
  const float* bias = s.bytes(c.at.bias[g], p.bias[g]);
  // The sums of a normalized gate get their bias after normalization.
  start_rows(gate, c.batch, c.cells, c.normalized ? nullptr : bias);
  add_product(s, p.product, m.input, p.input[g], sums, gate, c.cells);
  if (p.aux[g]) add_product(s, p.product, m.aux, p.aux[g], sums, gate, c.cells);
  if (p.recurrent[g]) {
    // With sparse weights TensorFlow Lite scales this product as if it were the input's.
    ProductRows state = m.state;
    if (p.recurrent[g].expanded != nullptr) state.quantized.scale = m.input.quantized.scale;
    add_product(s, p.product, state, p.recurrent[g], sums, gate, c.cells);
  } else {
    const auto* diagonal = s.input(c.at.recurrent_weights[g]).as<float>();
    add_scaled_rows_f32(gate, c.batch, c.cells, diagonal, m.output_state);
  }
  if (const Tensor* w = tensor(s, c.at.peephole[g]); w != nullptr) {
    if (w->type == Type::kFloat32) {
      add_scaled_rows_f32(gate, c.batch, c.cells, w->as<float>(), m.cell_state);
    } else {
      add_scaled_rows_f32(gate, c.batch, c.cells, w->as<int8_t>(), w->scale, m.cell_state);
    }
  }
  if (c.normalized) {
    normalize_f32(gate, c.batch, c.cells, s.input(c.at.norm[g]).as<float>(), bias);
  }
  const auto n = static_cast<size_t>(c.batch) * static_cast<size_t>(c.cells);
  if (g == kCellGate) {
    activate(static_cast<Activation>(c.settings.activation), gate, n, p.functions);
  } else {
    logistic(gate, n, p.functions);
  }
}

// The output state from the output gate and the cell; `hidden` holds the cell gate, and is scratch.
void compute_output(const Step& s, const CellParams& p, const Moment& m, const float* gate,
                    float* hidden) {
  const Cell& c = p.cell;
  const int32_t n = c.batch * c.cells;
  float* values = c.has(c.at.projection) ? hidden : m.output_state;
  // Without an activation TensorFlow Lite forgets to copy the cell state: the cell gate stands in.
  const bool none = c.settings.activation == fb::ActivationFunctionType::NONE;
  std::copy_n(none ? hidden : m.cell_state, n, values);
  activate(static_cast<Activation>(c.settings.activation), values, static_cast<size_t>(n),
           p.functions);
  for (int32_t i = 0; i < n; ++i) values[i] *= gate[i];
  if (!c.has(c.at.projection)) return;
  const Tensor* bias = tensor(s, c.at.projection_bias);
  start_rows(m.output_state, c.batch, c.outputs, bias == nullptr ? nullptr : bias->as<float>());
  const ProductRows rows = quantize(s, p.product, p.hidden_rows, hidden, c.cells, c.batch, c.cells);
  add_product(s, p.product, rows, p.projection, scratch_at<int32_t>(s, p.sums_at), m.output_state,
              c.outputs);
  clip_f32(m.output_state, c.batch * c.outputs, c.settings.projection_clip);
}

void run_step(const Step& s, const CellParams& p, int32_t t) {
  const Cell& c = p.cell;
  const int64_t row = c.row(t);
  Moment m;
  m.output_state = s.input(c.at.output_state).as<float>();
  m.cell_state = s.input(c.at.cell_state).as<float>();
  m.input = quantize(s, p.product, p.input_rows, s.input(c.at.input).as<float>() + row * c.inputs,
                     ptrdiff_t{c.batch_rows()} * c.inputs, c.batch, c.inputs);
  if (c.has(c.at.aux)) {
    m.aux = quantize(s, p.product, p.aux_rows, s.input(c.at.aux).as<float>() + row * c.aux_inputs,
                     ptrdiff_t{c.batch_rows()} * c.aux_inputs, c.batch, c.aux_inputs);
  }
  // What all gates multiply is quantized once. The output gate's peephole sees the new cell state,
  // as it comes last.
  m.state = quantize(s, p.product, p.state_rows, m.output_state, c.outputs, c.batch, c.outputs);
  auto* first = scratch_at<float>(s, p.gates_at[0]);
  auto* forget = scratch_at<float>(s, p.gates_at[1]);
  auto* update = scratch_at<float>(s, p.gates_at[2]);
  if (!c.coupled) compute_gate(s, p, m, kInputGate, first);
  compute_gate(s, p, m, kForgetGate, forget);
  compute_gate(s, p, m, kCellGate, update);
  update_cell_f32(m.cell_state, c.batch * c.cells, c.coupled ? nullptr : first, forget, update);
  clip_f32(m.cell_state, c.batch * c.cells, c.settings.cell_clip);
  compute_gate(s, p, m, kOutputGate, first);
  compute_output(s, p, m, first, update);
  float* out = s.output(c.output).as<float>() + row * c.output_pitch + c.output_offset;
  for (int32_t b = 0; b < c.batch; ++b) {
    std::copy_n(m.output_state + ptrdiff_t{b} * c.outputs, c.outputs,
                out + int64_t{b} * c.batch_rows() * c.output_pitch);
  }
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  for (int i = 0; i < p.count; ++i) {
    const Cell& c = p.cells[i].cell;
    for (int32_t t = 0; t < c.time; ++t) run_step(s, p.cells[i], c.backward ? c.time - 1 - t : t);
  }
  return {};
}

Status find_matrices(Prepare& p, CellParams* params, bool* ready) {
  const Cell& c = params->cell;
  const FloatProduct& f = params->product;
  for (int g = c.first_gate(); g < kGates; ++g) {
    params->bias[g] = p.detach_as<float>(c.at.bias[g]);
    PIPIT_TRY(
        find_weights(p, f, c.at.input_weights[g], c.cells, c.inputs, &params->input[g], ready));
    if (c.has(c.at.aux)) {
      PIPIT_TRY(
          find_weights(p, f, c.at.aux_weights[g], c.cells, c.aux_inputs, &params->aux[g], ready));
    }
    const Tensor& recurrent = p.input(c.at.recurrent_weights[g]);
    if (recurrent.shape.rank == 1) {
      if (recurrent.type != Type::kFloat32) return p.unsupported("diagonal weights ", recurrent);
      continue;
    }
    PIPIT_TRY(find_weights(p, f, c.at.recurrent_weights[g], c.cells, c.outputs,
                           &params->recurrent[g], ready));
  }
  if (!c.has(c.at.projection)) return {};
  return find_weights(p, f, c.at.projection, c.outputs, c.cells, &params->projection, ready);
}

// Peepholes are quantized where the matrices are; biases and normalization never.
Status check_vectors(const Prepare& p, const Cell& c, const FloatProduct& f) {
  PIPIT_TRY(check_types(p, c.at.bias, Type::kFloat32));
  PIPIT_TRY(check_types(p, c.at.norm, Type::kFloat32));
  PIPIT_TRY(check_types(p, {c.at.projection_bias}, Type::kFloat32));
  for (const int i : c.at.peephole) {
    if (i < 0) continue;
    const Type type = p.input(i).type;
    if (f.hybrid ? type != Type::kInt8 && type != Type::kUInt8 : type != Type::kFloat32) {
      return p.bad("cell weights ", p.input(i), " are not of the type of the others");
    }
  }
  return {};
}

ByteCount lay_out_scratch(CellParams* params) {
  const Cell& c = params->cell;
  ScratchLayout layout;
  const int64_t gate = int64_t{c.batch} * c.cells;
  for (size_t& at : params->gates_at) at = layout.add(gate, sizeof(float));
  params->input_rows = add_rows(params->product, c.batch, c.inputs, &layout);
  params->aux_rows = add_rows(params->product, c.batch, c.aux_inputs, &layout);
  params->state_rows = add_rows(params->product, c.batch, c.outputs, &layout);
  params->hidden_rows = add_rows(params->product, c.batch, c.cells, &layout);
  // For one product at a time, be it a gate's or the projection's.
  const int64_t sums = int64_t{c.batch} * std::max(c.cells, c.outputs);
  params->sums_at = layout.add(params->product.hybrid ? sums : 0, sizeof(int32_t));
  return layout.bytes();
}

Status plan_cell(Prepare& p, const Cell& c, CellParams* params, bool* ready) {
  if (c.settings.activation > fb::ActivationFunctionType::SIGN_BIT) {
    return p.unsupported("activation ", static_cast<int>(c.settings.activation));
  }
  PIPIT_TRY(check_states(p, c, Type::kFloat32, Type::kFloat32));
  params->cell = c;
  params->functions = choose_gate_functions(p.cpu());
  PIPIT_TRY(choose_product(p, p.input(c.at.input_weights[kOutputGate]),
                           c.settings.asymmetric_inputs, &params->product));
  PIPIT_TRY(check_vectors(p, c, params->product));
  return find_matrices(p, params, ready);
}

}  // namespace

Status prepare_float(Prepare& p, const Cell* cells, int count) {
  auto* params = p.allocate<Params>();
  auto* all = p.allocate<CellParams>(static_cast<size_t>(count));
  if (params == nullptr || all == nullptr) return Code::kArenaTooSmall;
  std::fill_n(all, count, CellParams());
  *params = {all, count};
  ByteCount scratch;
  bool ready = true;
  for (int i = 0; i < count; ++i) {
    PIPIT_TRY(plan_cell(p, cells[i], &all[i], &ready));
    scratch = std::max(scratch, lay_out_scratch(&all[i]));
  }
  // Asymmetric inputs need the sums of the weights, which may be known only while running.
  if (!ready) return p.defer();
  p.scratch(scratch);
  return p.run(run, params, all[0].product.variant);
}

}  // namespace pipit::lstm
