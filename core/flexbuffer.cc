// SPDX-License-Identifier: Apache-2.0
#include "core/flexbuffer.h"

#include <cmath>
#include <cstring>

namespace pipit {
namespace {

// The format's types.
enum : int {
  kNull = 0,
  kInt = 1,
  kUInt = 2,
  kFloat = 3,
  kKey = 4,
  kString = 5,
  kIndirectInt = 6,
  kIndirectUInt = 7,
  kIndirectFloat = 8,
  kMap = 9,
  kVector = 10,
  kVectorInt = 11,
  kVectorUInt = 12,
  kVectorFloat = 13,
  kBlob = 25,
  kBool = 26,
  kVectorBool = 36,
};

int64_t sign_extend(uint64_t value, uint64_t width) {
  const auto shift = static_cast<unsigned>(64 - 8 * width);
  return static_cast<int64_t>(value << shift) >> shift;
}

int64_t to_integer(double value) {
  if (!(std::abs(value) < 9e18)) return 0;
  return static_cast<int64_t>(value);
}

}  // namespace

Flex Flex::root(Span<const uint8_t> bytes) {
  if (bytes.size() < 3) return {};
  const uint64_t width = bytes[bytes.size() - 1];
  if (width != 1 && width != 2 && width != 4 && width != 8) return {};
  if (bytes.size() < width + 2) return {};
  return {bytes, bytes.size() - 2 - width, width, bytes[bytes.size() - 2]};
}

bool Flex::number(uint64_t at, uint64_t width, uint64_t* value) const {
  if (at > bytes_.size() || width > bytes_.size() - at) return false;
  *value = 0;
  for (uint64_t i = 0; i < width; ++i) {
    *value |= static_cast<uint64_t>(bytes_[static_cast<size_t>(at + i)]) << (8 * i);
  }
  return true;
}

// Offsets count backwards from where they are.
bool Flex::target(uint64_t at, uint64_t width, uint64_t* to) const {
  uint64_t offset = 0;
  if (!number(at, width, &offset) || offset > at) return false;
  *to = at - offset;
  return true;
}

bool Flex::is_number() const {
  return (type_ >= kInt && type_ <= kFloat) || (type_ >= kIndirectInt && type_ <= kIndirectFloat) ||
         type_ == kBool;
}

double Flex::real_at(uint64_t at, uint64_t width) const {
  uint64_t bits = 0;
  if (!number(at, width, &bits)) return 0;
  if (width == sizeof(float)) {
    const auto half = static_cast<uint32_t>(bits);
    float value;
    std::memcpy(&value, &half, sizeof(value));
    return value;
  }
  double value = 0;
  if (width == sizeof(double)) std::memcpy(&value, &bits, sizeof(value));
  return value;
}

int64_t Flex::integer() const {
  uint64_t at = at_, width = width_, bits = 0;
  int type = type_;
  if (type >= kIndirectInt && type <= kIndirectFloat) {
    if (!target(at_, width_, &at)) return 0;
    width = inner_width_;
    type += kInt - kIndirectInt;
  }
  if (type == kFloat) return to_integer(real_at(at, width));
  if ((type != kInt && type != kUInt && type != kBool) || !number(at, width, &bits)) return 0;
  return type == kInt ? sign_extend(bits, width) : static_cast<int64_t>(bits);
}

double Flex::real() const {
  uint64_t at = at_;
  if (type_ == kFloat) return real_at(at_, width_);
  if (type_ != kIndirectFloat) return static_cast<double>(integer());
  return target(at_, width_, &at) ? real_at(at, inner_width_) : 0;
}

Span<const uint8_t> Flex::text() const {
  uint64_t at = 0, length = 0;
  if ((type_ != kString && type_ != kBlob) || !target(at_, width_, &at)) return {};
  if (at < inner_width_ || !number(at - inner_width_, inner_width_, &length)) return {};
  if (length > bytes_.size() - at) return {};
  return bytes_.subspan(static_cast<size_t>(at), static_cast<size_t>(length));
}

// The elements lie in front of their types, behind their number.
bool Flex::elements(uint64_t* at, uint64_t* count) const {
  const bool typed = element_type() != kNull;
  if (type_ != kMap && type_ != kVector && !typed) return false;
  if (!target(at_, width_, at) || *at < inner_width_) return false;
  if (!number(*at - inner_width_, inner_width_, count)) return false;
  return *count <= (bytes_.size() - *at) / (inner_width_ + (typed ? 0 : 1));
}

// Of a vector whose elements are all of one type.
int Flex::element_type() const {
  if (type_ >= kVectorInt && type_ <= kVectorFloat) return type_ - kVectorInt + kInt;
  return type_ == kVectorBool ? int{kBool} : int{kNull};
}

size_t Flex::size() const {
  uint64_t at = 0, count = 0;
  return elements(&at, &count) ? static_cast<size_t>(count) : 0;
}

Flex Flex::at(size_t i) const {
  uint64_t at = 0, count = 0;
  if (!elements(&at, &count) || i >= count) return {};
  const int type = element_type();
  const uint64_t packed = type != kNull
                              ? static_cast<uint64_t>(type) << 2
                              : bytes_[static_cast<size_t>(at + count * inner_width_ + i)];
  return {bytes_, at + i * inner_width_, inner_width_, packed};
}

bool Flex::key_is(uint64_t at, const char* key) const {
  const size_t length = std::strlen(key) + 1;
  return length <= bytes_.size() - at &&
         std::memcmp(bytes_.data() + static_cast<size_t>(at), key, length) == 0;
}

// In front of a map's values: the offset to its keys, the bytes of each of their offsets, and the
// number of values.
Flex Flex::operator[](const char* key) const {
  uint64_t values = 0, count = 0, keys = 0, width = 0, text = 0;
  if (type_ != kMap || !elements(&values, &count) || values < 3 * inner_width_) return {};
  if (!target(values - 3 * inner_width_, inner_width_, &keys)) return {};
  if (!number(values - 2 * inner_width_, inner_width_, &width)) return {};
  if (width != 1 && width != 2 && width != 4 && width != 8) return {};
  for (uint64_t i = 0; i < count; ++i) {
    if (target(keys + i * width, width, &text) && key_is(text, key)) {
      return at(static_cast<size_t>(i));
    }
  }
  return {};
}

}  // namespace pipit
