// SPDX-License-Identifier: Apache-2.0
// SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ANY and REDUCE_ALL of plain numbers, and of
// quantized ones whose scale does not matter.
//
//   out[kept indices] = f over the reduced indices of in[...]; of bools, a sum or maximum is any, a
//                       product or minimum all
#include "kernels/ops.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/moves.h"
#include "kernels/ops/reduce_quantized.h"

namespace pipit {
namespace {

struct Params {
  Reduce args;
  ReduceFn kernel;
};

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  Reduce args = p.args;
  args.in = s.input(0).data;
  args.totals = s.output(0).data;
  p.kernel(args);
  return {};
}

Status plan(Prepare& p, ReduceFn kernel) {
  if (kernel == nullptr) return p.unsupported("input ", p.input(0));
  // Axes are values.
  if (!p.values_known(1)) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  int64_t count = 0;
  PIPIT_TRY(plan_reduction(p, &params->args, &count));
  // All is folded into one: the case in which TensorFlow Lite begins with the first element.
  params->args.from_first = params->args.outputs == 1 && p.input(0).elements() == count;
  params->kernel = kernel;
  return p.run(run, params, "portable");
}

bool is_small_integer(Type type) {
  return type == Type::kInt8 || type == Type::kUInt8 || type == Type::kInt16;
}

// Small integers keep their quantization. So an extreme is one of the input's numbers, as it is.
Status check_quantization(const Prepare& p) {
  if (!is_small_integer(p.input(0).type)) return {};
  return same_quantization(p, p.input(0), p.output(0));
}

ReduceFn sum_for(Type type) {
  switch (type) {
    case Type::kFloat32:
      return reduce_sum<float, float>;
    case Type::kInt32:
      return reduce_sum<int32_t, uint32_t>;
    case Type::kInt64:
      return reduce_sum<int64_t, uint64_t>;
    case Type::kBool:
      return reduce_any;
    default:
      return nullptr;
  }
}

ReduceFn product_for(Type type) {
  if (type == Type::kBool) return reduce_all;
  return by_type<float, int32_t, int64_t, int8_t, uint8_t, int16_t>(
      type, []<class T> { return reduce_product<T>; });
}

ReduceFn max_for(Type type) {
  if (type == Type::kBool) return reduce_any;
  return by_type<float, int32_t, int64_t, int8_t, uint8_t, int16_t>(
      type, []<class T> { return reduce_max<T>; });
}

ReduceFn min_for(Type type) {
  if (type == Type::kBool) return reduce_all;
  return by_type<float, int32_t, int64_t, int8_t, uint8_t, int16_t>(
      type, []<class T> { return reduce_min<T>; });
}

Status prepare_sum(Prepare& p) {
  PIPIT_TRY(check_reduction(p));
  if (is_small_integer(p.input(0).type)) return prepare_quantized_sum(p);
  return plan(p, sum_for(p.input(0).type));
}

Status prepare_product(Prepare& p) {
  PIPIT_TRY(check_reduction(p));
  // A product of quantized numbers has another scale than its factors, a sum another zero point;
  // extremes have neither.
  if (quantization(p.input(0)).scales.size() > 0) return prepare_quantized_product(p);
  PIPIT_TRY(check_quantization(p));
  return plan(p, product_for(p.input(0).type));
}

Status prepare_max(Prepare& p) {
  PIPIT_TRY(check_reduction(p));
  PIPIT_TRY(check_quantization(p));
  return plan(p, max_for(p.input(0).type));
}

Status prepare_min(Prepare& p) {
  PIPIT_TRY(check_reduction(p));
  PIPIT_TRY(check_quantization(p));
  return plan(p, min_for(p.input(0).type));
}

Status prepare_any(Prepare& p) {
  PIPIT_TRY(check_reduction(p));
  return plan(p, p.input(0).type == Type::kBool ? reduce_any : nullptr);
}

Status prepare_all(Prepare& p) {
  PIPIT_TRY(check_reduction(p));
  return plan(p, p.input(0).type == Type::kBool ? reduce_all : nullptr);
}

}  // namespace

const Op kSum = {builtin(fb::BuiltinOperator::SUM), "SUM", prepare_sum};
const Op kReduceProd = {builtin(fb::BuiltinOperator::REDUCE_PROD), "REDUCE_PROD", prepare_product};
const Op kReduceMax = {builtin(fb::BuiltinOperator::REDUCE_MAX), "REDUCE_MAX", prepare_max};
const Op kReduceMin = {builtin(fb::BuiltinOperator::REDUCE_MIN), "REDUCE_MIN", prepare_min};
const Op kReduceAny = {builtin(fb::BuiltinOperator::REDUCE_ANY), "REDUCE_ANY", prepare_any};
const Op kReduceAll = {builtin(fb::BuiltinOperator::REDUCE_ALL), "REDUCE_ALL", prepare_all};

}  // namespace pipit
