// SPDX-License-Identifier: Apache-2.0
// What the C++ headers beside these need and TensorFlow Lite's C interface does not have. Programs
// that use it run with Pipit's library alone.
#pragma once

#include "tensorflow/lite/core/c/c_api_experimental.h"

#ifdef __cplusplus
extern "C" {
#endif

// Every tensor can be read after an invocation.
TFL_CAPI_EXPORT extern void TfLitePipitOptionsSetPreserveAllTensors(
    TfLiteInterpreterOptions* options, bool preserve);

// What tools have written beside the model: the i-th piece, false behind the last.
TFL_CAPI_EXPORT extern bool TfLitePipitModelGetMetadata(const TfLiteModel* model, int i,
                                                        const char** name, const void** data,
                                                        size_t* bytes);

TFL_CAPI_EXPORT extern int TfLitePipitInterpreterGetTensorCount(
    const TfLiteInterpreter* interpreter);
TFL_CAPI_EXPORT extern int TfLitePipitInterpreterGetNodeCount(const TfLiteInterpreter* interpreter);
TFL_CAPI_EXPORT extern int TfLitePipitInterpreterGetSubgraphCount(
    const TfLiteInterpreter* interpreter);
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterGetNode(
    const TfLiteInterpreter* interpreter, int node, TfLiteNode** view, TfLiteRegistration** op);

// An input by its tensor's index. `strict`: only dimensions that are -1 in dims_signature.
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterResizeTensor(
    TfLiteInterpreter* interpreter, int tensor_index, const int* dims, int count, bool strict);
// From the next allocation of tensors on, which this makes necessary.
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterSetNumThreads(
    TfLiteInterpreter* interpreter, int num_threads);
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitInterpreterEnableCancellation(
    TfLiteInterpreter* interpreter, bool enable);
TFL_CAPI_EXPORT extern TfLiteStatus TfLitePipitSignatureRunnerResizeInputTensor(
    TfLiteSignatureRunner* signature_runner, const char* input_name, const int* dims, int count);
TFL_CAPI_EXPORT extern void TfLitePipitInterpreterSetExternalContext(
    TfLiteInterpreter* interpreter, TfLiteExternalContextType type, TfLiteExternalContext* context);

#ifdef __cplusplus
}
#endif
