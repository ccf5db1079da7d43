// SPDX-License-Identifier: Apache-2.0
// Registrations that stand for the library's own operators. They have no functions: nobody but the
// library calls those.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "tensorflow/lite/core/c/c_api_pipit.h"

namespace tflite {
namespace detail {

// nullptr when the library does not have it.
inline TfLiteRegistration* library_op(int builtin_code, const char* custom_name = "") {
  if (!TfLitePipitHasOperator(builtin_code, custom_name)) return nullptr;
  static std::mutex* mutex = new std::mutex;
  static auto* all = new std::map<std::pair<int, std::string>, TfLiteRegistration>;
  const std::lock_guard<std::mutex> lock(*mutex);
  const auto entry =
      all->emplace(std::make_pair(builtin_code, std::string(custom_name)), TfLiteRegistration{})
          .first;
  TfLiteRegistration& made = entry->second;
  made.builtin_code = builtin_code;
  made.version = 1;
  if (builtin_code == kTfLiteBuiltinCustom) made.custom_name = entry->first.second.c_str();
  return &made;
}

// Or a copy of such a registration.
inline bool is_of_library(const TfLiteRegistration& op) {
  return op.init == nullptr && op.free == nullptr && op.prepare == nullptr &&
         op.invoke == nullptr && op.registration_external == nullptr;
}

}  // namespace detail
}  // namespace tflite
