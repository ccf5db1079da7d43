// SPDX-License-Identifier: Apache-2.0
// What stb_image takes its memory from: never more than a picture's header and file account for.
#pragma once

#include <cstddef>

namespace pipit::tools {

// For the picture that the calling thread decodes next.
struct DecoderLimits {
  size_t file_bytes = 0;
  // How often a block may be doubled whose first size is what the header needs. The decoder has
  // one such block, for what comes out of a PNG image's zlib stream.
  int doublings = 0;
};
void limit_decoder(const DecoderLimits& limits);

// Why the decoder last got no memory; nullptr when it got all that it asked for since
// limit_decoder().
const char* decoder_refusal();

// Zeros; nullptr beyond the limits.
void* decoder_take(size_t bytes);
// A block that begins here, with nullptr, gathers pieces of the file.
void* decoder_grow(void* block, size_t bytes);
void decoder_free(void* block);

}  // namespace pipit::tools
