// SPDX-License-Identifier: Apache-2.0
// The walk of element-wise kernels in vectors of 16 bytes.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstring>

#include "kernels/arm/unroll.h"
#include "kernels/contracts/binary.h"
#include "kernels/contracts/unary.h"

namespace pipit {
namespace {

// An operand of elements of type T, or one value for the whole run.
template <class T>
class OperandVectors {
 public:
  OperandVectors(const void* values, int32_t step)
      : at_(static_cast<const uint8_t*>(values)), step_(step == 0 ? 0 : 16) {
    if (step != 0) return;
    for (size_t i = 0; i < 16; i += sizeof(T)) std::memcpy(same_ + i, values, sizeof(T));
    at_ = same_;
  }
  OperandVectors(const OperandVectors&) = delete;
  OperandVectors& operator=(const OperandVectors&) = delete;

  [[gnu::always_inline]] uint8x16_t next() {
    const uint8x16_t v = vld1q_u8(at_);
    at_ += step_;
    return v;
  }
  // The last vector has only `bytes`.
  uint8x16_t last(size_t bytes) {
    if (step_ == 0) return vld1q_u8(at_);
    uint8_t rest[16] = {};
    std::memcpy(rest, at_, bytes);
    return vld1q_u8(rest);
  }

 private:
  const uint8_t* at_;
  ptrdiff_t step_;
  uint8_t same_[16];
};

inline void store_last(uint8_t* to, uint8x16_t v, size_t bytes) {
  uint8_t rest[16];
  vst1q_u8(rest, v);
  std::memcpy(to, rest, bytes);
}

// out = f(a, b), vectors of elements of type T as bytes. The output may be an operand, so that the
// last vector must not overlap the one before.
template <class T, class F>
inline void each_vector(const Binary& r, const F& f) {
  OperandVectors<T> a(r.a, r.step_a), b(r.b, r.step_b);
  auto* out = static_cast<uint8_t*>(r.out);
  size_t bytes = static_cast<size_t>(r.n) * sizeof(T);
  for (; bytes >= 16; bytes -= 16, out += 16) {
    const uint8x16_t x = a.next();
    vst1q_u8(out, f(x, b.next()));
  }
  if (bytes == 0) return;
  const uint8x16_t x = a.last(bytes);
  store_last(out, f(x, b.last(bytes)), bytes);
}

// The same with one operand, some vectors side by side.
template <class T, int kTogether = 2, class F>
inline void each_vector(const Unary& r, const F& f) {
  constexpr size_t kBytes = 16 * kTogether;
  OperandVectors<T> in(r.in, 1);
  auto* out = static_cast<uint8_t*>(r.out);
  size_t bytes = static_cast<size_t>(r.n) * sizeof(T);
  for (; bytes >= kBytes; bytes -= kBytes, out += kBytes) {
    uint8x16_t x[kTogether];
    unroll<kTogether>([&](auto i) [[gnu::always_inline]] { x[i] = in.next(); });
    unroll<kTogether>([&](auto i) [[gnu::always_inline]] { x[i] = f(x[i]); });
    unroll<kTogether>([&](auto i) [[gnu::always_inline]] { vst1q_u8(out + 16 * i, x[i]); });
  }
  for (; bytes >= 16; bytes -= 16, out += 16) vst1q_u8(out, f(in.next()));
  if (bytes != 0) store_last(out, f(in.last(bytes)), bytes);
}

}  // namespace
}  // namespace pipit
