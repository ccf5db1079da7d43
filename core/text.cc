// SPDX-License-Identifier: Apache-2.0
// Message text without printf.
#include "pipit/text.h"

#include <algorithm>
#include <cstring>

#include "pipit/printable.h"

namespace pipit {

namespace {

struct Range {
  uint32_t first, last;
};

// Characters that move a terminal's cursor, end its line, or turn the order of what follows.
constexpr Range kUnsafe[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},
                             {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};

bool is_unsafe(uint32_t character) {
  for (const Range& r : kUnsafe) {
    if (character >= r.first && character <= r.last) return true;
  }
  return false;
}

// How UTF-8 begins a character of so many bytes, and the least that is not written in fewer.
struct Lead {
  uint8_t mask, bits, bytes;
  uint32_t least;
};
constexpr Lead kLeads[] = {
    {0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

bool is_surrogate(uint32_t character) { return character >= 0xd800 && character <= 0xdfff; }

char hex_digit(int value) { return "0123456789abcdef"[value]; }

bool continues(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

}  // namespace

size_t shown_bytes(const char* text, size_t length) {
  const auto first = static_cast<uint8_t>(length == 0 ? 0 : text[0]);
  for (const Lead& lead : kLeads) {
    if ((first & lead.mask) != lead.bits) continue;
    if (length < lead.bytes) return 0;
    uint32_t character = first & static_cast<uint8_t>(~lead.mask);
    for (size_t i = 1; i < lead.bytes; ++i) {
      if (!continues(text[i])) return 0;
      character = character << 6 | (static_cast<uint8_t>(text[i]) & 0x3f);
    }
    const bool valid = character >= lead.least && character <= 0x10ffff && !is_surrogate(character);
    return valid && !is_unsafe(character) ? lead.bytes : 0;
  }
  return 0;
}

Escaped escaped(char byte) {
  const auto value = static_cast<uint8_t>(byte);
  return {{'\\', 'x', hex_digit(value >> 4), hex_digit(value & 15)}};
}

// A message that was cut has the length kCapacity, which no other has.
void Message::append(const char* text, size_t length) {
  for (size_t at = 0; at < length && length_ != kCapacity;) {
    const size_t shown = shown_bytes(text + at, length - at);
    const Escaped escape = escaped(text[at]);
    const size_t n = shown != 0 ? shown : sizeof(escape.text);
    if (n <= kCapacity - 1 - length_) {
      std::memcpy(text_ + length_, shown != 0 ? text + at : escape.text, n);
      text_[length_ += n] = '\0';
      at += shown != 0 ? shown : 1;
      continue;
    }
    size_t end = std::min(length_, kCapacity - 4);
    while (end > 0 && continues(text_[end])) --end;  // no character is left in part
    std::memcpy(text_ + end, "...", 4);
    length_ = kCapacity;
  }
}

// However long the text is, what has room is read.
void put(Message* m, const char* text) { m->append(text, strnlen(text, Message::kCapacity)); }

void put(Message* m, uint64_t value) {
  char digits[20];
  size_t at = sizeof(digits);
  do {
    digits[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  m->append(digits + at, sizeof(digits) - at);
}

void put(Message* m, int64_t value) {
  if (value < 0) put(m, "-");
  put(m, value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value));
}

// Scales by powers of ten to six digits; an exponent beyond 6 or below -5 is written as e+N.
void put(Message* m, double value) {
  if (value != value) return put(m, "nan");
  if (value < 0) {
    put(m, "-");
    value = -value;
  }
  if (value > 1.7e308) return put(m, "inf");
  if (value == 0) return put(m, "0");
  int exponent = 0;
  for (; value >= 10; value /= 10) ++exponent;
  for (; value < 1; value *= 10) --exponent;
  uint64_t digits = static_cast<uint64_t>(value * 1e5 + 0.5);  // d.ddddd
  if (digits >= 1000000) {
    digits /= 10;
    ++exponent;
  }
  const bool scientific = exponent > 6 || exponent < -5;
  const int point = scientific ? 0 : exponent;
  char out[32];
  size_t n = 0;
  for (int i = point; i < 0; ++i) {
    out[n++] = '0';
    if (i == point) out[n++] = '.';
  }
  uint64_t unit = 100000;
  for (int i = 0; i < 6 || i <= point; ++i) {
    out[n++] = static_cast<char>('0' + (unit != 0 ? digits / unit % 10 : 0));
    unit /= 10;
    if (i == point) out[n++] = '.';
  }
  while (out[n - 1] == '0') --n;
  if (out[n - 1] == '.') --n;
  m->append(out, n);
  if (scientific) {
    put(m, "e");
    put(m, exponent);
  }
}

void put(Message* m, Type type) { put(m, type_name(type)); }

void put(Message* m, const Shape& shape) {
  put(m, "[");
  for (int i = 0; i < std::min<int32_t>(shape.rank, Shape::kMaxRank); ++i) {
    if (i > 0) put(m, ",");
    put(m, shape[i]);
  }
  put(m, "]");
}

void put(Message* m, const Tensor& tensor) {
  text(m, "tensor ", tensor.index, " ");
  if (tensor.name[0] != '\0') text(m, "'", tensor.name, "' ");
  text(m, tensor.type, " ", tensor.shape);
}

}  // namespace pipit
