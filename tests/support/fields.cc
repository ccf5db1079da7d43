// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fields.h"

#include <flatbuffers/minireflect.h>

#include <cstring>

#include "tests/support/edit.h"

namespace pipit::test {
namespace {

using flatbuffers::ElementaryType;
using flatbuffers::TypeTable;

// Follows the schema's type tables through the file.
struct Walk {
  const uint8_t* file;
  std::vector<Field>* fields;

  void add(const char* name, const uint8_t* at, size_t bytes, Field::Kind kind, uint32_t count) {
    fields->push_back(
        {name, static_cast<uint32_t>(at - file), count, static_cast<uint8_t>(bytes), kind});
  }

  static const uint8_t* follow(const uint8_t* offset) {
    return offset + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(offset);
  }

  static const TypeTable* member_of_union(const TypeTable* type, uint8_t member) {
    if (member >= type->num_elems || type->type_codes[member].sequence_ref < 0) return nullptr;
    return type->type_refs[type->type_codes[member].sequence_ref]();
  }

  // One value; `tag` is the union's type if it is one.
  void value(const char* name, ElementaryType type, const TypeTable* ref, const uint8_t* at,
             uint8_t tag, uint32_t count) {
    if (type == flatbuffers::ET_STRING) {
      add(name, follow(at), sizeof(flatbuffers::uoffset_t), Field::Kind::kLength, count);
    } else if (type == flatbuffers::ET_SEQUENCE) {
      if (ref->st == flatbuffers::ST_UNION) ref = member_of_union(ref, tag);
      if (ref != nullptr) table(follow(at), ref);
    } else {
      const bool real = type == flatbuffers::ET_FLOAT || type == flatbuffers::ET_DOUBLE;
      add(name, at, flatbuffers::InlineSize(type, ref),
          real ? Field::Kind::kFloat : Field::Kind::kInteger, count);
    }
  }

  void vector(const char* name, ElementaryType type, const TypeTable* ref, const uint8_t* at) {
    add(name, at, sizeof(flatbuffers::uoffset_t), Field::Kind::kLength, 0);
    const auto count = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(at);
    if (type == flatbuffers::ET_UCHAR) return;
    const size_t step = flatbuffers::InlineSize(type, ref);
    const uint8_t* first = at + sizeof(count);
    for (uint32_t i = 0; i < count; ++i) value(name, type, ref, first + i * step, 0, count);
  }

  void table(const uint8_t* at, const TypeTable* type) {
    const auto* table = reinterpret_cast<const flatbuffers::Table*>(at);
    uint8_t tag = 0;
    for (size_t i = 0; i < type->num_elems; ++i) {
      const auto code = type->type_codes[i];
      const uint8_t* field =
          table->GetAddressOf(flatbuffers::FieldIndexToOffset(static_cast<uint16_t>(i)));
      if (field == nullptr) continue;
      const auto element = static_cast<ElementaryType>(code.base_type);
      const TypeTable* ref = code.sequence_ref < 0 ? nullptr : type->type_refs[code.sequence_ref]();
      if (code.is_repeating != 0) {
        vector(type->names[i], element, ref, follow(field));
      } else {
        value(type->names[i], element, ref, field, tag, 0);
      }
      if (element == flatbuffers::ET_UTYPE) tag = *field;
    }
  }
};

}  // namespace

bool well_formed(Span<const uint8_t> file) {
  if (file.size() < 8) return false;
  flatbuffers::Verifier verifier(file.data(), file.size(), 64, 1 << 16);
  return edit::VerifyModelBuffer(verifier);
}

std::vector<Field> find_fields(Span<const uint8_t> file) {
  std::vector<Field> fields;
  Walk{file.data(), &fields}.table(Walk::follow(file.data()), edit::ModelTypeTable());
  return fields;
}

std::vector<uint8_t> with_all_fields(Span<const uint8_t> file) {
  return packed(unpacked({file.begin(), file.end()}), Defaults::kWritten);
}

void set_field(const Field& field, int64_t value, uint8_t* file) {
  std::memcpy(file + field.at, &value, field.bytes);  // little-endian, as all our targets are
}

int64_t get_field(const Field& field, const uint8_t* file) {
  int64_t value = 0;
  std::memcpy(&value, file + field.at, field.bytes);
  const int unused = 64 - 8 * field.bytes;
  return static_cast<int64_t>(static_cast<uint64_t>(value) << unused) >> unused;
}

}  // namespace pipit::test
