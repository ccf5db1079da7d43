// SPDX-License-Identifier: Apache-2.0
// IF, STABLEHLO_CASE, STABLEHLO_COMPOSITE: one of several subgraphs runs in the operator's place.
//
//   IF                    input 0 ? then(inputs 1, ...) : else(inputs 1, ...)
//   STABLEHLO_CASE        branch[input 0](inputs 1, ...)
//   STABLEHLO_COMPOSITE   decomposition(inputs 0, ...)
#include <algorithm>
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

// The number of the branch to take, from the first input.
using Choose = int32_t (*)(const Step&, int32_t branches);

struct Branches {
  const int32_t* subgraphs = nullptr;
  int32_t count = 0;
  int32_t first = 0;  // of the step's inputs that are passed on
  Choose choose = nullptr;
};

struct Params {
  Branches branches;
  const Callee* callees;
  bool outputs_later;
};

int32_t choose_only(const Step&, int32_t) { return 0; }

int32_t choose_if(const Step& s, int32_t) { return s.input(0).as<uint8_t>()[0] != 0 ? 0 : 1; }

// Any other number takes the last branch.
int32_t choose_case(const Step& s, int32_t branches) {
  const int32_t index = s.input(0).as<int32_t>()[0];
  return index >= 0 && index < branches ? index : branches - 1;
}

Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const Callee& callee = p.callees[p.branches.choose(s, p.branches.count)];
  const Run::Mark mark = run.mark();
  PIPIT_TRY(run.call(s, callee, s.tensors + p.branches.first));
  // Results of known shapes have a place in the plan; others stay in memory that is taken now.
  if (p.outputs_later) return run.keep_outputs(s, callee, s.tensors + s.inputs, mark);
  for (int i = 0; i < s.outputs; ++i) {
    const Tensor& from = callee.output(i);
    if (from.bytes != 0) std::memcpy(s.output(i).data, from.data, from.bytes);
  }
  run.release(mark);
  return {};
}

Status check_outputs(const Prepare& p, const Callee& callee) {
  if (callee.outputs() != p.outputs()) {
    return p.bad("has ", p.outputs(), " outputs, its subgraph ", callee.outputs());
  }
  for (int i = 0; i < p.outputs(); ++i) {
    if (callee.output(i).type == p.output(i).type) continue;
    return p.bad("output ", i, " is ", p.output(i), ", that of its subgraph ", callee.output(i));
  }
  return {};
}

// Only if all branches agree is a shape known before one is taken.
bool same_fixed_shape(const Params& p, int output) {
  for (int32_t b = 0; b < p.branches.count; ++b) {
    const Tensor& t = p.callees[b].output(output);
    if (t.storage == Storage::kDynamic || t.type == Type::kString) return false;
    if (t.shape != p.callees[0].output(output).shape) return false;
  }
  return true;
}

Status set_outputs(Prepare& p, Params* params) {
  for (int i = 0; i < p.outputs(); ++i) {
    if (!same_fixed_shape(*params, i)) params->outputs_later = true;
  }
  if (params->outputs_later) {
    p.set_outputs_later();
    return {};
  }
  for (int i = 0; i < p.outputs(); ++i) {
    PIPIT_TRY(p.set_output(i, params->callees[0].output(i).shape));
  }
  return {};
}

// Every branch that may be taken is planned for the same arguments; what they need of the arena
// they share, for one at a time runs.
Status prepare(Prepare& p, Branches branches) {
  // A choice that is known now leaves the other branches unplanned.
  if (branches.first != 0 && p.values_known(0)) {
    branches.subgraphs += branches.choose(p.step(), branches.count);
    branches.count = 1;
    branches.choose = choose_only;
  }
  Params* params = p.allocate<Params>();
  Callee* callees = p.allocate<Callee>(static_cast<size_t>(branches.count));
  if (params == nullptr || callees == nullptr) return Code::kArenaTooSmall;
  *params = {branches, callees, false};
  for (int32_t b = 0; b < branches.count; ++b) {
    PIPIT_TRY(p.plan_subgraph(branches.subgraphs[b], p.step().tensors + branches.first,
                              p.inputs() - branches.first, &callees[b]));
    PIPIT_TRY(check_outputs(p, callees[b]));
  }
  PIPIT_TRY(set_outputs(p, params));
  return p.run(run, params);
}

Status need_one(const Prepare& p, Type type) {
  if (!p.has_input(0)) return p.bad("has nothing to choose a subgraph by");
  if (p.input(0).type == type && p.input(0).elements() == 1) return {};
  return p.bad("chooses by ", p.input(0), ", not by one ", type);
}

Status prepare_if(Prepare& p) {
  PIPIT_TRY(need_one(p, Type::kBool));
  const auto* o = options<fb::IfOptions>(p);
  int32_t* subgraphs = p.allocate<int32_t>(2);
  if (subgraphs == nullptr) return Code::kArenaTooSmall;
  subgraphs[0] = o == nullptr ? 0 : o->then_subgraph_index();
  subgraphs[1] = o == nullptr ? 0 : o->else_subgraph_index();
  return prepare(p, {subgraphs, 2, 1, choose_if});
}

Status prepare_case(Prepare& p) {
  PIPIT_TRY(need_one(p, Type::kInt32));
  const auto* o = options2<fb::StablehloCaseOptions>(p);
  const auto* subgraphs = o == nullptr ? nullptr : o->branch_subgraph_indices();
  if (subgraphs == nullptr || subgraphs->size() == 0) return p.bad("has no branches");
  return prepare(p, {subgraphs->data(), static_cast<int32_t>(subgraphs->size()), 1, choose_case});
}

Status prepare_composite(Prepare& p) {
  const auto* o = options2<fb::StableHLOCompositeOptions>(p);
  if (o == nullptr || o->composite_attributes() == nullptr) return p.bad("has no attributes");
  int32_t* subgraph = p.allocate<int32_t>();
  if (subgraph == nullptr) return Code::kArenaTooSmall;
  *subgraph = o->decomposition_subgraph_index();
  return prepare(p, {subgraph, 1, 0, choose_only});
}

}  // namespace

const Op kIf = {builtin(fb::BuiltinOperator::IF), "IF", prepare_if, kOpNoFold};
const Op kStablehloCase = {builtin(fb::BuiltinOperator::STABLEHLO_CASE), "STABLEHLO_CASE",
                           prepare_case, kOpNoFold};
const Op kStablehloComposite = {builtin(fb::BuiltinOperator::STABLEHLO_COMPOSITE),
                                "STABLEHLO_COMPOSITE", prepare_composite, kOpNoFold};

}  // namespace pipit
