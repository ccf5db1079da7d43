// SPDX-License-Identifier: Apache-2.0
// Address space for a dry run of the planner: pages cost memory only where they are written.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/span.h"

namespace pipit {

// Zeroed address space, or an empty span where there is none to give.
Span<uint8_t> reserve_pages(size_t bytes);
void release_pages(Span<uint8_t> pages);

}  // namespace pipit
