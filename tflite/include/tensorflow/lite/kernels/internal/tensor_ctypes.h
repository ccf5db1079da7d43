// SPDX-License-Identifier: Apache-2.0
// The elements of a tensor.
#pragma once

#include "tensorflow/lite/core/c/common.h"

namespace tflite {

template <class T>
T* GetTensorData(TfLiteTensor* tensor) {
  return tensor == nullptr ? nullptr : static_cast<T*>(tensor->data.data);
}
template <class T>
const T* GetTensorData(const TfLiteTensor* tensor) {
  return tensor == nullptr ? nullptr : static_cast<const T*>(tensor->data.data);
}

}  // namespace tflite
