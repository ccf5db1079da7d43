// SPDX-License-Identifier: Apache-2.0
#include "pipit/strings.h"

namespace pipit {

bool valid_strings(Span<const uint8_t> buffer, int32_t count) {
  if (count < 0 || buffer.size() > INT32_MAX || buffer.size() < sizeof(int32_t)) return false;
  const size_t header = (static_cast<size_t>(count) + 2) * sizeof(int32_t);
  const Strings strings(buffer.data());
  if (header > buffer.size() || strings.count() != count) return false;
  int32_t last = static_cast<int32_t>(header);
  for (int32_t i = 0; i <= count; ++i) {
    int32_t offset;
    std::memcpy(&offset, buffer.data() + (static_cast<size_t>(i) + 1) * sizeof(offset),
                sizeof(offset));
    if (offset < last || static_cast<size_t>(offset) > buffer.size()) return false;
    last = offset;
  }
  return true;
}

}  // namespace pipit
