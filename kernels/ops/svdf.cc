// SPDX-License-Identifier: Apache-2.0
// SVDF: a fully connected layer over the last `memory` inputs, its weights factored into features
// and time. Of each filter's feature the state keeps the last `memory` values.
//
//   state = the state without its first column, and input * feature weights^T as the last
//   output[u] = activation(bias[u] + sum over the unit's filters f of state[f] . time weights[f])
//
//   state of a batch: [filters][memory], oldest first; filters of a unit are `rank` neighbours
//   scratch memory: features [batch][filters], in whose place a batch's dot products with the time
//                   weights then lie
#include <algorithm>
#include <cstring>

#include "kernels/contracts/activate.h"
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/row_dots.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_point.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"
#include "kernels/ops/float_product.h"
#include "kernels/ops/known_bytes.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kFeature = 1, kTime = 2, kBias = 3, kState = 4;

struct Size {
  int32_t batch = 0, inputs = 0, filters = 0, rank = 0, units = 0, memory = 0;
};

// Drops the oldest value of every filter. The last one is left for the caller to write. All rows
// move at once: what slides out of a row lands in the last column of the row before, which is the
// one that is written next. For two filters and a memory of 3:
//
//   a b c | d e f   ->   b c d | e f f   ->   b c x | e f y
void shift_state(const Tensor& state) {
  const size_t element = state.bytes / static_cast<size_t>(state.elements());
  auto* bytes = static_cast<uint8_t*>(state.data);
  std::memmove(bytes, bytes + element, state.bytes - element);
}

// ---- float32 activations

struct FloatParams {
  Size size;
  Activation activation;
  GateFunctions functions;
  FloatProduct product;
  ProductWeights feature;
  const void* time;   // these are constant,
  const float* bias;  // or nullptr
  float time_scale;
  HybridScratch rows;
  size_t features_at, sums_at;  // in scratch
};

template <class Weight>
void add_time(const Step& s, const FloatParams& p, float scale, float* dots, float* out) {
  const Size& z = p.size;
  const float* bias = s.bytes(kBias, p.bias);
  const float* state = s.input(kState).as<float>();
  for (int32_t b = 0; b < z.batch; ++b, out += z.units) {
    RowDots<float, Weight, float> a;
    a.rows = z.filters;
    a.n = z.memory;
    a.x = state + static_cast<ptrdiff_t>(b) * z.filters * z.memory;
    a.weights = s.bytes(kTime, static_cast<const Weight*>(p.time));
    a.sums = dots;
    row_dots(a);
    for (int32_t u = 0; u < z.units; ++u) {
      float sum = 0;
      for (int32_t r = 0; r < z.rank; ++r) sum += dots[u * z.rank + r];
      out[u] = sum * scale + (bias == nullptr ? 0 : bias[u]);
    }
  }
}

Status run_float(const Step& s, Run&) {
  const auto& p = *s.params<FloatParams>();
  const Size& z = p.size;
  float* features = scratch_at<float>(s, p.features_at);
  std::fill_n(features, z.batch * z.filters, 0.0f);
  const ProductRows rows =
      quantize(s, p.product, p.rows, s.input(kInput).as<float>(), z.inputs, z.batch, z.inputs);
  add_product(s, p.product, rows, p.feature, scratch_at<int32_t>(s, p.sums_at), features,
              z.filters);
  shift_state(s.input(kState));
  float* state = s.input(kState).as<float>();
  for (int32_t i = 0; i < z.batch * z.filters; ++i) {
    state[static_cast<ptrdiff_t>(i + 1) * z.memory - 1] = features[i];
  }
  float* out = s.output(0).as<float>();
  if (p.product.hybrid) {
    add_time<int8_t>(s, p, p.time_scale, features, out);
  } else {
    add_time<float>(s, p, 1, features, out);
  }
  activate(p.activation, out, static_cast<size_t>(z.batch) * static_cast<size_t>(z.units),
           p.functions);
  return {};
}

// ---- int8 activations, int16 state and time weights, or int8 ones

struct IntegerParams {
  Size size;
  const int8_t* feature;
  const void* time;      // these are constant,
  const int32_t* bias;   // or nullptr
  const int32_t* start;  // the input's zero point, folded
  Multiplier to_state, to_output;
  int32_t state_zero_point, out_zero_point;
  size_t features_at;  // in scratch
  bool no_weight_is_min;
  void (*kernel)(const MatmulS8&);
};

template <class T>
Status run_integer(const Step& s, Run&) {
  const auto& p = *s.params<IntegerParams>();
  const Size& z = p.size;
  auto* features = scratch_at<int32_t>(s, p.features_at);
  p.kernel({.rows = z.batch,
            .outputs = z.filters,
            .depth = z.inputs,
            .in = s.input(kInput).as<int8_t>(),
            .weights = p.feature,
            .start = p.start,
            .out = features,
            .in_stride = z.inputs,
            .out_stride = z.filters,
            .no_weight_is_min = p.no_weight_is_min});
  shift_state(s.input(kState));
  T* state = s.input(kState).as<T>();
  const Range range = type_range(s.input(kState).type);
  for (int32_t i = 0; i < z.batch * z.filters; ++i) {
    // Clamped before the zero point is added, as the reference does it: with a zero point other
    // than 0 an int8 state may wrap.
    const int32_t scaled = multiply(features[i], p.to_state.multiplier, p.to_state.shift);
    state[static_cast<ptrdiff_t>(i + 1) * z.memory - 1] =
        static_cast<T>(p.state_zero_point + clamp(scaled, range.min, range.max));
  }
  RowDots<T, T, int32_t> a;
  a.rows = z.filters;
  a.n = z.memory;
  a.weights = s.bytes(kTime, static_cast<const T*>(p.time));
  a.sums = features;
  a.zero_point = static_cast<T>(p.state_zero_point);
  const int32_t* bias = s.bytes(kBias, p.bias);
  int8_t* out = s.output(0).as<int8_t>();
  for (int32_t b = 0; b < z.batch; ++b) {
    a.x = state + static_cast<ptrdiff_t>(b) * z.filters * z.memory;
    row_dots(a);
    for (int32_t u = 0; u < z.units; ++u) {
      auto sum = bias == nullptr ? 0 : static_cast<uint32_t>(bias[u]);
      for (int32_t r = 0; r < z.rank; ++r) sum += static_cast<uint32_t>(features[u * z.rank + r]);
      const int64_t scaled =
          multiply(static_cast<int32_t>(sum), p.to_output.multiplier, p.to_output.shift);
      *out++ = static_cast<int8_t>(std::clamp<int64_t>(scaled + p.out_zero_point, -128, 127));
    }
  }
  return {};
}

// ---- plan

Status find_size(const Prepare& p, int32_t rank, Size* z) {
  const Tensor& input = p.input(kInput);
  const Tensor& feature = p.input(kFeature);
  const Tensor& time = p.input(kTime);
  const Tensor* bias = p.optional_input(kBias);
  const Tensor& state = p.input(kState);
  if (input.shape.rank != 2) return p.bad("input ", input, " is not [batch,values]");
  if (feature.shape.rank != 2 || feature.shape[1] != input.shape[1]) {
    return p.bad("feature weights ", feature, " are not [filters,", input.shape[1], "]");
  }
  *z = {input.shape[0], input.shape[1], feature.shape[0], rank};
  if (rank < 1 || z->filters < 1 || z->filters % rank != 0) {
    return p.bad(z->filters, " filters are not a multiple of rank ", rank);
  }
  z->units = z->filters / rank;
  if (time.shape.rank != 2 || time.shape[0] != z->filters || time.shape[1] < 1) {
    return p.bad("time weights ", time, " are not [", z->filters, ",memory]");
  }
  z->memory = time.shape[1];
  if (bias != nullptr && bias->shape != Shape::of(z->units)) {
    return p.bad("bias ", *bias, " has not one value for each of ", z->units, " units");
  }
  if (state.shape.rank != 2 || state.shape[0] != z->batch ||
      state.shape[1] != int64_t{z->memory} * z->filters) {
    return p.bad("state ", state, " is not [", z->batch, ",", int64_t{z->memory} * z->filters, "]");
  }
  if (state.storage != Storage::kVariable) return p.bad("state ", state, " is not a variable");
  return {};
}

Status expect_type(const Prepare& p, int input, Type type) {
  const Tensor* t = p.optional_input(input);
  if (t == nullptr || t->type == type) return {};
  return p.unsupported(*t, ", not ", type);
}

Status prepare_float(Prepare& p, const fb::SVDFOptions& o, const Size& z) {
  if (o.fused_activation_function() > fb::ActivationFunctionType::SIGN_BIT) {
    return p.unsupported("activation ", static_cast<int>(o.fused_activation_function()));
  }
  auto* params = p.allocate<FloatParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->size = z;
  params->activation = static_cast<Activation>(o.fused_activation_function());
  params->functions = choose_gate_functions(p.cpu());
  PIPIT_TRY(choose_product(p, p.input(kFeature), o.asymmetric_quantize_inputs(), &params->product));
  const bool hybrid = params->product.hybrid;
  // Weights that are declared uint8 are int8 all the same.
  const bool unsigned_time = hybrid && p.input(kTime).type == Type::kUInt8;
  if (!unsigned_time) PIPIT_TRY(expect_type(p, kTime, hybrid ? Type::kInt8 : Type::kFloat32));
  if (hybrid) PIPIT_TRY(need_scale(p, p.input(kTime)));
  if (hybrid) PIPIT_TRY(need_symmetric(p, p.input(kTime)));
  for (const int i : {kBias, kState}) PIPIT_TRY(expect_type(p, i, Type::kFloat32));
  bool ready = true;
  PIPIT_TRY(
      find_weights(p, params->product, kFeature, z.filters, z.inputs, &params->feature, &ready));
  if (!ready) return p.defer();
  params->time = p.detach(kTime);
  params->time_scale = p.input(kTime).scale;
  params->bias = p.detach_as<float>(kBias);
  ScratchLayout layout;
  params->features_at = layout.add(int64_t{z.batch} * z.filters, sizeof(float));
  params->sums_at = layout.add(hybrid ? int64_t{z.batch} * z.filters : 0, sizeof(int32_t));
  params->rows = add_rows(params->product, z.batch, z.inputs, &layout);
  p.scratch(layout.bytes());
  return p.run(run_float, params, params->product.variant);
}

// -zero_point * (sum of the filter's weights), modulo 2^32.
const int32_t* fold_zero_point(Prepare& p, const Size& z) {
  int32_t* start = p.allocate<int32_t>(static_cast<size_t>(z.filters));
  if (start == nullptr) return nullptr;
  const int8_t* w = p.input(kFeature).as<int8_t>();
  for (int32_t f = 0; f < z.filters; ++f) {
    uint32_t sum = 0;
    for (int32_t i = 0; i < z.inputs; ++i) sum += static_cast<uint32_t>(*w++);
    start[f] = static_cast<int32_t>(0 - sum * static_cast<uint32_t>(p.input(kInput).zero_point));
  }
  return start;
}

Status prepare_integer(Prepare& p, const fb::SVDFOptions& o, const Size& z) {
  const Tensor& state = p.input(kState);
  // RELU is in the output's quantization, if anywhere: the reference kernels clip to its type
  // alone.
  if (o.fused_activation_function() > fb::ActivationFunctionType::RELU) {
    return p.unsupported("an integer SVDF with another activation than RELU");
  }
  PIPIT_TRY(expect_type(p, kFeature, Type::kInt8));
  PIPIT_TRY(expect_type(p, kBias, Type::kInt32));
  PIPIT_TRY(expect_type(p, kTime, state.type));
  if (state.type != Type::kInt16 && state.type != Type::kInt8) {
    return p.unsupported("state ", state);
  }
  const Tensor& input = p.input(kInput);
  const Tensor& feature = p.input(kFeature);
  const Tensor& time = p.input(kTime);
  const Tensor& out = p.output(0);
  for (const Tensor* t : {&input, &feature, &time, &state, &out}) PIPIT_TRY(need_scale(p, *t));
  for (const Tensor* t : {&feature, &time}) PIPIT_TRY(need_symmetric(p, *t));
  if (state.type == Type::kInt16) PIPIT_TRY(need_symmetric(p, state));
  if (!p.values_known(kFeature)) return p.defer();
  auto* params = p.allocate<IntegerParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->size = z;
  // Products of floats, rounded at each step, as TensorFlow Lite makes them.
  params->to_state = quantize_multiplier(input.scale * feature.scale / state.scale);
  params->to_output = quantize_multiplier(state.scale * time.scale / out.scale);
  params->out_zero_point = out.zero_point;
  params->state_zero_point = state.zero_point;
  params->feature = feature.as<int8_t>();  // known: constant, or what this run reads
  (void)p.detach(kFeature);
  params->time = p.detach(kTime);
  params->bias = p.detach_as<int32_t>(kBias);
  params->start = fold_zero_point(p, z);
  if (params->start == nullptr) return Code::kArenaTooSmall;
  ScratchLayout layout;
  params->features_at = layout.add(int64_t{z.batch} * z.filters, sizeof(int32_t));
  p.scratch(layout.bytes());
  const auto& variant = choose(matmul_s8_variants(), p.cpu());
  params->kernel = variant.run;
  params->no_weight_is_min = no_weight_is_min(p, kFeature);
  return p.run(state.type == Type::kInt8 ? run_integer<int8_t> : run_integer<int16_t>, params,
               variant.name);
}

Status run_nothing(const Step&, Run&) { return {}; }

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(3, 5, 1));
  if (!p.has_input(kState)) return p.bad("has no state");
  const auto* o = options<fb::SVDFOptions>(p);
  if (o == nullptr) return p.bad("has no SVDFOptions");
  Size z;
  PIPIT_TRY(find_size(p, o->rank(), &z));
  PIPIT_TRY(p.set_output(0, Shape::of(z.batch, z.units)));
  const Type in = p.input(kInput).type;
  if (p.output(0).type != in) return p.bad("output ", p.output(0), " is not ", in);
  if (z.batch == 0) return p.run(run_nothing, nullptr, "portable");
  if (in == Type::kFloat32) return prepare_float(p, *o, z);
  if (in == Type::kInt8) return prepare_integer(p, *o, z);
  return p.unsupported("input ", p.input(kInput));
}

}  // namespace

const Op kSvdf = {builtin(fb::BuiltinOperator::SVDF), "SVDF", prepare, kOpNoFold};

}  // namespace pipit
