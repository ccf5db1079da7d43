// SPDX-License-Identifier: Apache-2.0
// Writes codes of operators as all readers of the file understand them.
#pragma once

#include <algorithm>

#include "tensorflow/lite/schema/schema_generated.h"

namespace tflite {

// For the field that has a byte; greater codes send readers to the other one.
inline int8_t ConvertBuiltinCodeToInt8(BuiltinOperator code) {
  return static_cast<int8_t>(std::min(code, BuiltinOperator_PLACEHOLDER_FOR_GREATER_OP_CODES));
}
// Its older name.
inline int8_t ConvertBuiltinCodeToDeprecatedBuiltinCode(BuiltinOperator code) {
  return ConvertBuiltinCodeToInt8(code);
}
inline flatbuffers::Offset<OperatorCode> CreateOperatorCode(
    flatbuffers::FlatBufferBuilder& builder, BuiltinOperator code,
    flatbuffers::Offset<flatbuffers::String> custom_code = 0, int32_t version = 1) {
  return CreateOperatorCode(builder, ConvertBuiltinCodeToInt8(code), custom_code, version, code);
}

}  // namespace tflite
