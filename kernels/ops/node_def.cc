// SPDX-License-Identifier: Apache-2.0
// A message is a list of fields, each with a key; messages in it are bytes again. Only what is
// asked for is looked at, but is_node_of() walks it all once, so that later walks cannot meet
// damage.
#include "kernels/ops/node_def.h"

#include <cstring>

#include "core/flexbuffer.h"

namespace pipit {

// A number and what it stands for, packed as `number << 3 | encoding`.
struct NodeDef::Field {
  uint32_t key = 0;
  uint32_t bits = 0;          // of a number of 32 bits
  Span<const uint8_t> bytes;  // of a text or message
};

namespace {

enum : uint32_t { kVarint = 0, k64Bits = 1, kBytes = 2, k32Bits = 5 };

constexpr uint32_t key_of(uint32_t number, uint32_t encoding) { return number << 3 | encoding; }

// NodeDef
constexpr uint32_t kOperator = key_of(2, kBytes);
constexpr uint32_t kAttribute = key_of(5, kBytes);
// an attribute
constexpr uint32_t kName = key_of(1, kBytes);
constexpr uint32_t kValue = key_of(2, kBytes);
// its value
constexpr uint32_t kText = key_of(2, kBytes);
constexpr uint32_t kReal = key_of(4, k32Bits);

bool equal(Span<const uint8_t> bytes, const char* text) {
  const size_t length = std::strlen(text);
  return bytes.size() == length && (length == 0 || std::memcmp(bytes.data(), text, length) == 0);
}

}  // namespace

// Walks the fields of a message.
class NodeDef::Reader {
 public:
  explicit Reader(Span<const uint8_t> bytes) : bytes_(bytes) {}

  // False at the end, and where the bytes are no message.
  bool next(Field* field) {
    *field = {};
    uint64_t key = 0, value = 0;
    if (at_ == bytes_.size() || !varint(&key)) return false;
    field->key = static_cast<uint32_t>(key);
    switch (key & 7) {
      case kVarint:
        return varint(&value);
      case k64Bits:
        return take(8, &field->bytes);
      case kBytes:
        return varint(&value) && take(value, &field->bytes);
      case k32Bits:
        if (!take(4, &field->bytes)) return false;
        for (size_t i = 4; i-- > 0;) field->bits = field->bits << 8 | field->bytes[i];
        return true;
      default:
        return fail();
    }
  }
  // Whether everything up to the end was a message.
  bool whole() const { return ok_ && at_ == bytes_.size(); }

 private:
  bool fail() {
    ok_ = false;
    return false;
  }

  // Seven bits a byte, the lowest first.
  bool varint(uint64_t* value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const uint64_t byte = bytes_[at_++];
      *value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return fail();
  }

  bool take(uint64_t n, Span<const uint8_t>* bytes) {
    if (n > bytes_.size() - at_) return fail();
    *bytes = bytes_.subspan(at_, static_cast<size_t>(n));
    at_ += static_cast<size_t>(n);
    return true;
  }

  Span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

// Whether a message is whole, and so are its parts of that key, if they are messages of `inner`
// parts.
bool NodeDef::whole(Span<const uint8_t> message, uint32_t key, uint32_t inner) {
  Reader fields(message);
  Field field;
  bool parts_whole = true;
  while (fields.next(&field)) {
    if (field.key == key && key != 0) parts_whole = parts_whole && whole(field.bytes, inner, 0);
  }
  return parts_whole && fields.whole();
}

bool NodeDef::is_node_of(const char* op) const {
  if (!whole(bytes_, kAttribute, kValue)) return false;
  bool named = false;
  Field field;
  for (Reader fields(bytes_); fields.next(&field);) {
    if (field.key == kOperator) named = equal(field.bytes, op);
  }
  return named;
}

Status NodeDef::read(const Prepare& p, const char* op, NodeDef* node) {
  const Flex options = Flex::root(p.custom_options());
  node->bytes_ = options.at(1).text();
  if (equal(options.at(0).text(), op) && node->is_node_of(op)) return {};
  return p.bad("has no NodeDef of ", op, " as its options");
}

// The value's field of that kind.
bool NodeDef::find(const char* name, uint32_t kind, Field* value) const {
  Reader fields(bytes_);
  Field field, part;
  while (fields.next(&field)) {
    if (field.key != kAttribute) continue;
    bool named = false;
    Span<const uint8_t> bytes;
    for (Reader parts(field.bytes); parts.next(&part);) {
      if (part.key == kName) named = equal(part.bytes, name);
      if (part.key == kValue) bytes = part.bytes;
    }
    if (!named) continue;
    for (Reader parts(bytes); parts.next(value);) {
      if (value->key == kind) return true;
    }
  }
  return false;
}

float NodeDef::real(const char* name, float otherwise) const {
  Field value;
  if (!find(name, kReal, &value)) return otherwise;
  float f = 0;
  std::memcpy(&f, &value.bits, sizeof f);
  return f;
}

bool NodeDef::is_text(const char* name, const char* text) const {
  Field value;
  return !find(name, kText, &value) || equal(value.bytes, text);
}

}  // namespace pipit
