// SPDX-License-Identifier: Apache-2.0
// Several arrays in one step's scratch memory, and which variant of a kernel may have how much.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/contracts/planned.h"
#include "kernels/contracts/variant.h"
#include "pipit/op.h"
#include "pipit/planned_cpu.h"

namespace pipit {

// Hands out byte offsets, aligned for any type. Those beyond the range of size_t are of no use, but
// then bytes() is more than any arena has.
class ScratchLayout {
 public:
  size_t add(ByteCount elements, size_t element_size = 1) {
    const ByteCount at = bytes_;
    bytes_ += (elements * element_size).aligned(16);
    return at.size();
  }
  // Each of so many shares gets what there is so far; what is added from here on is behind all of
  // them, once. Returns the bytes from one share to the next.
  //
  //   | kernel | filters | kernel | filters | ... | image |
  //    share 0           share 1                   added behind repeat(): once
  size_t repeat(int32_t shares) {
    const ByteCount each = bytes_;
    bytes_ = each * shares;
    return each.size();
  }
  ByteCount bytes() const { return bytes_; }

 private:
  ByteCount bytes_;
};

template <class T>
T* scratch_at(uint8_t* scratch, size_t offset) {
  return reinterpret_cast<T*>(scratch + offset);
}

template <class T>
T* scratch_at(const Step& s, size_t offset) {
  return reinterpret_cast<T*>(s.scratch + offset);
}

template <class Args>
ByteCount scratch_of(const KernelVariant<Args>& variant, const Args& a) {
  return variant.scratch == nullptr ? ByteCount() : variant.scratch(a);
}

// The most scratch memory that each share's calls of a kernel may have. A fast variant is worth
// some memory: a mebibyte on any board, or several times what the operator reads and writes. A
// window that is dilated over thousands of pixels would take a copy of everything between its taps,
// though, most of it borders: then another variant has to do. Sizes within the upper bound can be
// counted in 32 bits.
inline ByteCount most_scratch(const Prepare& p) {
  constexpr ByteCount kLeast = 1 << 20, kMost = 1 << 30;
  ByteCount tensors;
  for (int i = 0; i < p.inputs(); ++i) tensors += p.has_input(i) ? p.input(i).bytes : 0;
  for (int i = 0; i < p.outputs(); ++i) tensors += p.output(i).bytes;
  return std::clamp(tensors * 8, kLeast, kMost);
}

// The variant that is best for this CPU of those that ask for no more scratch than most_scratch();
// the portable one at last. bytes(variant) says what a variant asks for; *scratch is its answer for
// the chosen one.
template <class Args, class BytesOf>
const KernelVariant<Args>& choose(const Prepare& p, Span<const KernelVariant<Args>> variants,
                                  const BytesOf& bytes, ByteCount* scratch) {
  const ByteCount most = most_scratch(p);
  const auto fits = [&](const KernelVariant<Args>& variant) { return bytes(variant) <= most; };
  const KernelVariant<Args>* chosen = &choose(variants, p.cpu(), fits);
  if constexpr (requires { planned_variants(variants); }) {
    if (plans_elsewhere(p.cpu())) {
      chosen = &choose(planned_variants(variants), planned_features(p.cpu()), fits);
    }
  }
  *scratch = bytes(*chosen);
  return *chosen;
}

}  // namespace pipit
