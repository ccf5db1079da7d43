// SPDX-License-Identifier: Apache-2.0
// Short numbers that tell whether bytes are the same.
#pragma once

#include <cstdint>
#include <string>

#include "pipit/span.h"

namespace pipit::tools {

// As zlib and PNG have it. To go on with more bytes, pass what those before gave.
uint32_t crc32(Span<const uint8_t> bytes, uint32_t before = 0);

// FIPS 180-4, as 64 hexadecimal digits.
std::string sha256(Span<const uint8_t> bytes);

// Eight digits.
std::string hex(uint32_t value);

}  // namespace pipit::tools
