// SPDX-License-Identifier: Apache-2.0
// Writes messages without printf and without a heap: text(why, "input ", tensor, " is not ", 4).
#pragma once

#include <cstdint>

#include "pipit/status.h"
#include "pipit/tensor.h"

namespace pipit {

void put(Message* m, const char* text);
void put(Message* m, int64_t value);
void put(Message* m, uint64_t value);
inline void put(Message* m, int value) { put(m, static_cast<int64_t>(value)); }
inline void put(Message* m, unsigned value) { put(m, static_cast<uint64_t>(value)); }
#if defined(__LP64__)
inline void put(Message* m, long long value) { put(m, static_cast<int64_t>(value)); }
inline void put(Message* m, unsigned long long value) { put(m, static_cast<uint64_t>(value)); }
#else
inline void put(Message* m, long value) { put(m, static_cast<int64_t>(value)); }
inline void put(Message* m, unsigned long value) { put(m, static_cast<uint64_t>(value)); }
#endif
void put(Message* m, double value);          // six significant digits
void put(Message* m, Type type);             // int8
void put(Message* m, const Shape& shape);    // [1,224,224,3]
void put(Message* m, const Tensor& tensor);  // tensor 5 'conv/kernel' int8 [8,3,3,1]

// Appends all parts; does nothing when `m` is nullptr.
template <class... P>
void text(Message* m, const P&... parts) {
  if (m != nullptr) (put(m, parts), ...);
}

}  // namespace pipit
