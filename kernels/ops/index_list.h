// SPDX-License-Identifier: Apache-2.0
// The lists of indices that describe a sparse constant.
#pragma once

#include <cstdint>

#include "core/schema.h"

namespace pipit {

// Indices of one, two or four bytes.
struct IndexList {
  const void* data = nullptr;
  int32_t size = 0;
  int32_t bytes = 0;

  int32_t operator[](int32_t i) const {
    if (bytes == 1) return static_cast<const uint8_t*>(data)[i];
    if (bytes == 2) return static_cast<const uint16_t*>(data)[i];
    return static_cast<const int32_t*>(data)[i];
  }
};

template <class Vector>
IndexList index_list(const void* table) {
  const auto* v = static_cast<const Vector*>(table);
  if (v == nullptr || v->values() == nullptr) return {};
  return {v->values()->data(), static_cast<int32_t>(v->values()->size()),
          static_cast<int32_t>(sizeof(*v->values()->data()))};
}

// The union's list, empty where the file has none.
inline IndexList index_list(fb::SparseIndexVector type, const void* table) {
  switch (type) {
    case fb::SparseIndexVector::Int32Vector:
      return index_list<fb::Int32Vector>(table);
    case fb::SparseIndexVector::Uint16Vector:
      return index_list<fb::Uint16Vector>(table);
    case fb::SparseIndexVector::Uint8Vector:
      return index_list<fb::Uint8Vector>(table);
    default:
      return {};
  }
}

}  // namespace pipit
