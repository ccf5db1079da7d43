// SPDX-License-Identifier: Apache-2.0
// What can be seen of a picture before it is decoded: whether there is enough data in the file for
// the pixels that its header promises. Who promises many with few bytes gets no memory for them.
#pragma once

#include <cstdint>

#include "pipit/span.h"

namespace pipit::tools {

// Whether the file begins as a PNG, JPEG or BMP image does.
bool is_picture(Span<const uint8_t> file);

// For a picture of that size; other kinds of files have enough.
bool has_enough_data(Span<const uint8_t> file, int width, int height);

// Whether it is a PNG image whose rows come in seven passes.
bool is_interlaced(Span<const uint8_t> file);

}  // namespace pipit::tools
