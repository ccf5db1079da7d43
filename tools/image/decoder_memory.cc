// SPDX-License-Identifier: Apache-2.0
#include "tools/image/decoder_memory.h"

#include <cstdlib>

namespace pipit::tools {
namespace {

// Four bytes for each of the most pixels, four times over: copies of them while their form changes.
constexpr size_t kMostBytes = size_t{1} << 30;
// Pieces of the file are gathered in a block that doubles, and begins with this.
constexpr size_t kLeastGathered = 4096;

// In front of each block.
struct alignas(std::max_align_t) Header {
  size_t bytes;
  bool gathers;
};

thread_local DecoderLimits limits;
thread_local size_t taken = 0;
thread_local const char* refusal = nullptr;

Header* header_of(void* block) { return static_cast<Header*>(block) - 1; }

void* refuse(const char* why) {
  refusal = why;
  return nullptr;
}

void* take(size_t bytes, bool gathers) {
  if (bytes > kMostBytes - taken) return refuse("takes too much memory to decode");
  auto* header = static_cast<Header*>(std::calloc(1, sizeof(Header) + bytes));
  if (header == nullptr) return refuse("takes more memory to decode than there is");
  *header = {bytes, gathers};
  taken += bytes;
  return header + 1;
}

// Whether the block may become that large.
bool may_grow(const Header& header, size_t bytes) {
  if (header.gathers) return bytes / 2 <= limits.file_bytes || bytes <= kLeastGathered;
  return bytes / 2 <= header.bytes && limits.doublings-- > 0;
}

}  // namespace

void limit_decoder(const DecoderLimits& wanted) {
  limits = wanted;
  refusal = nullptr;
}

const char* decoder_refusal() { return refusal; }

void* decoder_take(size_t bytes) { return take(bytes, false); }

void* decoder_grow(void* block, size_t bytes) {
  Header fresh = {0, true};
  Header* header = block == nullptr ? &fresh : header_of(block);
  if (!may_grow(*header, bytes)) {
    return refuse(header->gathers ? "names more data than the file has"
                                  : "holds more data than its pixels take");
  }
  if (block == nullptr) return take(bytes, true);
  const size_t had = header->bytes;
  if (bytes > had && bytes - had > kMostBytes - taken) {
    return refuse("takes too much memory to decode");
  }
  auto* moved = static_cast<Header*>(std::realloc(header, sizeof(Header) + bytes));
  if (moved == nullptr) return refuse("takes more memory to decode than there is");
  moved->bytes = bytes;
  taken = taken - had + bytes;
  return moved + 1;
}

void decoder_free(void* block) {
  if (block == nullptr) return;
  taken -= header_of(block)->bytes;
  std::free(header_of(block));
}

}  // namespace pipit::tools
