// SPDX-License-Identifier: Apache-2.0
// Fuzzes parse, plan and invoke with files that are models, nearly.
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "platform/pages.h"
#include "tests/fuzz/spoil.h"
#include "tests/support/busy_team.h"
#include "tests/support/exercise.h"
#include "tests/support/fields.h"

namespace pipit::test {
namespace {

constexpr size_t kSmallArena = size_t{1} << 17;
constexpr size_t kLargeArena = size_t{1} << (sizeof(void*) == 8 ? 36 : 29);

// Address space for plans of any size. Those that fit the small part of it are run; the others have
// touched some of it, which is given back now and then.
Span<uint8_t> arena() {
  static const Span<uint8_t> pages = reserve_pages(kLargeArena);
  static int uses = 0;
  if (pages.empty()) std::abort();
  if (++uses % 64 == 0) madvise(pages.data(), pages.size(), MADV_DONTNEED);
  return pages;
}

// The same for the same file, and unlike for files that differ in one bit.
uint64_t hash(const uint8_t* data, size_t size) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < size; ++i) h = (h ^ data[i]) * 1099511628211u;
  return h;
}

size_t replace(const std::vector<uint8_t>& file, uint8_t* data, size_t size, size_t most) {
  if (file.size() > most) return size;
  std::copy(file.begin(), file.end(), data);
  return file.size();
}

}  // namespace
}  // namespace pipit::test

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  using namespace pipit::test;
  Random random(seed);
  if (random.one_in(16) || !well_formed({data, size})) return LLVMFuzzerMutate(data, size, most);
  if (random.one_in(3)) return replace(spoil_structure({data, size}, random), data, size, most);
  spoil_numbers({data, size}, random);
  return size;
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size,
                                            const uint8_t* second, size_t second_size, uint8_t* out,
                                            size_t most, unsigned seed) {
  using namespace pipit::test;
  if (!Random(seed).one_in(16)) return 0;  // large models are slow
  if (!well_formed({first, first_size}) || !well_formed({second, second_size})) return 0;
  return replace(join({first, first_size}, {second, second_size}), out, 0, most);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pipit::test;
  const uint64_t seed = hash(data, size);
  const bool small = (seed >> 60 & 3) == 0;
  const std::string wrong =
      exercise_copy({data, size}, {.arena = arena().subspan(0, small ? kSmallArena : kLargeArena),
                                   .most_to_run = kSmallArena,
                                   .seed = seed,
                                   .team = seed >> 63 == 0 ? busy_team() : nullptr,
                                   .twice = small});
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
