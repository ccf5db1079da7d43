// SPDX-License-Identifier: Apache-2.0
// Reads and writes string tensors: int32 count, int32 offset[count + 1], bytes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tensorflow/lite/core/c/common.h"

namespace tflite {

struct StringRef {
  const char* str;
  size_t len;
};

inline int GetStringCount(const void* raw_buffer) {
  int32_t count = 0;
  std::memcpy(&count, raw_buffer, sizeof(count));
  return count;
}
inline int GetStringCount(const TfLiteTensor* tensor) { return GetStringCount(tensor->data.raw); }

inline StringRef GetString(const void* raw_buffer, int string_index) {
  int32_t ends[2];
  const char* bytes = static_cast<const char*>(raw_buffer);
  std::memcpy(ends, bytes + sizeof(int32_t) * static_cast<size_t>(string_index + 1), sizeof(ends));
  return {bytes + ends[0], static_cast<size_t>(ends[1] - ends[0])};
}
inline StringRef GetString(const TfLiteTensor* tensor, int string_index) {
  return GetString(tensor->data.raw, string_index);
}

class DynamicBuffer {
 public:
  TfLiteStatus AddString(const char* str, size_t len) {
    bytes_.append(str, len);
    ends_.push_back(bytes_.size());
    return kTfLiteOk;
  }
  TfLiteStatus AddString(const StringRef& one) { return AddString(one.str, one.len); }

  // The tensor takes this shape over; NULL: one dimension.
  void WriteToTensor(TfLiteTensor* tensor, TfLiteIntArray* new_shape) {
    const std::string all = buffer();
    char* copy = static_cast<char*>(std::malloc(all.size()));
    if (copy != nullptr) std::memcpy(copy, all.data(), all.size());
    if (new_shape == nullptr) {
      new_shape = TfLiteIntArrayCreate(1);
      new_shape->data[0] = static_cast<int>(ends_.size());
    }
    TfLiteTensorReset(tensor->type, tensor->name, new_shape, tensor->params, copy,
                      copy == nullptr ? 0 : all.size(), kTfLiteDynamic, tensor->allocation,
                      tensor->is_variable, tensor);
  }
  void WriteToTensor(TfLiteTensor* tensor) {
    WriteToTensor(tensor, TfLiteIntArrayCopy(tensor->dims));
  }
  void WriteToTensorAsVector(TfLiteTensor* tensor) { WriteToTensor(tensor, nullptr); }

 private:
  std::string buffer() const {
    const size_t front = sizeof(int32_t) * (ends_.size() + 2);
    std::vector<int32_t> header = {static_cast<int32_t>(ends_.size()), static_cast<int32_t>(front)};
    for (const size_t end : ends_) header.push_back(static_cast<int32_t>(front + end));
    return std::string(reinterpret_cast<const char*>(header.data()), front) + bytes_;
  }

  std::string bytes_;
  std::vector<size_t> ends_;
};

}  // namespace tflite
