// SPDX-License-Identifier: Apache-2.0
#include "pipit/strings.h"

namespace pipit {

bool valid_strings(Span<const uint8_t> buffer, int32_t count) {
  if (count < 0 || buffer.size() > INT32_MAX) return false;
  const size_t numbers = static_cast<size_t>(count) + 2;  // times 4 may be too much for 32 bits
  if (buffer.size() / sizeof(int32_t) < numbers) return false;
  if (Strings(buffer.data()).count() != count) return false;
  auto last = static_cast<int32_t>(numbers * sizeof(int32_t));
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
