// SPDX-License-Identifier: Apache-2.0
// The name of strings in TensorFlow Lite's headers.
#pragma once

#include <string>

namespace tflite {

using std::string;

}  // namespace tflite
