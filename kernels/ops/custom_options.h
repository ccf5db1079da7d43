// SPDX-License-Identifier: Apache-2.0
// What custom operators do with their options.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/flexbuffer.h"
#include "kernels/ops/common.h"

namespace pipit {

// An option that is an integer, as far as it fits; 0 where there is none.
inline int32_t integer_option(const Prepare& p, const char* key) {
  const int64_t value = Flex::root(p.custom_options())[key].integer();
  return static_cast<int32_t>(std::clamp<int64_t>(value, INT32_MIN, INT32_MAX));
}

// Fails unless an option is a number of bits to shift 32 by.
inline Status check_bits(const Prepare& p, const char* key, int32_t bits) {
  return bits >= 0 && bits < 32 ? Status() : p.bad(key, " is ", bits);
}

// Fails unless a tensor is a vector of that type.
inline Status check_vector(const Prepare& p, const Tensor& t, Type type) {
  PIPIT_TRY(need_type(p, t, types(type)));
  return t.shape.rank == 1 ? Status() : p.bad(t, " is no vector");
}

}  // namespace pipit
