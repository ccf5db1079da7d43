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

#include "pipit/byte_count.h"
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

// Bytes of a buffer that holds `count` strings of `characters` bytes in all.
constexpr size_t strings_bytes(int32_t count, ByteCount characters) {
  return ((ByteCount(count) + 2) * sizeof(int32_t) + characters).size();
}

// Writes strings one after the other into a buffer of strings_bytes().
class StringWriter {
 public:
  StringWriter(void* buffer, int32_t count) : buffer_(static_cast<char*>(buffer)) {
    put(0, count);
    put(1, end_ = static_cast<int32_t>(strings_bytes(count, 0)));
  }
  void add(Span<const char> s) {
    append(s);
    finish();
  }
  // The same piece by piece.
  void append(Span<const char> piece) {
    if (!piece.empty()) std::memcpy(buffer_ + end_, piece.data(), piece.size());
    end_ += static_cast<int32_t>(piece.size());
  }
  void finish() { put(1 + ++written_, end_); }

 private:
  void put(int32_t i, int32_t n) {
    std::memcpy(buffer_ + static_cast<size_t>(i) * sizeof(n), &n, sizeof(n));
  }

  char* buffer_;
  int32_t end_ = 0;
  int32_t written_ = 0;
};

}  // namespace pipit
