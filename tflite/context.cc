// SPDX-License-Identifier: Apache-2.0
// What operators may do by way of their context.
#include <cstdlib>

#include "pipit/details.h"
#include "tflite/interpreter.h"

namespace pipit::compat {
namespace {

// The bytes that a tensor of this shape takes; false where it cannot be.
bool bytes_of(const TfLiteTensor& t, const TfLiteIntArray* dims, size_t* bytes) {
  Shape shape;
  Type type = Type::kFloat32;
  if (!shape_of(dims, &shape) || !type_from(t.type, &type)) return false;
  const int64_t n = dense_bytes(type, shape);
  *bytes = static_cast<size_t>(n);
  return n >= 0;
}

TfLiteStatus resize(TfLiteContext* context, TfLiteTensor* t, TfLiteIntArray* dims) {
  Subgraph& graph = Subgraph::of(context);
  size_t bytes = 0;
  if (t == nullptr || dims == nullptr || !bytes_of(*t, dims, &bytes)) {
    TfLiteIntArrayFree(dims);
    return graph.owner().fail(kTfLiteError, "a tensor cannot be resized: no type, or too large");
  }
  if (t->allocation_type == kTfLiteMmapRo) {
    TfLiteIntArrayFree(dims);
    return graph.owner().fail(kTfLiteError, "a constant cannot be resized");
  }
  if (dims != t->dims) TfLiteIntArrayFree(t->dims);
  t->dims = dims;
  if (t->type == kTfLiteString || t->type == kTfLiteVariant) return kTfLiteOk;
  if (t->allocation_type == kTfLiteDynamic) {
    graph.disown(t);
    return TfLiteTensorRealloc(bytes, t);
  }
  if (t->bytes != bytes) graph.forget_bytes(t);
  t->bytes = bytes;
  return kTfLiteOk;
}

TfLiteStatus resize_explicit(TfLiteContext* context, TfLiteTensor* t, int count, const int* shape) {
  TfLiteIntArray* dims = TfLiteIntArrayCreate(count);
  for (int i = 0; dims != nullptr && i < count; ++i) dims->data[i] = shape[i];
  return resize(context, t, dims);
}

void report_error(TfLiteContext* context, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Subgraph::of(context).owner().report().list(format, arguments);
  va_end(arguments);
}

TfLiteStatus add_tensors(TfLiteContext* context, int count, int* first) {
  Subgraph& graph = Subgraph::of(context);
  return guarded(graph.owner().report(), kTfLiteError, [&] {
    if (graph.add_tensors(count, first)) return kTfLiteOk;
    return graph.owner().fail(kTfLiteError, "operators cannot add %d more tensors", count);
  });
}

TfLiteTensor* get_tensor(const TfLiteContext* context, int i) {
  Subgraph& graph = Subgraph::of(context);
  return guarded<TfLiteTensor*>(graph.owner().report(), nullptr, [&] { return graph.tensor(i); });
}

void* allocate_persistent(TfLiteContext* context, size_t bytes) {
  Subgraph& graph = Subgraph::of(context);
  return guarded<void*>(graph.owner().report(), nullptr, [&] { return graph.keep(bytes); });
}

TfLiteExternalContext* get_external(TfLiteContext* context, TfLiteExternalContextType type) {
  return Subgraph::of(context).owner().external(type);
}

void set_external(TfLiteContext* context, TfLiteExternalContextType type,
                  TfLiteExternalContext* external) {
  Subgraph::of(context).owner().set_external(type, external);
}

TfLiteStatus get_metadata(const TfLiteContext* context, const char* name, const char** ptr,
                          size_t* bytes) {
  if (name == nullptr || ptr == nullptr || bytes == nullptr) return kTfLiteError;
  const Span<const uint8_t> found = metadata(Subgraph::of(context).owner().model(), name);
  if (found.data() == nullptr) return kTfLiteError;
  *ptr = reinterpret_cast<const char*>(found.data());
  *bytes = found.size();
  return kTfLiteOk;
}

// For delegates alone, and only while they look at the graph.
TfLiteStatus forbidden(TfLiteContext* context) {
  return Subgraph::of(context).owner().fail(kTfLiteError,
                                            "only a delegate's Prepare may look at the graph");
}

TfLiteStatus no_plan(TfLiteContext* context, TfLiteIntArray**) { return forbidden(context); }

TfLiteStatus no_node(TfLiteContext* context, int, TfLiteNode**, TfLiteRegistration**) {
  return forbidden(context);
}

TfLiteStatus no_replacing(TfLiteContext* context, TfLiteRegistration, const TfLiteIntArray*,
                          TfLiteDelegate*) {
  return forbidden(context);
}

TfLiteStatus no_preview(TfLiteContext* context, const TfLiteIntArray*, TfLiteDelegateParams**,
                        int*) {
  return forbidden(context);
}

TfLiteStatus no_acquiring(TfLiteContext* context, int, TfLiteContext**) {
  return forbidden(context);
}

TfLiteStatus no_releasing(TfLiteContext* context, int) { return forbidden(context); }

}  // namespace

void set_context_functions(TfLiteContext* context) {
  context->ResizeTensor = resize;
  context->ResizeTensorExplicit = resize_explicit;
  context->ReportError = report_error;
  context->AddTensors = add_tensors;
  context->GetTensor = get_tensor;
  context->AllocatePersistentBuffer = allocate_persistent;
  context->GetExternalContext = get_external;
  context->SetExternalContext = set_external;
  context->GetModelMetadata = get_metadata;
  forbid_graph_functions(context);
}

void forbid_graph_functions(TfLiteContext* context) {
  context->GetExecutionPlan = no_plan;
  context->GetNodeAndRegistration = no_node;
  context->ReplaceNodeSubsetsWithDelegateKernels = no_replacing;
  context->PreviewDelegatePartitioning = no_preview;
  context->AcquireSubgraphContext = no_acquiring;
  context->ReleaseSubgraphContext = no_releasing;
}

}  // namespace pipit::compat
