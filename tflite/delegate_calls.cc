// SPDX-License-Identifier: Apache-2.0
// Calls of delegates' functions, in either form, and their ways to look at a graph.
#include "tflite/delegation.h"
#include "tflite/interpreter.h"

namespace pipit::compat {
namespace {

// Older delegates have no such field, but always a Prepare.
const TfLiteOpaqueDelegateBuilder* builder_of(const TfLiteDelegate& d) {
  return d.Prepare != nullptr ? nullptr : d.opaque_delegate_builder;
}

TfLiteOpaqueContext* opaque(TfLiteContext* context) {
  return reinterpret_cast<TfLiteOpaqueContext*>(context);
}

// Runs f with the delegation and the subgraph of a context.
template <class F>
TfLiteStatus looking(TfLiteContext* context, const F& f) {
  Subgraph& graph = Subgraph::of(context);
  TfLiteInterpreter& net = graph.owner();
  return guarded(net.report(), kTfLiteError, [&] { return f(net.delegation(), graph.index()); });
}

TfLiteStatus execution_plan(TfLiteContext* context, TfLiteIntArray** plan) {
  return looking(context, [&](Delegation& d, int s) { return d.execution_plan(s, plan); });
}

TfLiteStatus node_at(TfLiteContext* context, int index, TfLiteNode** node,
                     TfLiteRegistration** op) {
  return looking(context, [&](Delegation& d, int s) { return d.node_at(s, index, node, op); });
}

TfLiteStatus replace(TfLiteContext* context, TfLiteRegistration registration,
                     const TfLiteIntArray* nodes, TfLiteDelegate* delegate) {
  return looking(context, [&](Delegation& d, int s) {
    return d.replace(s, kernel_of(registration), nodes, delegate);
  });
}

TfLiteStatus preview(TfLiteContext* context, const TfLiteIntArray* nodes,
                     TfLiteDelegateParams** parts, int* count) {
  return looking(context, [&](Delegation& d, int s) { return d.preview(s, nodes, parts, count); });
}

TfLiteStatus acquire(TfLiteContext* context, int index, TfLiteContext** acquired) {
  return looking(context, [&](Delegation& d, int) {
    if (acquired == nullptr || index < 0 || index >= d.net().model().subgraphs()) {
      return d.net().fail(kTfLiteError, "there is no subgraph %d", index);
    }
    Subgraph& graph = d.net().subgraph(index);
    graph.show_all();
    allow_graph_functions(&graph.context());
    *acquired = &graph.context();
    return kTfLiteOk;
  });
}

TfLiteStatus release(TfLiteContext* context, int index) {
  return looking(context, [&](Delegation& d, int self) {
    if (index < 0 || index >= d.net().model().subgraphs()) return kTfLiteError;
    if (index != self) forbid_graph_functions(&d.net().subgraph(index).context());
    return kTfLiteOk;
  });
}

}  // namespace

void allow_graph_functions(TfLiteContext* context) {
  context->GetExecutionPlan = execution_plan;
  context->GetNodeAndRegistration = node_at;
  context->ReplaceNodeSubsetsWithDelegateKernels = replace;
  context->PreviewDelegatePartitioning = preview;
  context->AcquireSubgraphContext = acquire;
  context->ReleaseSubgraphContext = release;
}

TfLiteStatus prepare_delegate(TfLiteContext* context, TfLiteDelegate* delegate) {
  if (delegate->Prepare != nullptr) return delegate->Prepare(context, delegate);
  const TfLiteOpaqueDelegateBuilder* b = builder_of(*delegate);
  if (b == nullptr || b->Prepare == nullptr) {
    return Subgraph::of(context).owner().fail(kTfLiteError, "a delegate has no Prepare");
  }
  return b->Prepare(opaque(context), delegate, b->data);
}

bool is_opaque(const TfLiteDelegate& delegate) { return builder_of(delegate) != nullptr; }

int64_t flags_of(const TfLiteDelegate& delegate) {
  const TfLiteOpaqueDelegateBuilder* b = builder_of(delegate);
  return b == nullptr ? delegate.flags : b->flags;
}

TfLiteStatus copy_from_handle(TfLiteContext* context, TfLiteTensor* tensor) {
  TfLiteDelegate* d = tensor->delegate;
  TfLiteStatus status = kTfLiteError;
  if (d != nullptr && tensor->buffer_handle != kTfLiteNullBufferHandle) {
    const TfLiteOpaqueDelegateBuilder* b = builder_of(*d);
    if (b != nullptr && b->CopyFromBufferHandle != nullptr) {
      status = b->CopyFromBufferHandle(opaque(context), d, b->data, tensor->buffer_handle,
                                       reinterpret_cast<TfLiteOpaqueTensor*>(tensor));
    } else if (b == nullptr && d->CopyFromBufferHandle != nullptr) {
      status = d->CopyFromBufferHandle(context, d, tensor->buffer_handle, tensor);
    }
  }
  if (status == kTfLiteOk) tensor->data_is_stale = false;
  if (status == kTfLiteOk) return kTfLiteOk;
  return Subgraph::of(context).owner().fail(
      status, "tensor '%s' is in a delegate's buffer, and cannot be copied from there",
      tensor->name == nullptr ? "" : tensor->name);
}

void free_handle(TfLiteContext* context, TfLiteTensor* tensor) {
  TfLiteDelegate* d = tensor->delegate;
  if (d == nullptr || tensor->buffer_handle == kTfLiteNullBufferHandle) return;
  const TfLiteOpaqueDelegateBuilder* b = builder_of(*d);
  if (b != nullptr && b->FreeBufferHandle != nullptr) {
    b->FreeBufferHandle(opaque(context), d, b->data, &tensor->buffer_handle);
  } else if (b == nullptr && d->FreeBufferHandle != nullptr) {
    d->FreeBufferHandle(context, d, &tensor->buffer_handle);
  }
  tensor->buffer_handle = kTfLiteNullBufferHandle;
}

}  // namespace pipit::compat
