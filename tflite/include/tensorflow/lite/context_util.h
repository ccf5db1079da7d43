// SPDX-License-Identifier: Apache-2.0
// Lists of indices as loops want them.
#pragma once

#include <cstddef>

#include "tensorflow/lite/core/c/common.h"

namespace tflite {

class TfLiteIntArrayView {
 public:
  explicit TfLiteIntArrayView(const TfLiteIntArray* array) : array_(array) {}
  const int* begin() const { return array_->data; }
  const int* end() const { return array_->data + array_->size; }
  size_t size() const { return static_cast<size_t>(array_->size); }
  int operator[](size_t i) const { return array_->data[i]; }

 private:
  const TfLiteIntArray* array_;
};

}  // namespace tflite
