// SPDX-License-Identifier: Apache-2.0
// The "basic kernel" of LSTM: one matrix for all four gates, over the input and the last output
// side by side. Inputs: input, last output, weights, bias, last state; outputs: output, state, and
// two that show the work (the joined input, and the gates before their activation).
//
//   sums [batch][4 * cells] = bias + joined [batch][inputs + cells] * weights^T
//
// The weights are [4 * cells][inputs + cells]. Their rows, and so each batch's sums, are the cells'
// input gates, updates, forget gates and output gates. In the kernel of uint8, inputs and outputs
// have the scale 1/128 and the zero point 128; gates before their activation are int16 with 3
// integer bits, the state has 4.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/contracts/matmul.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_exp.h"
#include "kernels/math/fixed_point.h"
#include "kernels/math/real.h"
#include "kernels/ops/lstm.h"
#include "kernels/ops/scratch.h"
#include "kernels/ops/zero_points.h"

namespace pipit::lstm {
namespace {

constexpr int kInput = 0, kLastOutput = 1, kWeights = 2, kBias = 3, kLastState = 4;
constexpr int kOutput = 0, kState = 1, kJoined = 2, kSums = 3;

struct Params {
  int32_t batch, inputs, cells;
  Multiplier multiplier;  // from the sums to 3 integer bits
  const int32_t* start;   // the bias, with the zero points folded in
  int32_t weight_zero_point;
  size_t sums_at;  // in scratch
  void (*f32)(const MatmulF32&);
  void (*u8)(const MatmulU8&);

  int32_t depth() const { return inputs + cells; }
};

template <class T>
void join_inputs(const Step& s, const Params& p) {
  const T* in = s.input(kInput).as<T>();
  const T* last = s.input(kLastOutput).as<T>();
  T* out = s.output(kJoined).as<T>();
  for (int32_t b = 0; b < p.batch; ++b) {
    out = std::copy_n(in + ptrdiff_t{b} * p.inputs, p.inputs, out);
    out = std::copy_n(last + ptrdiff_t{b} * p.cells, p.cells, out);
  }
}

// The next invocation continues from here.
void keep_state(const Step& s) {
  std::memcpy(s.input(kLastOutput).data, s.output(kOutput).data, s.output(kOutput).bytes);
  std::memcpy(s.input(kLastState).data, s.output(kState).data, s.output(kState).bytes);
}

Status run_float(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  join_inputs<float>(s, p);
  float* sums = s.output(kSums).as<float>();
  p.f32({.rows = p.batch,
         .outputs = 4 * p.cells,
         .depth = p.depth(),
         .in = s.output(kJoined).as<float>(),
         .weights = s.input(kWeights).as<float>(),
         .start = s.input(kBias).as<float>(),
         .out = sums,
         .in_stride = p.depth(),
         .out_stride = 4 * p.cells});
  const float* last = s.input(kLastState).as<float>();
  float* state = s.output(kState).as<float>();
  float* out = s.output(kOutput).as<float>();
  for (int32_t b = 0; b < p.batch; ++b, sums += 4 * p.cells) {
    for (int32_t c = 0; c < p.cells; ++c) {
      const float update = real::logistic(sums[c]) * real::tanh(sums[p.cells + c]);
      *state = update + real::logistic(sums[2 * p.cells + c]) * *last++;
      *out++ = real::logistic(sums[3 * p.cells + c]) * real::tanh(*state++);
    }
  }
  keep_state(s);
  return {};
}

// The state has 4 integer bits, everything else 3 or none.
void update_integer(const int16_t* sums, int32_t n, const int16_t* last, int16_t* state,
                    uint8_t* out) {
  for (int32_t c = 0; c < n; ++c) {
    const int16_t input = fixed::logistic(sums[c], 3);
    const int16_t update = fixed::tanh(sums[n + c], 3);
    const int16_t forget = fixed::logistic(sums[2 * n + c], 3);
    const int16_t output = fixed::logistic(sums[3 * n + c], 3);
    // From none to 4 integer bits, those of the state.
    const int16_t added = fixed::shift_right(fixed::multiply(input, update), 4);
    state[c] = fixed::saturating_add(added, fixed::multiply(forget, last[c]));
    // Doubled and saturated it has 3 integer bits: beyond 8 a tanh does not change any more.
    const int16_t squashed = fixed::tanh(fixed::shift_left(state[c], 1), 3);
    // From 15 bits behind the point to 7.
    const int16_t result = fixed::shift_right(fixed::multiply(output, squashed), 8);
    out[c] = static_cast<uint8_t>(128 + clamp(result, -128, 127));
  }
}

// TensorFlow Lite has no reference kernel here. Its other one rounds halves upwards when it shifts
// right.
int32_t multiply_half_up(int32_t x, const Multiplier& m) {
  const int left = m.shift > 0 ? m.shift : 0, right = left - m.shift;
  const int64_t product = rounding_doubling_high_mul(saturating_shift_left(x, left), m.multiplier);
  return static_cast<int32_t>((product + ((int64_t{1} << right) >> 1)) >> right);
}

Status run_uint8(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  join_inputs<uint8_t>(s, p);
  const int32_t gates = 4 * p.cells;
  MatmulU8 a;
  a.rows = p.batch;
  a.outputs = gates;
  a.depth = p.depth();
  a.in = s.output(kJoined).as<uint8_t>();
  a.in_stride = p.depth();
  a.weights = s.input(kWeights).as<uint8_t>();
  a.start = p.start;
  a.out = scratch_at<int32_t>(s, p.sums_at);
  a.out_stride = gates;
  p.u8(a);
  subtract_input_sums(a, p.weight_zero_point);
  int16_t* sums = s.output(kSums).as<int16_t>();
  for (int32_t i = 0; i < p.batch * gates; ++i) {
    sums[i] =
        static_cast<int16_t>(clamp(multiply_half_up(a.out[i], p.multiplier), INT16_MIN, INT16_MAX));
  }
  for (int32_t b = 0; b < p.batch; ++b) {
    const ptrdiff_t at = ptrdiff_t{b} * p.cells;
    update_integer(sums + ptrdiff_t{b} * gates, p.cells, s.input(kLastState).as<int16_t>() + at,
                   s.output(kState).as<int16_t>() + at, s.output(kOutput).as<uint8_t>() + at);
  }
  keep_state(s);
  return {};
}

// ---- plan

Status find_shapes(Prepare& p, Params* params) {
  const Tensor& input = p.input(kInput);
  const Tensor& last = p.input(kLastOutput);
  if (input.shape.rank != 2) return p.bad("input ", input, " is not [batch,values]");
  if (last.shape.rank != 2) return p.bad("last output ", last, " is not [batch,cells]");
  params->batch = input.shape[0];
  params->inputs = input.shape[1];
  params->cells = last.shape[1];
  if (int64_t{params->cells} * 4 > INT32_MAX ||
      int64_t{params->inputs} + params->cells > INT32_MAX) {
    return p.bad("has too many cells: ", params->cells);
  }
  const Shape state = Shape::of(params->batch, params->cells);
  const Shape shapes[] = {input.shape, state, Shape::of(4 * params->cells, params->depth()),
                          Shape::of(4 * params->cells), state};
  for (int i = 0; i < 5; ++i) {
    if (p.input(i).shape != shapes[i]) return p.bad(p.input(i), " is not ", shapes[i]);
  }
  for (const int i : {kLastOutput, kLastState}) {
    if (p.input(i).storage != Storage::kVariable) return p.bad(p.input(i), " is not a variable");
  }
  PIPIT_TRY(p.set_output(kOutput, state));
  PIPIT_TRY(p.set_output(kState, state));
  PIPIT_TRY(p.set_output(kJoined, Shape::of(params->batch, params->depth())));
  return p.set_output(kSums, Shape::of(params->batch, 4 * params->cells));
}

bool types_are(const Prepare& p, Type values, Type bias, Type state) {
  return p.input(kInput).type == values && p.input(kLastOutput).type == values &&
         p.input(kWeights).type == values && p.input(kBias).type == bias &&
         p.input(kLastState).type == state && p.output(kOutput).type == values &&
         p.output(kState).type == state && p.output(kJoined).type == values &&
         p.output(kSums).type == state;
}

Status prepare_uint8(Prepare& p, Params* params) {
  constexpr int32_t kInputZeroPoint = 128;
  for (const int i : {kWeights, kBias}) PIPIT_TRY(need_scale(p, p.input(i)));
  const Tensor& weights = p.input(kWeights);
  PIPIT_TRY(need_scale(p, p.output(kState)));
  int exponent = 0;
  PIPIT_TRY(find_exponent(p, p.output(kState), &exponent));
  if (exponent != -11) {
    return p.unsupported("state ", p.output(kState), ": its scale is not 2^-11");
  }
  if (!p.values_known(kWeights) || !p.values_known(kBias)) return p.defer();
  // The bias has the scale of the sums.
  params->multiplier = quantize_multiplier(4096 * p.input(kBias).scale);
  params->weight_zero_point = weights.zero_point;
  const int32_t gates = 4 * params->cells;
  int32_t* start = p.allocate<int32_t>(static_cast<size_t>(gates));
  if (start == nullptr) return Code::kArenaTooSmall;
  std::copy_n(p.input(kBias).as<int32_t>(), gates, start);
  WeightRows rows;
  rows.depth = params->depth();
  add_zero_points(rows, weights.as<uint8_t>(), 0, gates, kInputZeroPoint, weights.zero_point,
                  start);
  params->start = start;
  ScratchLayout layout;
  params->sums_at = layout.add(int64_t{params->batch} * gates, sizeof(int32_t));
  p.scratch(layout.bytes());
  const auto& variant = choose(matmul_u8_variants(), p.cpu());
  params->u8 = variant.run;
  return p.run(run_uint8, params, variant.name);
}

}  // namespace

Status prepare_basic(Prepare& p) {
  PIPIT_TRY(p.arity(5, 5, 4));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(find_shapes(p, params));
  if (types_are(p, Type::kUInt8, Type::kInt32, Type::kInt16)) return prepare_uint8(p, params);
  if (!types_are(p, Type::kFloat32, Type::kFloat32, Type::kFloat32)) {
    return p.unsupported("input ", p.input(kInput), ", weights ", p.input(kWeights));
  }
  const auto& variant = choose(matmul_f32_variants(), p.cpu());
  params->f32 = variant.run;
  return p.run(run_float, params, variant.name);
}

}  // namespace pipit::lstm
