// SPDX-License-Identifier: Apache-2.0
// Tells failures on stderr.
#pragma once

#include <cstdio>

#include "tensorflow/lite/core/api/error_reporter.h"

namespace tflite {

class StderrReporter : public ErrorReporter {
 public:
  int Report(const char* format, va_list args) override {
    std::fputs("ERROR: ", stderr);
    const int result = std::vfprintf(stderr, format, args);
    std::fputc('\n', stderr);
    return result;
  }
};

inline ErrorReporter* DefaultErrorReporter() {
  static StderrReporter reporter;
  return &reporter;
}

}  // namespace tflite
