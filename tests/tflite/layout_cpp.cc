// SPDX-License-Identifier: Apache-2.0
// The layouts as C++ sees them.
#include "tests/tflite/layout.c"
