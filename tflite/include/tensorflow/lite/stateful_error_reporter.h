// SPDX-License-Identifier: Apache-2.0
// An error reporter that can be asked for what it was told.
#pragma once

#include <string>

#include "tensorflow/lite/core/api/error_reporter.h"

namespace tflite {

class StatefulErrorReporter : public ErrorReporter {
 public:
  // What has been reported last.
  virtual std::string message() = 0;
};

}  // namespace tflite
