// SPDX-License-Identifier: Apache-2.0
// A look at a JPEG file before it is decoded.
#pragma once

#include <cstdint>

#include "pipit/span.h"

namespace pipit::tools {

// Whether no Huffman table in the file has more than the 256 codes that the format allows:
// stb_image would write the rest behind its own table.
bool huffman_tables_fit(Span<const uint8_t> file);

}  // namespace pipit::tools
