// SPDX-License-Identifier: Apache-2.0
// ADD_N: the sum of any number of tensors of one shape.
#include "kernels/ops.h"
#include "kernels/ops/quantized_sum.h"

namespace pipit {
namespace {

// Sums of float, or of uint32 for integers, which wrap.
template <class T>
Status run(const Step& s, Run&) {
  const int32_t n = s.output(0).elements();
  T* out = s.output(0).as<T>();
  for (int32_t i = 0; i < n; ++i) {
    T sum = s.input(0).as<T>()[i];
    for (int k = 1; k < s.inputs; ++k) sum += s.input(k).as<T>()[i];
    out[i] = sum;
  }
  return {};
}

// All inputs have one quantization, so their sum has it, too, but for the zero points: see
// QuantizedSum.
Status run_s8(const Step& s, Run&) {
  const auto& q = *s.params<QuantizedSum>();
  const int32_t n = s.output(0).elements();
  int8_t* out = s.output(0).as<int8_t>();
  for (int32_t i = 0; i < n; ++i) {
    uint32_t sum = q.start();
    for (int k = 0; k < s.inputs; ++k) sum += q.term(s.input(k).as<int8_t>()[i]);
    out[i] = q.result(sum);
  }
  return {};
}

Status prepare_s8(Prepare& p) {
  const Tensor& first = p.input(0);
  PIPIT_TRY(same_type(p, first, p.output(0)));
  for (int i = 1; i < p.inputs(); ++i) {
    const Tensor& t = p.input(i);
    if (t.scale != first.scale || t.zero_point != first.zero_point) {
      return p.unsupported("inputs ", first, " and ", t, " differ in quantization");
    }
  }
  QuantizedSum sum;
  PIPIT_TRY(find_quantized_sum(p, &sum));
  const auto* kept = keep(p, sum);
  return kept == nullptr ? Status(Code::kArenaTooSmall) : p.run(run_s8, kept, "portable");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, UINT16_MAX, 1));
  for (int i = 1; i < p.inputs(); ++i) {
    if (!p.has_input(i)) return p.bad("input ", i, " is left out");
    PIPIT_TRY(same_type(p, p.input(0), p.input(i)));
    if (p.input(i).shape != p.input(0).shape) {
      return p.bad("inputs ", p.input(0), " and ", p.input(i), " differ in shape");
    }
  }
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kFloat32, Type::kInt32, Type::kInt8)));
  if (p.input(0).type != Type::kInt8) p.set_output_type(0, p.input(0).type);
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  // Each element of the first input is read before that of the output is written.
  p.in_place(0, 0);
  if (p.input(0).type == Type::kInt8) return prepare_s8(p);
  const bool real = p.input(0).type == Type::kFloat32;
  return p.run(real ? run<float> : run<uint32_t>, nullptr, "portable");
}

}  // namespace

const Op kAddN = {builtin(fb::BuiltinOperator::ADD_N), "ADD_N", prepare};

}  // namespace pipit
