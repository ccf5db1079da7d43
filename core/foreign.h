// SPDX-License-Identifier: Apache-2.0
// Files that are given for models by mistake.
#pragma once

#include <cstdint>

#include "pipit/span.h"

namespace pipit {

// What a file that is no .tflite model is instead, and what to do; nullptr when that is not known.
const char* foreign_format(Span<const uint8_t> file);

}  // namespace pipit
