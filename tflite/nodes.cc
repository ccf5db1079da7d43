// SPDX-License-Identifier: Apache-2.0
// Runs operators that an application wrote for TensorFlow Lite as steps of a plan.
#include <cstring>

#include "tflite/interpreter.h"

namespace pipit::compat {
namespace {

const TfLiteTensor* temporary(Subgraph& graph, const NodeView& view, int i) {
  return graph.tensor(view.node.temporaries->data[i]);
}

constexpr size_t kAlign = 16;

}  // namespace

size_t scratch_bytes(Subgraph& graph, const NodeView& view) {
  size_t bytes = 0;
  for (int i = 0; i < view.node.temporaries->size; ++i) {
    const TfLiteTensor* t = temporary(graph, view, i);
    if (t == nullptr || t->allocation_type != kTfLiteArenaRw) continue;
    bytes += (t->bytes + kAlign - 1) / kAlign * kAlign;
  }
  return bytes;
}

void place_temporaries(Subgraph& graph, const NodeView& view, uint8_t* scratch) {
  for (int i = 0; i < view.node.temporaries->size; ++i) {
    const TfLiteTensor* t = temporary(graph, view, i);
    if (t == nullptr || t->allocation_type != kTfLiteArenaRw) continue;
    graph.give(view.node.temporaries->data[i], scratch);
    scratch += (t->bytes + kAlign - 1) / kAlign * kAlign;
  }
}

// Those that keep their bytes get them once for each size.
bool keep_temporaries(Subgraph& graph, const NodeView& view) {
  for (int i = 0; i < view.node.temporaries->size; ++i) {
    const int index = view.node.temporaries->data[i];
    const TfLiteTensor* t = graph.tensor(index);
    if (t == nullptr) return false;
    if (t->allocation_type == kTfLiteArenaRwPersistent) graph.keep_bytes(index);
  }
  return true;
}

namespace {

// What a step keeps; in the plan.
struct OwnStep {
  Subgraph* graph;
  NodeView* view;
};

void show_step(Subgraph& graph, const Step& step, const Prepare* planned) {
  for (int i = 0; i < step.inputs; ++i) {
    const Tensor* t = step.tensors[i];
    if (t != nullptr) graph.update(*t, planned == nullptr || planned->values_known(i));
  }
  for (int i = 0; i < step.outputs; ++i) {
    const Tensor* t = step.tensors[step.inputs + i];
    if (t != nullptr) graph.update_output(*t, planned == nullptr);
  }
}

bool any_dynamic(Subgraph& graph, const Step& step) {
  for (int i = 0; i < step.outputs; ++i) {
    const TfLiteTensor* t = graph.tensor(step.output(i).index);
    if (t != nullptr && t->allocation_type == kTfLiteDynamic) return true;
  }
  return false;
}

// The shapes that `prepare`, or `invoke` of dynamic outputs, has left in the tensors.
Status set_output(Prepare& p, Subgraph& graph, int i) {
  const int index = p.output(i).index;
  const TfLiteTensor& t = *graph.tensor(index);
  Shape shape;
  if (!shape_of(t.dims, &shape)) return p.unsupported("output ", i, " would have too high a rank");
  Type type = Type::kFloat32;
  if (!type_from(t.type, &type)) return p.unsupported("output ", i, " has no type");
  if (type != p.output(i).type) p.set_output_type(i, type);
  if (type != Type::kString) return p.set_output(i, shape);
  return p.set_output_strings(i, shape, t.bytes);
}

Status nothing_left(const Step&, Run&) { return {}; }

// Outputs whose sizes only the computation tells: it is done while the step is prepared, shortly
// before it would run.
Status compute_dynamic(Prepare& p, Subgraph& graph, NodeView& view) {
  std::vector<uint8_t> scratch(scratch_bytes(graph, view) + kAlign);
  auto* aligned = scratch.data();
  aligned += (kAlign - reinterpret_cast<uintptr_t>(aligned) % kAlign) % kAlign;
  place_temporaries(graph, view, aligned);
  const auto fixed = [&](int i) {
    return graph.tensor(p.output(i).index)->allocation_type != kTfLiteDynamic;
  };
  for (int i = 0; i < p.outputs(); ++i) {
    if (!fixed(i)) continue;
    PIPIT_TRY(set_output(p, graph, i));
    graph.give(p.output(i).index, p.output(i).data);
  }
  const TfLiteStatus status = view.kernel.invoke(&graph.context(), &view.node);
  if (status != kTfLiteOk) {
    return p.fail(Code::kRunFailed, "failed with status ", static_cast<int32_t>(status));
  }
  for (int i = 0; i < p.outputs(); ++i) {
    if (fixed(i)) continue;
    const TfLiteTensor& t = *graph.tensor(p.output(i).index);
    PIPIT_TRY(set_output(p, graph, i));
    if (t.bytes < p.output(i).bytes || (t.bytes != 0 && t.data.raw == nullptr)) {
      return p.fail(Code::kRunFailed, "output ", i, " has fewer bytes than its shape");
    }
    if (p.output(i).bytes != 0) std::memcpy(p.output(i).data, t.data.raw, p.output(i).bytes);
    graph.give(p.output(i).index, p.output(i).data);
  }
  return p.run(nothing_left, nullptr, "application");
}

Status run_own(const Step& step, Run& run) {
  const auto& own = *step.params<OwnStep>();
  Subgraph& graph = *own.graph;
  const auto invoke = [&]() -> TfLiteStatus {
    show_step(graph, step, nullptr);
    place_temporaries(graph, *own.view, step.scratch);
    return own.view->kernel.invoke(&graph.context(), &own.view->node);
  };
  const TfLiteStatus status = guarded(graph.owner().report(), kTfLiteError, invoke);
  if (status != kTfLiteOk) {
    return run.fail(step, "failed with status ", static_cast<int32_t>(status));
  }
  for (int i = 0; i < step.outputs; ++i) {
    const Tensor& t = step.output(i);
    const TfLiteTensor& shown = *graph.tensor(t.index);
    if (shown.data.data == t.data && shown.bytes == t.bytes) continue;
    return run.fail(step, "has changed the size of output ", i,
                    " while running, without making it dynamic before");
  }
  return {};
}

Status plan_own(Prepare& p, Subgraph& graph, NodeView& view) {
  show_step(graph, p.step(), &p);
  const TfLiteStatus status = view.kernel.prepare(&graph.context(), &view.node);
  if (status != kTfLiteOk) {
    return p.unsupported("failed to prepare, with status ", static_cast<int32_t>(status));
  }
  if (!keep_temporaries(graph, view)) return p.unsupported("names a temporary that is not there");
  if (any_dynamic(graph, p.step())) {
    return p.late() ? compute_dynamic(p, graph, view) : p.defer();
  }
  for (int i = 0; i < p.outputs(); ++i) PIPIT_TRY(set_output(p, graph, i));
  p.scratch(scratch_bytes(graph, view));
  auto* own = p.allocate<OwnStep>();
  if (own == nullptr) return Code::kArenaTooSmall;
  *own = {&graph, &view};
  return p.run(run_own, own, "application");
}

}  // namespace

Status prepare_own(Prepare& p) {
  const auto& net = *static_cast<const TfLiteInterpreter*>(p.user());
  const Tensor* any = nullptr;
  for (int i = 0; i < p.inputs() + p.outputs(); ++i) {
    if (p.step().tensors[i] != nullptr) any = p.step().tensors[i];
  }
  Subgraph* graph = any == nullptr ? nullptr : net.subgraph_of(*any);
  if (graph == nullptr) return p.unsupported("has neither inputs nor outputs");
  NodeView& view = graph->node(p.step().node);
  if (!view.own) return p.unsupported("version ", view.registration.version, " is not there");
  return guarded(net.report(), Status(Code::kUnsupported),
                 [&] { return plan_own(p, *graph, view); });
}

namespace {

Status run_missing(const Step& step, Run& run) { return run.fail(step, "nobody computes it"); }

}  // namespace

// A delegate may: until it says others, the shapes are those of the file.
Status prepare_missing(Prepare& p) {
  const auto& net = *static_cast<const TfLiteInterpreter*>(p.user());
  for (int i = 0; i < p.outputs(); ++i) {
    Shape shape;
    if (!net.delegation().learned_shape(p.output(i), &shape)) shape = p.output(i).shape;
    PIPIT_TRY(p.set_output(i, shape));
  }
  return p.run(run_missing);
}

}  // namespace pipit::compat
