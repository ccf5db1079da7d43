// SPDX-License-Identifier: Apache-2.0
// String tensors: the format's string buffers.
//
//   int32 count; int32 offset[count + 1]; bytes
//
// String i is the bytes [offset[i], offset[i + 1]) of the buffer. A string tensor's `bytes` is the
// size of its buffer, whatever its shape.
#pragma once

#include <cstdint>
#include <cstring>

#include "pipit/span.h"

namespace pipit {

// Whether `buffer` holds exactly `count` strings that lie inside of it.
bool valid_strings(Span<const uint8_t> buffer, int32_t count);

// Reads a valid buffer. The numbers may lie at any address.
class Strings {
 public:
  explicit Strings(const void* buffer) : buffer_(static_cast<const char*>(buffer)) {}
  int32_t count() const { return number(0); }
  Span<const char> operator[](int32_t i) const {
    const int32_t from = number(i + 1);
    return {buffer_ + from, static_cast<size_t>(number(i + 2) - from)};
  }

 private:
  int32_t number(int32_t i) const {
    int32_t n;
    std::memcpy(&n, buffer_ + static_cast<size_t>(i) * sizeof(n), sizeof(n));
    return n;
  }

  const char* buffer_;
};

}  // namespace pipit
