// SPDX-License-Identifier: Apache-2.0
#include "platform/pages.h"

#include <sys/mman.h>

namespace pipit {

Span<uint8_t> reserve_pages() {
  constexpr size_t kMost = sizeof(void*) == 8 ? size_t{1} << 36 : size_t{1} << 30;
  constexpr size_t kLeast = size_t{1} << 20;
  for (size_t size = kMost; size >= kLeast; size /= 2) {
    void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages != MAP_FAILED) return {static_cast<uint8_t*>(pages), size};
  }
  return {};
}

void release_pages(Span<uint8_t> pages) {
  if (!pages.empty()) munmap(pages.data(), pages.size());
}

}  // namespace pipit
