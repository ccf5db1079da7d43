// SPDX-License-Identifier: Apache-2.0
#include "platform/pages.h"

#include <sys/mman.h>

namespace pipit {

Span<uint8_t> reserve_pages(size_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) return {};
  return {static_cast<uint8_t*>(pages), bytes};
}

void release_pages(Span<uint8_t> pages) {
  if (!pages.empty()) munmap(pages.data(), pages.size());
}

}  // namespace pipit
