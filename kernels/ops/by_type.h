// SPDX-License-Identifier: Apache-2.0
// From the type that a tensor has to the function that is made for it.
#pragma once

#include <cstdint>

#include "pipit/tensor.h"

namespace pipit {

constexpr Type type_of(const float*) { return Type::kFloat32; }
constexpr Type type_of(const double*) { return Type::kFloat64; }
constexpr Type type_of(const int8_t*) { return Type::kInt8; }
constexpr Type type_of(const int16_t*) { return Type::kInt16; }
constexpr Type type_of(const int32_t*) { return Type::kInt32; }
constexpr Type type_of(const int64_t*) { return Type::kInt64; }
constexpr Type type_of(const uint8_t*) { return Type::kUInt8; }
constexpr Type type_of(const uint16_t*) { return Type::kUInt16; }
constexpr Type type_of(const uint32_t*) { return Type::kUInt32; }
constexpr Type type_of(const uint64_t*) { return Type::kUInt64; }

// What `each` gives for the one of these element types that is `type`; nothing for another type:
//   return by_type<float, int32_t>(type, []<class T> { return run<T>; });
template <class First, class... Rest, class Each>
auto by_type(Type type, const Each& each) {
  decltype(each.template operator()<First>()) found{};
  const auto is = [&]<class T>() {
    const bool yes = type == type_of(static_cast<const T*>(nullptr));
    if (yes) found = each.template operator()<T>();
    return yes;
  };
  (void)(is.template operator()<First>() || ... || is.template operator()<Rest>());
  return found;
}

}  // namespace pipit
