// SPDX-License-Identifier: Apache-2.0
// How an interpreter and its delegates come together, and part.
#include <algorithm>

#include "tflite/interpreter.h"

using pipit::Op;
using pipit::Span;

// Whatever goes wrong, the graph is as it was before any delegate.
TfLiteStatus TfLiteInterpreter::undo_delegates(TfLiteStatus status, const char* why) {
  delegation_.undo();
  delegation_.forget_applied();
  ready_ = false;
  return fail(status, "%s: all operators are computed without delegates", why);
}

// Claims are made for shapes; where those may have changed, they are made anew.
TfLiteStatus TfLiteInterpreter::plan_and_delegate() {
  if (delegation_.applied().empty() || !delegation_.fixed_shapes()) {
    if (const TfLiteStatus s = check_resolved(); s != kTfLiteOk) return s;
    return plan();
  }
  const std::vector<TfLiteDelegate*> delegates = delegation_.applied();
  delegation_.undo();
  delegation_.forget_applied();
  return apply_all(delegates);
}

// Delegates see a graph whose shapes are known: it is planned before, and again with their claims.
TfLiteStatus TfLiteInterpreter::apply_all(const std::vector<TfLiteDelegate*>& delegates) {
  if (const TfLiteStatus s = plan(); s != kTfLiteOk) return s;
  for (TfLiteDelegate* delegate : delegates) {
    if (delegation_.apply(delegate) == kTfLiteOk) continue;
    return undo_delegates(kTfLiteDelegateError, "a delegate cannot be applied");
  }
  if (delegation_.any() && plan() != kTfLiteOk) {
    return undo_delegates(kTfLiteDelegateError, "a delegate cannot be prepared");
  }
  update_views();  // of what was shown meanwhile
  return check_resolved();
}

TfLiteStatus TfLiteInterpreter::modify(TfLiteDelegate* delegate) {
  if (delegate == nullptr) return fail(kTfLiteError, "there is no delegate");
  if (pipit::compat::is_named_only(*delegate)) return kTfLiteOk;
  // What a delegate may claim does nothing but compute.
  for (Op& op : own_ops_) op.flags = pipit::kOpDefault;
  const bool was_ready = ready_;
  std::vector<TfLiteDelegate*> delegates = delegation_.applied();
  delegates.push_back(delegate);
  delegation_.undo();
  delegation_.forget_applied();
  ready_ = false;
  const TfLiteStatus status = apply_all(delegates);
  if (status == kTfLiteUnresolvedOps) return kTfLiteOk;  // AllocateTensors() says so
  if (status != kTfLiteOk) {
    if (was_ready) (void)allocate();
    return status;
  }
  ready_ = (was_ready || delegation_.fixed_shapes()) && bind_allocations() == kTfLiteOk;
  return kTfLiteOk;
}

bool TfLiteInterpreter::keeps_handle(const pipit::compat::Subgraph& graph, int tensor) const {
  const Span<const int32_t> outputs = model().outputs(graph.index());
  return handles_allowed_ && std::find(outputs.begin(), outputs.end(), tensor) != outputs.end();
}
