// SPDX-License-Identifier: Apache-2.0
// The name under which programs include it.
#pragma once

#include "tensorflow/lite/type_to_tflitetype.h"  // IWYU pragma: export
