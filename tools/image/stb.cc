// SPDX-License-Identifier: Apache-2.0
// The decoder of pictures, which is not ours: stb_image, set up so that a damaged file leads it
// nowhere. CMake adds what the compiler has to know.
#include "tools/image/decoder_memory.h"

// It reads tables that a JPEG file names and does not define: they are zeros.
#define STBI_MALLOC(bytes) pipit::tools::decoder_take(bytes)
#define STBI_REALLOC(p, bytes) pipit::tools::decoder_grow(p, bytes)
#define STBI_FREE(p) pipit::tools::decoder_free(p)
// Files make its assertions fail; it goes on within its tables.
#define STBI_ASSERT(condition) ((void)0)

#define STB_IMAGE_IMPLEMENTATION
#define STBI_FAILURE_USERMSG
#define STBI_MAX_DIMENSIONS 32768
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#include <stb/stb_image.h>
