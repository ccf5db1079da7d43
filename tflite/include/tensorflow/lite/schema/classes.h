// SPDX-License-Identifier: Apache-2.0
// The classes of the file format (schema_generated.h, which the build makes of our schema), where
// flatbuffers' headers are there to include. Otherwise models are known by their address alone.
#pragma once

#include "tensorflow/lite/builtin_ops.h"

#if __has_include("flatbuffers/flatbuffers.h") && \
                  __has_include("tensorflow/lite/schema/schema_generated.h")
#include "tensorflow/lite/schema/schema_generated.h"  // IWYU pragma: export
#else
namespace tflite {
struct Model;
using BuiltinOperator = TfLiteBuiltinOperator;
}  // namespace tflite
#endif
