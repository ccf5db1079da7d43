// SPDX-License-Identifier: Apache-2.0
// Models and what makes interpreters of them.
#pragma once

#include "tensorflow/lite/interpreter.h"          // IWYU pragma: export
#include "tensorflow/lite/interpreter_builder.h"  // IWYU pragma: export
#include "tensorflow/lite/model_builder.h"        // IWYU pragma: export
