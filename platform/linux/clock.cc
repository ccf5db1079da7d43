// SPDX-License-Identifier: Apache-2.0
// The seconds since the start fit a narrow time_t; older C libraries have no wide one on 32 bits.
#undef _TIME_BITS
#include "pipit/clock.h"

#include <ctime>

namespace pipit {

uint64_t monotonic_nanoseconds() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

}  // namespace pipit
