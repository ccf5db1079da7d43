// SPDX-License-Identifier: Apache-2.0
// Lists of numbers, from one form to another.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "tensorflow/lite/core/c/common.h"

namespace tflite {

struct TfLiteIntArrayDeleter {
  void operator()(TfLiteIntArray* a) const { TfLiteIntArrayFree(a); }
};
using IntArrayUniquePtr = std::unique_ptr<TfLiteIntArray, TfLiteIntArrayDeleter>;

// The caller's, from malloc.
inline TfLiteIntArray* ConvertArrayToTfLiteIntArray(int ndims, const int* dims) {
  TfLiteIntArray* array = TfLiteIntArrayCreate(ndims);
  if (array != nullptr) std::copy(dims, dims + ndims, array->data);
  return array;
}
inline TfLiteIntArray* ConvertVectorToTfLiteIntArray(const std::vector<int>& input) {
  return ConvertArrayToTfLiteIntArray(static_cast<int>(input.size()), input.data());
}
inline IntArrayUniquePtr BuildTfLiteArray(const std::vector<int>& values) {
  return IntArrayUniquePtr(ConvertVectorToTfLiteIntArray(values));
}
inline bool EqualArrayAndTfLiteIntArray(const TfLiteIntArray* a, int b_size, const int* b) {
  return a != nullptr && TfLiteIntArrayEqualsArray(a, b_size, b) != 0;
}

}  // namespace tflite
