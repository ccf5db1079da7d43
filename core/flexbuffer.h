// SPDX-License-Identifier: Apache-2.0
// Reads flexbuffers, the form of custom options. Every offset is checked where it is followed, so
// any bytes may be read; what is damaged, missing or of another kind reads as nothing.
//
//   const Flex options = Flex::root(p.custom_options());
//   const int64_t stride = options["stride"].integer();
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/span.h"

namespace pipit {

class Flex {
 public:
  Flex() = default;
  static Flex root(Span<const uint8_t> bytes);

  bool is_null() const { return type_ == 0; }
  bool is_number() const;

  // A number as another kind of number, as far as it fits; 0 when it is none.
  int64_t integer() const;
  double real() const;
  bool boolean() const { return integer() != 0; }
  // A string or blob.
  Span<const uint8_t> text() const;

  // Elements of a vector or values of a map.
  size_t size() const;
  Flex at(size_t i) const;
  // The value of a key in a map.
  Flex operator[](const char* key) const;

 private:
  Flex(Span<const uint8_t> bytes, uint64_t at, uint64_t width, uint64_t packed_type)
      : bytes_(bytes),
        at_(at),
        width_(width),
        inner_width_(uint64_t{1} << (packed_type & 3)),
        type_(static_cast<int>(packed_type >> 2)) {}
  bool number(uint64_t at, uint64_t width, uint64_t* value) const;
  bool target(uint64_t at, uint64_t width, uint64_t* to) const;
  bool elements(uint64_t* at, uint64_t* count) const;
  bool key_is(uint64_t at, const char* key) const;
  int element_type() const;
  double real_at(uint64_t at, uint64_t width) const;

  Span<const uint8_t> bytes_;
  uint64_t at_ = 0;           // of the number, or of the offset to what is not in place
  uint64_t width_ = 1;        // bytes of that
  uint64_t inner_width_ = 1;  // bytes of the numbers behind the offset
  int type_ = 0;
};

}  // namespace pipit
