// SPDX-License-Identifier: Apache-2.0
// Takes the last gigabyte of a 32-bit program's address space, which the address sanitizer believes
// to be the kernel's. An emulator gives it out like any other, and reports that are none follow.
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr uintptr_t kFirst = 0xbfff0000u;   // the end of a mapping is looked at, too
constexpr uintptr_t kShared = 0xfff00000u;  // from here on, the emulator has pages of its own

bool take(uintptr_t first, size_t bytes) {
  void* const wanted = reinterpret_cast<void*>(first);
  void* const got =
      mmap(wanted, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == wanted) return true;
  if (got != MAP_FAILED) munmap(got, bytes);
  return false;
}

__attribute__((constructor)) void take_all() {
  constexpr size_t kPage = 4096;
  if (!take(kFirst, kShared - kFirst)) {
    std::fprintf(stderr, "cannot take the last gigabyte of addresses\n");
    std::abort();
  }
  for (uintptr_t page = kShared; page != 0; page += kPage) (void)take(page, kPage);
}

}  // namespace
