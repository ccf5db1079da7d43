// SPDX-License-Identifier: Apache-2.0
// Changes to a model file that leave it a flatbuffer: numbers, lengths of lists, and how its
// tensors and operators hang together.
#pragma once

#include <cstdint>
#include <vector>

#include "pipit/span.h"
#include "tests/support/random.h"

namespace pipit::test {

// Overwrites up to four numbers of a well-formed file.
void spoil_numbers(Span<uint8_t> file, Random& random);

// Adds, takes away, doubles or rewires parts of a well-formed file.
std::vector<uint8_t> spoil_structure(Span<const uint8_t> file, Random& random);

// The first file with the second one's subgraphs behind its own.
std::vector<uint8_t> join(Span<const uint8_t> first, Span<const uint8_t> second);

}  // namespace pipit::test
