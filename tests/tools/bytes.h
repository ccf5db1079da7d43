// SPDX-License-Identifier: Apache-2.0
// Files that tests put together from pieces.
#pragma once

#include <cstdint>
#include <vector>

namespace pipit::tools {

using Bytes = std::vector<uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace pipit::tools
