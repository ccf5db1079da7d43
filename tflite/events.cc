// SPDX-License-Identifier: Apache-2.0
// What an interpreter tells of what it does, to who has asked for it.
#include "tflite/interpreter.h"

namespace {

void tell_step(void* context, const pipit::StepInfo& step, bool begins) {
  const auto& net = *static_cast<const TfLiteInterpreter*>(context);
  const int node = net.delegation().number_of(step.subgraph, step.node);
  net.listener().tell(step.op, step.subgraph, node, begins);
}

}  // namespace

pipit::Profiler TfLiteInterpreter::profiler() const {
  if (listener_.event == nullptr) return {};
  return {tell_step, const_cast<TfLiteInterpreter*>(this)};
}

void TfLiteInterpreter::set_listener(const pipit::compat::Listener& listener) {
  listener_ = listener;
  for (const auto& s : subgraphs_) {
    if (s != nullptr) s->context().profiler = listener.profiler;
  }
  if (!plan_.empty()) plan_.net().set_profiler(profiler());
}

TfLiteStatus TfLiteInterpreter::allocate() {
  listener_.tell("AllocateTensors", 0, -1, true);
  const TfLiteStatus status = allocate_all();
  listener_.tell("AllocateTensors", 0, -1, false);
  return status;
}

TfLiteStatus TfLiteInterpreter::invoke(int s, int signature) {
  listener_.tell("Invoke", s, -1, true);
  const TfLiteStatus status = invoke_or_fall_back(s, signature);
  listener_.tell("Invoke", s, -1, false);
  return status;
}
