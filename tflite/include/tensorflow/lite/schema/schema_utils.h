// SPDX-License-Identifier: Apache-2.0
// Which operator a code of the file means: old files have it in a byte, newer ones in a field of
// its own, and the greater counts.
#pragma once

#include <algorithm>

#include "tensorflow/lite/schema/schema_generated.h"

namespace tflite {

inline BuiltinOperator GetBuiltinCode(const OperatorCode* code) {
  return std::max(code->builtin_code(),
                  static_cast<BuiltinOperator>(code->deprecated_builtin_code()));
}
inline BuiltinOperator GetBuiltinCode(const OperatorCodeT* code) {
  return std::max(code->builtin_code, static_cast<BuiltinOperator>(code->deprecated_builtin_code));
}

}  // namespace tflite
