// SPDX-License-Identifier: Apache-2.0
// Address space for a dry run of the planner: pages cost memory only where they are written.
#pragma once

#include <cstdint>

#include "pipit/span.h"

namespace pipit {

// As much zeroed address space as the system gives (far more than any model needs), or an empty
// span where there is none to give (a machine without virtual memory).
Span<uint8_t> reserve_pages();
void release_pages(Span<uint8_t> pages);

}  // namespace pipit
