// SPDX-License-Identifier: Apache-2.0
// Message text without printf.
#include "pipit/text.h"

#include <cstring>

namespace pipit {

void Message::append(const char* text, size_t length) {
  const size_t room = kCapacity - 1 - length_;
  const bool cut = length > room;
  if (cut) length = room;
  std::memcpy(text_ + length_, text, length);
  length_ += length;
  if (cut) std::memcpy(text_ + kCapacity - 4, "...", 3);
  text_[length_] = '\0';
}

void put(Message* m, const char* text) { m->append(text, std::strlen(text)); }

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
  for (int i = 0; i < shape.rank; ++i) {
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
