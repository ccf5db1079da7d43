// SPDX-License-Identifier: Apache-2.0
// A clock that never goes back.
#pragma once

#include <cstdint>

namespace pipit {

// Nanoseconds since some moment in the past.
uint64_t monotonic_nanoseconds();

}  // namespace pipit
