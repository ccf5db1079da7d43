// SPDX-License-Identifier: Apache-2.0
// Where the numbers of a model file lie, so that tests can spoil one and leave the rest
// well-formed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipit/span.h"

namespace pipit::test {

struct Field {
  enum class Kind : uint8_t { kInteger, kFloat, kLength };  // kLength: of a vector or string

  const char* name;  // as the schema has it; elements of a vector have that of their vector
  uint32_t at;       // in the file
  uint32_t count;    // elements of the vector that it belongs to; 0 for a field of its own
  uint8_t bytes;
  Kind kind;
};

// Whether flatbuffers can walk through the file at all.
bool well_formed(Span<const uint8_t> file);

// All numbers of a well-formed file; of vectors of bytes, only the length.
std::vector<Field> find_fields(Span<const uint8_t> file);

// The same model with every field written out, also those that have their default value.
std::vector<uint8_t> with_all_fields(Span<const uint8_t> file);

// Overwrites a field with the low bytes of a value.
void set_field(const Field& field, int64_t value, uint8_t* file);
int64_t get_field(const Field& field, const uint8_t* file);

}  // namespace pipit::test
