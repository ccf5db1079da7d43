// SPDX-License-Identifier: Apache-2.0
// Prints what an interpreter consists of.
#pragma once

#include <cstdio>

#include "tensorflow/lite/interpreter.h"

namespace tflite {

inline void PrintInterpreterState(Interpreter* interpreter) {
  std::printf("%zu tensors, %zu nodes\n", interpreter->tensors_size(), interpreter->nodes_size());
  for (size_t i = 0; i < interpreter->tensors_size(); ++i) {
    const TfLiteTensor& t = *interpreter->tensor(static_cast<int>(i));
    std::printf("tensor %zu '%s' %s %zu bytes [", i, t.name, TfLiteTypeGetName(t.type), t.bytes);
    for (int d = 0; d < t.dims->size; ++d) std::printf(d == 0 ? "%d" : ",%d", t.dims->data[d]);
    std::printf("]\n");
  }
  for (const int i : interpreter->execution_plan()) {
    const auto* node = interpreter->node_and_registration(i);
    const char* custom = node->second.custom_name;
    std::printf("node %d operator %d %s\n", i, node->second.builtin_code,
                custom == nullptr ? "" : custom);
  }
}

}  // namespace tflite
