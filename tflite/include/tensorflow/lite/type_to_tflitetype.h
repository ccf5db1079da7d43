// SPDX-License-Identifier: Apache-2.0
// Which type of elements a type of C++ is.
#pragma once

#include <complex>
#include <cstdint>
#include <string>

#include "tensorflow/lite/core/c/common.h"

namespace tflite {

// kTfLiteNoType when it is none.
template <class T>
constexpr TfLiteType typeToTfLiteType() {
  return kTfLiteNoType;
}
#define PIPIT_TYPE(type, value)                   \
  template <>                                     \
  constexpr TfLiteType typeToTfLiteType<type>() { \
    return value;                                 \
  }
PIPIT_TYPE(float, kTfLiteFloat32)
PIPIT_TYPE(double, kTfLiteFloat64)
PIPIT_TYPE(bool, kTfLiteBool)
PIPIT_TYPE(int8_t, kTfLiteInt8)
PIPIT_TYPE(uint8_t, kTfLiteUInt8)
PIPIT_TYPE(int16_t, kTfLiteInt16)
PIPIT_TYPE(uint16_t, kTfLiteUInt16)
PIPIT_TYPE(int32_t, kTfLiteInt32)
PIPIT_TYPE(uint32_t, kTfLiteUInt32)
PIPIT_TYPE(int64_t, kTfLiteInt64)
PIPIT_TYPE(uint64_t, kTfLiteUInt64)
PIPIT_TYPE(TfLiteFloat16, kTfLiteFloat16)
PIPIT_TYPE(std::complex<float>, kTfLiteComplex64)
PIPIT_TYPE(std::complex<double>, kTfLiteComplex128)
PIPIT_TYPE(std::string, kTfLiteString)
#undef PIPIT_TYPE

}  // namespace tflite
