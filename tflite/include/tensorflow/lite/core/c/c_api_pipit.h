// SPDX-License-Identifier: Apache-2.0
// What the C++ headers beside these and Pipit's Python packages need and TensorFlow Lite's C
// interface does not have. Programs that use it run with Pipit's library alone.
#pragma once

#include "tensorflow/lite/core/c/c_api_experimental.h"

#ifdef __cplusplus
extern "C" {
#endif

// Every tensor can be read after an invocation.
TFL_CAPI_EXPORT extern void TfLitePipitOptionsSetPreserveAllTensors(
    TfLiteInterpreterOptions* options, bool preserve);

// The bytes of a model as they are read, checked; they stay until the last handle that reads them
// goes.
TFL_CAPI_EXPORT extern const void* TfLitePipitModelGetContent(const TfLiteModel* model,
                                                              size_t* bytes);
// What tools have written beside the model: the i-th piece, false behind the last.
TFL_CAPI_EXPORT extern bool TfLitePipitModelGetMetadata(const TfLiteModel* model, int i,
                                                        const char** name, const void** data,
                                                        size_t* bytes);

TFL_CAPI_EXPORT extern int TfLitePipitInterpreterGetTensorCount(
    const TfLiteInterpreter* interpreter);
TFL_CAPI_EXPORT extern int TfLitePipitInterpreterGetSubgraphCount(
    const TfLiteInterpreter* interpreter);
// What runs, in order: numbers of nodes, and behind those of the model, of what delegates compute.
// Lasts until the next call, here or by a delegate.
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterGetExecutionPlan(
    TfLiteInterpreter* interpreter, int subgraph, TfLiteIntArray** plan);
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterGetNode(
    const TfLiteInterpreter* interpreter, int subgraph, int node, TfLiteNode** view,
    TfLiteRegistration** op);
// What operators of a subgraph get, NULL when there is none: for who looks for an external context
// in it, and for the functions of c_api_opaque.h.
TFL_CAPI_EXPORT extern TfLiteContext* TfLitePipitInterpreterGetContext(
    TfLiteInterpreter* interpreter, int subgraph);

// An input by its tensor's index. `strict`: only dimensions that are -1 in dims_signature.
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterResizeTensor(
    TfLiteInterpreter* interpreter, int tensor_index, const int* dims, int count, bool strict);
// An input's values are read at `data`, and an output's written there, from now on; it stays the
// caller's. Type and shape have to be what they are.
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterSetData(TfLiteInterpreter* interpreter,
                                                                  int tensor_index, TfLiteType type,
                                                                  const int* dims, int count,
                                                                  const void* data, size_t bytes);
// From the next allocation of tensors on, which this makes necessary.
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterSetNumThreads(
    TfLiteInterpreter* interpreter, int num_threads);
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterEnableCancellation(
    TfLiteInterpreter* interpreter, bool enable);
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitSignatureRunnerResizeInputTensor(
    TfLiteSignatureRunner* signature_runner, const char* input_name, const int* dims, int count);
TFL_CAPI_EXPORT extern void TfLitePipitInterpreterSetExternalContext(
    TfLiteInterpreter* interpreter, TfLiteExternalContextType type, TfLiteExternalContext* context);

// `event` is told when something begins and when it ends: a step with the number of its node (in
// the execution plan; of operators that run in bands, the first one's) and the operator's name, or
// all of an invocation or allocation, with node -1. What has failed has no end. Contexts show
// `profiler` to operators. NULL: nobody is told.
TFL_CAPI_EXPORT extern void TfLitePipitInterpreterSetProfiler(
    TfLiteInterpreter* interpreter,
    void (*event)(void* user, const char* tag, int subgraph, int node, bool begins), void* user,
    void* profiler);

// Whether this library computes an operator: by its code, and a custom one by its name.
TFL_CAPI_EXPORT extern bool TfLitePipitHasOperator(int builtin_code, const char* custom_name);
// -1 when there is none of that name.
TFL_CAPI_EXPORT extern int TfLitePipitInterpreterGetSignatureSubgraph(
    const TfLiteInterpreter* interpreter, const char* signature_key);

// As in pipit/pipit.h: where random operators start from, how many calls of subgraphs are too many
// (0: the default), and whether a model is run for its signatures though its main subgraph cannot.
TFL_CAPI_EXPORT extern void TfLitePipitOptionsSetPlanning(TfLiteInterpreterOptions* options,
                                                          uint64_t random_seed, int64_t max_calls,
                                                          bool main_may_fail);
// Gets what fails as whole lines, in place of an error reporter.
TFL_CAPI_EXPORT extern void TfLitePipitOptionsSetLineReporter(
    TfLiteInterpreterOptions* options, void (*report)(void* user, const char* line), void* user);
// An input by its position in any subgraph.
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterResizeInput(
    TfLiteInterpreter* interpreter, int subgraph, int input, const int* dims, int count);
// The interpreter for the functions of pipit/pipit.h that begin with pipit_interpreter_, which this
// library has, too: as tensors are allocated now, NULL while they are not. It owns the handle.
struct pipit_interpreter;
TFL_CAPI_EXPORT extern struct pipit_interpreter* TfLitePipitInterpreterGetHandle(
    TfLiteInterpreter* interpreter);

// A model that a program puts together instead of reading it: tensors, nodes, inputs and outputs.
typedef struct TfLitePipitGraph TfLitePipitGraph;
TFL_CAPI_EXPORT extern TfLitePipitGraph* TfLitePipitGraphCreate(
    void (*reporter)(void* user, const char* format, va_list arguments), void* user);
TFL_CAPI_EXPORT extern void TfLitePipitGraphDelete(TfLitePipitGraph* graph);
// The number of tensors before these; -1 when there are too many.
TFL_CAPI_EXPORT extern int TfLitePipitGraphAddTensors(TfLitePipitGraph* graph, int count);
// Type, shape, name, scales and whether it is a variable are copied; the bytes, too, of a constant
// (kTfLiteMmapRo).
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitGraphSetTensor(TfLitePipitGraph* graph, int index,
                                                              const TfLiteTensor* like);
// Copies inputs, outputs and options; of the operator, its code, name and version.
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitGraphAddNode(TfLitePipitGraph* graph,
                                                            const TfLiteNode* like,
                                                            const TfLiteRegistration* op);
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitGraphSetEnds(TfLitePipitGraph* graph,
                                                            const int* inputs, int input_count,
                                                            const int* outputs, int output_count);
// NULL when it is no model. The graph stays, and the model is the caller's.
TFL_CAPI_EXPORT extern TfLiteModel* TfLitePipitGraphFinish(TfLitePipitGraph* graph);

#ifdef __cplusplus
}
#endif
