// SPDX-License-Identifier: Apache-2.0
// WHILE: runs a subgraph over the values of the last round as long as another says so.
//
// A value that the body hands on untouched stays where it is (so a loop may use constant weights).
// The others live in the outputs, if every round leaves their shapes as they are; otherwise each
// round is planned for the shapes it finds, and its results are kept in the free part of the arena.
//
//   values = inputs;  while (cond(values)) values = body(values);  outputs = values
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

// Beyond so many values none is written over its input, for looking who else reads it takes long.
constexpr int kManyValues = 256;

struct Params {
  int32_t cond_subgraph, body_subgraph;
  Callee cond, body;
  Tensor* values;            // what the loop changes
  Tensor** changing;         // for each input its value, or nullptr where it stays as it is
  const Tensor** arguments;  // for each input its value, or the input itself
};

Status check_condition(const Step& s, Run& run, const Tensor& t) {
  if (t.elements() == 1) return {};
  return run.fail(s, "its condition is ", t, ", not one bool");
}

void copy(const Tensor& from, void* to) {
  if (from.bytes != 0 && from.data != to) std::memmove(to, from.data, from.bytes);
}

// ---- shapes that stay

// What the body hands on to another value is read before any value is written. The body may swap
// values, say: both of its results then lie where the values themselves do.
void take_results(const Step& s, const Params& p) {
  const auto handed_on = [&](int i) { return p.body.output(i).storage == Storage::kBorrowed; };
  uint8_t* scratch = s.scratch;
  for (int i = 0; i < s.inputs; ++i) {
    if (p.changing[i] == nullptr || !handed_on(i)) continue;
    copy(p.body.output(i), scratch);
    scratch += p.body.output(i).bytes;
  }
  scratch = s.scratch;
  for (int i = 0; i < s.inputs; ++i) {
    const Tensor* value = p.changing[i];
    if (value == nullptr) continue;
    if (handed_on(i)) {
      if (value->bytes != 0) std::memcpy(value->data, scratch, value->bytes);
      scratch += value->bytes;
    } else {
      copy(p.body.output(i), value->data);
    }
  }
}

Status run_fixed(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  for (int i = 0; i < s.inputs; ++i) {
    copy(s.input(i), s.output(i).data);
    if (p.changing[i] != nullptr) p.changing[i]->data = s.output(i).data;
  }
  const Run::Mark mark = run.mark();
  for (;;) {
    PIPIT_TRY(run.call(s, p.cond, p.arguments));
    PIPIT_TRY(check_condition(s, run, p.cond.output(0)));
    const bool again = p.cond.output(0).as<uint8_t>()[0] != 0;
    run.release(mark);
    if (!again) return {};
    PIPIT_TRY(run.call(s, p.body, p.arguments));
    take_results(s, p);
    run.release(mark);
  }
}

// ---- shapes that change

Status copy_value(const Step& s, Run& run, const Tensor& from, Tensor* to) {
  void* bytes = run.take(from.bytes);
  if (bytes == nullptr) return run.too_small(s);
  copy(from, bytes);
  to->shape = from.shape;
  to->bytes = from.bytes;
  to->data = bytes;
  return {};
}

Status ask_condition(const Step& s, Run& run, bool* again) {
  const auto& p = *s.params<Params>();
  const Run::Mark mark = run.mark();
  Callee cond;
  PIPIT_TRY(run.plan(s, p.cond_subgraph, p.arguments, &cond));
  PIPIT_TRY(run.call(s, cond, p.arguments));
  PIPIT_TRY(check_condition(s, run, cond.output(0)));
  *again = cond.output(0).as<uint8_t>()[0] != 0;
  run.release(mark);
  return {};
}

Status run_changing(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const Run::Mark mark = run.mark();
  for (int i = 0; i < s.inputs; ++i) {
    if (p.changing[i] != nullptr) PIPIT_TRY(copy_value(s, run, s.input(i), p.changing[i]));
  }
  for (bool again = true;;) {
    PIPIT_TRY(ask_condition(s, run, &again));
    if (!again) break;
    Callee body;
    PIPIT_TRY(run.plan(s, p.body_subgraph, p.arguments, &body));
    PIPIT_TRY(run.call(s, body, p.arguments));
    PIPIT_TRY(run.keep_outputs(s, body, p.changing, mark));
  }
  for (int i = 0; i < s.inputs; ++i) {
    Tensor* out = s.tensors[s.inputs + i];
    if (p.changing[i] == nullptr) {
      PIPIT_TRY(copy_value(s, run, s.input(i), out));
      continue;
    }
    out->shape = p.changing[i]->shape;
    out->bytes = p.changing[i]->bytes;
    out->data = p.changing[i]->data;
  }
  return {};
}

// ---- preparation

// Subgraphs are planned for these arguments. They are called with other bytes in each round, but
// with the same tensors, which the step changes.
Status make_values(Prepare& p, Params* params) {
  const auto n = static_cast<size_t>(p.inputs());
  params->values = p.allocate<Tensor>(n);
  params->changing = p.allocate<Tensor*>(n);
  params->arguments = p.allocate<const Tensor*>(n);
  if (!params->values || !params->changing || !params->arguments) return Code::kArenaTooSmall;
  for (int i = 0; i < p.inputs(); ++i) {
    params->arguments[i] = p.keep_input(i);
    if (params->arguments[i] == nullptr) return Code::kArenaTooSmall;
    if (p.returns_input(params->body_subgraph, i)) continue;
    params->values[i] = p.input(i);
    params->values[i].storage = Storage::kNone;
    params->changing[i] = &params->values[i];
    params->arguments[i] = params->changing[i];
  }
  return {};
}

Status check_subgraphs(const Prepare& p, const Params& params) {
  if (params.cond.outputs() != 1 || params.cond.output(0).type != Type::kBool) {
    return p.bad("its condition returns ", params.cond.outputs(), " values, not one bool");
  }
  const Tensor& cond = params.cond.output(0);
  if (cond.storage != Storage::kDynamic && cond.elements() != 1) {
    return p.bad("its condition returns ", cond, ", not one bool");
  }
  if (params.body.outputs() != p.inputs()) {
    return p.bad("its body takes ", p.inputs(), " values and returns ", params.body.outputs());
  }
  for (int i = 0; i < p.inputs(); ++i) {
    const Type type = p.input(i).type;
    if (params.body.output(i).type == type && p.output(i).type == type) continue;
    return p.bad("value ", i, " is ", p.input(i), ", and then ", params.body.output(i));
  }
  return {};
}

// A string's bytes change with its value, whatever its shape.
bool shapes_stay(const Prepare& p, const Params& params) {
  for (int i = 0; i < p.inputs(); ++i) {
    const Tensor& t = params.body.output(i);
    if (t.type == Type::kString || t.storage == Storage::kDynamic) return false;
    if (t.shape != p.input(i).shape) return false;
  }
  return true;
}

// An input that is given twice begins two values, so neither may be written over it.
bool read_once(const Prepare& p, int input) {
  if (p.inputs() > kManyValues) return false;
  int reads = 0;
  for (int i = 0; i < p.inputs(); ++i) reads += p.input(i).index == p.input(input).index ? 1 : 0;
  return reads == 1;
}

Status prepare_fixed(Prepare& p, const Params& params) {
  ByteCount handed_on;
  for (int i = 0; i < p.inputs(); ++i) {
    PIPIT_TRY(p.set_output(i, p.input(i).shape));
    if (params.changing[i] == nullptr) {
      p.alias(i, i);
    } else {
      if (read_once(p, i)) p.in_place(i, i);
      const Tensor& result = params.body.output(i);
      if (result.storage == Storage::kBorrowed) handed_on += result.bytes;
    }
  }
  p.scratch(handed_on);
  return p.run(run_fixed, &params);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(p.inputs(), p.inputs(), p.inputs()));
  const auto* o = options<fb::WhileOptions>(p);
  Params* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->cond_subgraph = o == nullptr ? 0 : o->cond_subgraph_index();
  params->body_subgraph = o == nullptr ? 0 : o->body_subgraph_index();
  PIPIT_TRY(make_values(p, params));
  PIPIT_TRY(p.plan_subgraph(params->cond_subgraph, params->arguments, p.inputs(), &params->cond));
  PIPIT_TRY(p.plan_subgraph(params->body_subgraph, params->arguments, p.inputs(), &params->body));
  PIPIT_TRY(check_subgraphs(p, *params));
  if (shapes_stay(p, *params)) return prepare_fixed(p, *params);
  p.set_outputs_later();
  return p.run(run_changing, params);
}

}  // namespace

const Op kWhile = {builtin(fb::BuiltinOperator::WHILE), "WHILE", prepare, kOpNoFold};

}  // namespace pipit
