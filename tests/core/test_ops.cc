// SPDX-License-Identifier: Apache-2.0
#include "tests/core/test_ops.h"

#include <algorithm>
#include <cstring>

#include "core/plan.h"
#include "pipit/op.h"

namespace pipit::test {
namespace {

Span<int32_t> numbers(const Tensor& t) {
  return {t.as<int32_t>(), static_cast<size_t>(t.elements())};
}

void copy(const Tensor& from, const Tensor& to) {
  if (from.data != to.data && from.bytes != 0) std::memcpy(to.data, from.data, from.bytes);
}

// What most of them ask for: n inputs, and one output of the first one's shape.
Status like_first(Prepare& p, int inputs) {
  PIPIT_TRY(p.arity(inputs, inputs, 1));
  for (int i = 0; i < inputs; ++i) {
    if (p.input(i).type != Type::kInt32) return p.unsupported(p.input(i), ": int32 only");
    if (p.input(i).shape != p.input(0).shape) return p.bad("shapes differ");
  }
  if (p.output(0).type != Type::kInt32) return p.unsupported(p.output(0), ": int32 only");
  return p.set_output(0, p.input(0).shape);
}

Status run_add_one(const Step& s, Run&) {
  const Span<int32_t> in = numbers(s.input(0)), out = numbers(s.output(0));
  for (size_t i = 0; i < in.size(); ++i) {
    out[i] = static_cast<int32_t>(static_cast<uint32_t>(in[i]) + 1);
  }
  return {};
}

Status prepare_add_one(Prepare& p) {
  PIPIT_TRY(like_first(p, 1));
  p.in_place(0, 0);
  return p.run(run_add_one, nullptr, "portable");
}

Status run_copy(const Step& s, Run&) {
  copy(s.input(0), s.output(0));
  return {};
}

Status prepare_copy(Prepare& p) {
  PIPIT_TRY(like_first(p, 1));
  p.alias(0, 0);
  return p.run(run_copy);
}

Status run_sum(const Step& s, Run&) {
  const Span<int32_t> a = numbers(s.input(0)), b = numbers(s.input(1));
  const Span<int32_t> out = numbers(s.output(0));
  for (size_t i = 0; i < a.size(); ++i) {
    out[i] = static_cast<int32_t>(static_cast<uint32_t>(a[i]) + static_cast<uint32_t>(b[i]));
  }
  return {};
}

Status prepare_sum(Prepare& p) {
  PIPIT_TRY(like_first(p, 2));
  return p.run(run_sum);
}

Status run_reverse(const Step& s, Run&) {
  const Span<int32_t> in = numbers(s.input(0)), out = numbers(s.output(0));
  auto* scratch = reinterpret_cast<int32_t*>(s.scratch);
  std::reverse_copy(in.begin(), in.end(), scratch);
  std::copy_n(scratch, in.size(), out.begin());
  return {};
}

Status prepare_reverse(Prepare& p) {
  PIPIT_TRY(like_first(p, 1));
  p.scratch(p.input(0).bytes);
  return p.run(run_reverse);
}

Status run_shape_of(const Step& s, Run&) {
  const Shape& shape = s.input(0).shape;
  std::copy_n(shape.dims, shape.rank, s.output(0).as<int32_t>());
  return {};
}

Status prepare_shape_of(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  if (p.output(0).type != Type::kInt32) return p.unsupported(p.output(0), ": int32 only");
  PIPIT_TRY(p.set_output(0, Shape::of(p.input(0).shape.rank)));
  p.fold();
  return p.run(run_shape_of);
}

Status run_count(const Step& s, Run&) {
  int32_t next = 0;
  for (int32_t& n : numbers(s.output(0))) n = next++;
  return {};
}

Status prepare_count(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  if (p.output(0).type != Type::kInt32) return p.unsupported(p.output(0), ": int32 only");
  if (p.input(0).elements() != 1) return p.bad(p.input(0), " is not one number");
  const int32_t* n = p.values<int32_t>(0);
  if (n == nullptr) return p.defer();
  PIPIT_TRY(p.set_output(0, Shape::of(*n)));
  return p.run(run_count);
}

Status run_accumulate(const Step& s, Run&) {
  const Span<int32_t> kept = numbers(s.input(0)), in = numbers(s.input(1));
  for (size_t i = 0; i < in.size(); ++i) {
    kept[i] = static_cast<int32_t>(static_cast<uint32_t>(kept[i]) + static_cast<uint32_t>(in[i]));
  }
  copy(s.input(0), s.output(0));
  return {};
}

Status prepare_accumulate(Prepare& p) {
  PIPIT_TRY(like_first(p, 2));
  if (p.input(0).storage != Storage::kVariable) return p.bad(p.input(0), " is not a variable");
  return p.run(run_accumulate);
}

struct Call {
  Callee callee;
  bool outputs_later;
};

Status run_call(const Step& s, Run& run) {
  const Call& call = *s.params<Call>();
  const Run::Mark mark = run.mark();
  PIPIT_TRY(run.call(s, call.callee, s.tensors));
  if (call.outputs_later) return run.keep_outputs(s, call.callee, s.tensors + s.inputs, mark);
  for (int i = 0; i < s.outputs; ++i) copy(call.callee.output(i), s.output(i));
  run.release(mark);
  return {};
}

Status prepare_call(Prepare& p) {
  const Span<const uint8_t> options = p.custom_options();
  if (options.empty()) return p.bad("names no subgraph");
  Call* call = p.allocate<Call>();
  if (call == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(p.plan_subgraph(options[0], p.step().tensors, p.inputs(), &call->callee));
  if (p.outputs() != call->callee.outputs()) return p.bad("arity");
  for (int i = 0; i < p.outputs(); ++i) {
    const Tensor& t = call->callee.output(i);
    if (t.type != p.output(i).type) return p.bad("output ", i, " has another type");
    if (t.storage == Storage::kDynamic) call->outputs_later = true;
  }
  if (call->outputs_later) {
    p.set_outputs_later();
  } else {
    for (int i = 0; i < p.outputs(); ++i) {
      PIPIT_TRY(p.set_output(i, call->callee.output(i).shape));
    }
  }
  return p.run(run_call, call);
}

Status run_refuse_negative(const Step& s, Run& run) {
  for (const int32_t n : numbers(s.input(0))) {
    if (n < 0) return run.fail(s, "value ", n, " is negative");
  }
  copy(s.input(0), s.output(0));
  return {};
}

Status prepare_refuse_negative(Prepare& p) {
  PIPIT_TRY(like_first(p, 1));
  return p.run(run_refuse_negative);
}

constexpr Op custom(const char* name, Status (*prepare)(Prepare&), uint8_t flags = kOpDefault) {
  return {.code = kCustomOp, .name = name, .prepare = prepare, .flags = flags};
}

constexpr Op kAddOne = custom("ADD_ONE", prepare_add_one);
constexpr Op kCopy = custom("COPY", prepare_copy);
constexpr Op kSum = custom("SUM", prepare_sum);
constexpr Op kReverse = custom("REVERSE", prepare_reverse);
constexpr Op kShapeOf = custom("SHAPE_OF", prepare_shape_of);
constexpr Op kCount = custom("COUNT", prepare_count);
constexpr Op kAccumulate = custom("ACCUMULATE", prepare_accumulate, kOpNoFold);
constexpr Op kCall = custom("CALL", prepare_call, kOpNoFold);
constexpr Op kRefuseNegative = custom("REFUSE_NEGATIVE", prepare_refuse_negative);

constexpr const Op* kOps[] = {&kAddOne, &kCopy,       &kSum,  &kReverse,       &kShapeOf,
                              &kCount,  &kAccumulate, &kCall, &kRefuseNegative};

}  // namespace

OpTable test_ops() { return kOps; }

}  // namespace pipit::test
