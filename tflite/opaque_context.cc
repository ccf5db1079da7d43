// SPDX-License-Identifier: Apache-2.0
// Contexts of operators and delegates that do not know the struct.
#include <cstring>

#include "tensorflow/lite/core/c/c_api_opaque.h"
#include "tflite/interpreter.h"
#include "tflite_generated.h"

using pipit::Span;
using pipit::compat::guarded;
using pipit::compat::Subgraph;

namespace pipit::compat {

// Bytes are a count of strings, where each begins and the last one ends, and the strings.
int read_string(const TfLiteTensor& t, int index, const char** str, int* len) {
  const size_t words = t.bytes / sizeof(int32_t);
  if (t.type != kTfLiteString || t.data.raw == nullptr || words < 2) return -1;
  const auto word = [&](size_t i) {
    int32_t value = 0;
    std::memcpy(&value, t.data.raw + i * sizeof(value), sizeof(value));
    return value;
  };
  const int32_t count = word(0);
  if (count < 0 || static_cast<size_t>(count) > words - 2) return -1;
  if (index < 0 || index >= count) return count;
  const int32_t begin = word(static_cast<size_t>(index) + 1),
                end = word(static_cast<size_t>(index) + 2);
  if (begin < 0 || end < begin || static_cast<size_t>(end) > t.bytes) return -1;
  *str = t.data.raw + begin;
  *len = end - begin;
  return count;
}

}  // namespace pipit::compat

namespace {

TfLiteContext* seen(TfLiteOpaqueContext* c) { return reinterpret_cast<TfLiteContext*>(c); }
const TfLiteContext* seen(const TfLiteOpaqueContext* c) {
  return reinterpret_cast<const TfLiteContext*>(c);
}

Subgraph& graph_of(const TfLiteOpaqueContext* c) { return Subgraph::of(seen(c)); }

// Runs f on the subgraph of a context that is there.
template <class F>
TfLiteStatus attempt(const TfLiteOpaqueContext* c, const F& f) {
  if (c == nullptr) return kTfLiteError;
  Subgraph& graph = graph_of(c);
  return guarded(graph.owner().report(), kTfLiteError, [&] { return f(graph); });
}

TfLiteStatus give(Span<const int32_t> list, const int** data, int* size) {
  if (data == nullptr || size == nullptr) return kTfLiteError;
  *data = list.data();
  *size = static_cast<int>(list.size());
  return kTfLiteOk;
}

const char* why_not(const TfLiteOpaqueTensorBuilder& t) {
  const bool planned =
      t.allocation_type == kTfLiteArenaRw || t.allocation_type == kTfLiteArenaRwPersistent;
  if (!planned && t.allocation_type != kTfLiteDynamic) {
    return "is neither dynamic nor in an arena, by its allocation type";
  }
  if (planned && t.data != nullptr) return "is in an arena, and brings bytes of its own";
  return !planned && t.data == nullptr ? "is dynamic, and brings no bytes" : nullptr;
}

}  // namespace

extern "C" {

TfLiteStatus TfLiteOpaqueContextGetExecutionPlan(TfLiteOpaqueContext* c, TfLiteIntArray** plan) {
  return c == nullptr ? kTfLiteError : seen(c)->GetExecutionPlan(seen(c), plan);
}

TfLiteStatus TfLiteOpaqueContextGetNodeAndRegistration(TfLiteOpaqueContext* c, int node_index,
                                                       TfLiteOpaqueNode** node,
                                                       TfLiteOperator** op) {
  if (c == nullptr || node == nullptr || op == nullptr) return kTfLiteError;
  TfLiteNode* found = nullptr;
  TfLiteRegistration* registration = nullptr;
  const TfLiteStatus status =
      seen(c)->GetNodeAndRegistration(seen(c), node_index, &found, &registration);
  if (status != kTfLiteOk) return status;
  return attempt(c, [&](Subgraph& graph) {
    *node = reinterpret_cast<TfLiteOpaqueNode*>(found);
    *op = graph.owner().delegation().operator_of(*registration);
    return kTfLiteOk;
  });
}

TfLiteStatus TfLiteOpaqueContextReplaceNodeSubsetsWithDelegateKernels(TfLiteOpaqueContext* c,
                                                                      TfLiteOperator* op,
                                                                      const TfLiteIntArray* nodes,
                                                                      TfLiteOpaqueDelegate* d) {
  return attempt(c, [&](Subgraph& graph) {
    if (op == nullptr || d == nullptr) {
      return graph.owner().fail(kTfLiteError, "a delegate brings no operator, or not itself");
    }
    auto* delegate = reinterpret_cast<TfLiteDelegate*>(d);
    return graph.owner().delegation().replace_opaque(graph, op, nodes, delegate);
  });
}

TfLiteStatus TfLiteOpaqueContextAcquireSubgraphContext(TfLiteOpaqueContext* c, int subgraph_index,
                                                       TfLiteOpaqueContext** acquired) {
  if (c == nullptr || acquired == nullptr) return kTfLiteError;
  TfLiteContext* found = nullptr;
  const TfLiteStatus status = seen(c)->AcquireSubgraphContext(seen(c), subgraph_index, &found);
  if (status == kTfLiteOk) *acquired = reinterpret_cast<TfLiteOpaqueContext*>(found);
  return status;
}

TfLiteStatus TfLiteOpaqueContextReleaseSubgraphContext(TfLiteOpaqueContext* c, int subgraph_index) {
  return c == nullptr ? kTfLiteError : seen(c)->ReleaseSubgraphContext(seen(c), subgraph_index);
}

TfLiteStatus TfLiteOpaqueContextMarkSubgraphAsDelegationSkippable(TfLiteOpaqueContext* c,
                                                                  int subgraph_index) {
  return attempt(c, [&](Subgraph& graph) {
    if (subgraph_index <= 0 || subgraph_index >= graph.owner().model().subgraphs()) {
      return graph.owner().fail(kTfLiteError, "subgraph %d cannot be skipped", subgraph_index);
    }
    graph.owner().delegation().skip(subgraph_index);
    return kTfLiteOk;
  });
}

TfLiteStatus TfLiteOpaqueContextGetExternalContext(TfLiteOpaqueContext* c, void** external,
                                                   TfLiteExternalContextType type) {
  if (c == nullptr || external == nullptr) return kTfLiteError;
  *external = seen(c)->GetExternalContext(seen(c), type);
  return kTfLiteOk;
}

TfLiteOpaqueTensor* TfLiteOpaqueContextGetOpaqueTensor(const TfLiteOpaqueContext* c, int index) {
  if (c == nullptr) return nullptr;
  return reinterpret_cast<TfLiteOpaqueTensor*>(seen(c)->GetTensor(seen(c), index));
}

TfLiteStatus TfLiteOpaqueContextGetInputs(const TfLiteOpaqueContext* c, const int** inputs,
                                          int* num_inputs) {
  return attempt(c, [&](Subgraph& graph) {
    return give(graph.owner().model().inputs(graph.index()), inputs, num_inputs);
  });
}

TfLiteStatus TfLiteOpaqueContextGetOutputs(const TfLiteOpaqueContext* c, const int** outputs,
                                           int* num_outputs) {
  return attempt(c, [&](Subgraph& graph) {
    return give(graph.owner().model().outputs(graph.index()), outputs, num_outputs);
  });
}

TfLiteStatus TfLiteOpaqueContextGetVariables(const TfLiteOpaqueContext* c, const int** variables,
                                             int* num_variables) {
  return attempt(
      c, [&](Subgraph& graph) { return give(graph.variables(), variables, num_variables); });
}

size_t TfLiteOpaqueContextGetNumNodes(const TfLiteOpaqueContext* c) {
  return c == nullptr ? 0 : graph_of(c).owner().delegation().count(graph_of(c).index());
}

size_t TfLiteOpaqueContextGetNumTensors(const TfLiteOpaqueContext* c) {
  return c == nullptr ? 0 : seen(c)->tensors_size;
}

const char* TfLiteOpaqueContextGetName(const TfLiteOpaqueContext* c) {
  if (c == nullptr) return nullptr;
  const Subgraph& graph = graph_of(c);
  const auto* file = pipit::fb::GetModel(graph.owner().file().bytes.data());
  const auto* name =
      file->subgraphs()->Get(static_cast<flatbuffers::uoffset_t>(graph.index()))->name();
  return name == nullptr ? "" : name->c_str();
}

TfLiteStatus TfLiteOpaqueContextResizeTensor(TfLiteOpaqueContext* c, TfLiteOpaqueTensor* tensor,
                                             TfLiteIntArray* new_size) {
  if (c == nullptr) {
    TfLiteIntArrayFree(new_size);
    return kTfLiteError;
  }
  return seen(c)->ResizeTensor(seen(c), reinterpret_cast<TfLiteTensor*>(tensor), new_size);
}

TfLiteStatus TfLiteOpaqueContextGetNodeInitDataMmapInfo(const TfLiteOpaqueContext*,
                                                        const TfLiteOpaqueNode*, int*, int64_t*,
                                                        int64_t*) {
  return kTfLiteError;
}

TfLiteStatus TfLiteOpaqueContextAddTensor(TfLiteOpaqueContext* c, TfLiteOpaqueTensorBuilder* made,
                                          int* new_tensor_index) {
  return attempt(c, [&](Subgraph& graph) {
    const char* why = made == nullptr ? "is not described" : why_not(*made);
    if (why != nullptr) return graph.owner().fail(kTfLiteError, "a tensor to add %s", why);
    int index = -1;
    const TfLiteStatus status = seen(c)->AddTensors(seen(c), 1, &index);
    if (status != kTfLiteOk) return status;
    TfLiteTensor& t = *graph.tensor(index);
    t.type = made->type;
    t.data.data = made->data;
    t.allocation_type = made->allocation_type;
    t.params = made->params;
    t.quantization = made->quantization;
    if (new_tensor_index != nullptr) *new_tensor_index = index;
    return kTfLiteOk;
  });
}

TfLiteStatus TfLiteOpaqueContextGetSizeOfType(TfLiteOpaqueContext* c, TfLiteType type,
                                              size_t* bytes) {
  return attempt(c, [&](Subgraph& graph) {
    pipit::Type known = pipit::Type::kFloat32;
    const bool any = type != kTfLiteString && pipit::compat::type_from(type, &known);
    const int64_t size = any ? pipit::dense_bytes(known, pipit::Shape::of(1)) : -1;
    if (size <= 0 || bytes == nullptr) {
      return graph.owner().fail(kTfLiteError, "type %d has no size", static_cast<int>(type));
    }
    *bytes = static_cast<size_t>(size);
    return kTfLiteOk;
  });
}

TfLiteStatus TfLiteOpaqueContextGetMetadata(TfLiteOpaqueContext* c, const char* name,
                                            const char** ptr, size_t* bytes) {
  return c == nullptr ? kTfLiteError : seen(c)->GetModelMetadata(seen(c), name, ptr, bytes);
}

void TfLiteOpaqueContextReportErrorVa(TfLiteOpaqueContext* c, const char* format, va_list vlist) {
  if (c != nullptr && format != nullptr) graph_of(c).owner().report().list(format, vlist);
}

void TfLiteOpaqueContextReportError(TfLiteOpaqueContext* c, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  TfLiteOpaqueContextReportErrorVa(c, format, arguments);
  va_end(arguments);
}

}  // extern "C"
