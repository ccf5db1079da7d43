// SPDX-License-Identifier: Apache-2.0
// CALL_ONCE: a subgraph that sets up state, run by the first invocation. Whether it has run is the
// interpreter's to know: several operators may call one subgraph.
#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

Status run(const Step& s, Run& run) {
  const Callee& callee = *s.params<Callee>();
  if (run.called_once(callee)) return {};
  const Run::Mark mark = run.mark();
  PIPIT_TRY(run.call(s, callee, s.tensors));
  run.release(mark);
  run.called_once(callee) = true;
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(0, 0, 0));
  const auto* o = options<fb::CallOnceOptions>(p);
  Callee* callee = p.allocate<Callee>();
  if (callee == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(
      p.plan_subgraph(o == nullptr ? 0 : o->init_subgraph_index(), p.step().tensors, 0, callee));
  if (callee->outputs() != 0) return p.bad("its subgraph has ", callee->outputs(), " outputs");
  return p.run(run, callee);
}

}  // namespace

const Op kCallOnce = {builtin(fb::BuiltinOperator::CALL_ONCE), "CALL_ONCE", prepare, kOpNoFold};

}  // namespace pipit
