// SPDX-License-Identifier: Apache-2.0
// Takes the last gigabyte of a 32-bit program's address space, which the address sanitizer believes
// to be the kernel's. An emulator gives it out like any other, and reports that are none follow.
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr uintptr_t kFirst = 0xbfff0000u;  // the end of a mapping is looked at, too
constexpr uintptr_t kEnd = 0xfff00000u;    // above it, the emulator has pages of its own

__attribute__((constructor)) void take() {
  void* const wanted = reinterpret_cast<void*>(kFirst);
  const void* got =
      mmap(wanted, kEnd - kFirst, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == wanted) return;
  std::fprintf(stderr, "cannot take the last gigabyte of addresses\n");
  std::abort();
}

}  // namespace
