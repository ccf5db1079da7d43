// SPDX-License-Identifier: Apache-2.0
// A look at a JPEG file before it is decoded.
#pragma once

#include <cstdint>

#include "pipit/span.h"

namespace pipit::tools {

// Why the decoder must not see the file, or nullptr: a Huffman table has more than the 256 codes
// that the format allows (stb_image would write the rest behind its own table), or there are more
// scans, each of which may visit all pixels for a dozen bytes, than any picture needs.
const char* jpeg_fault(Span<const uint8_t> file);

}  // namespace pipit::tools
