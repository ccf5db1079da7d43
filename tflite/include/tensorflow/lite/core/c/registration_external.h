// SPDX-License-Identifier: Apache-2.0
// The name under which programs for versions before 2.15 include it.
#pragma once

#include "tensorflow/lite/core/c/operator.h"  // IWYU pragma: export
