// SPDX-License-Identifier: Apache-2.0
// Hands out the bytes of one buffer from both ends: what stays from the low end, what is needed
// only for a while from the high end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pipit/byte_count.h"
#include "pipit/span.h"

namespace pipit {

constexpr size_t kArenaAlign = 16;

class Arena {
 public:
  Arena() = default;
  enum class Use : bool { kRun, kMeasure };
  // `buffer` starts at a multiple of kArenaAlign. One to measure is all zero, and bytes are only
  // written where somebody needs another value: large variables then cost no memory.
  explicit Arena(Span<uint8_t> buffer, Use use = Use::kRun)
      : base_(buffer.data()),
        size_(buffer.size() / kArenaAlign * kArenaAlign),
        high_(size_),
        zero_to_(use == Use::kMeasure ? size_ : 0),
        use_(use) {}

  // Whether nobody will run what is planned in it.
  bool measures() const { return use_ == Use::kMeasure; }

  // Zeroed bytes, or nullptr when there are too few left. `align` divides kArenaAlign.
  void* take(ByteCount bytes, size_t align = kArenaAlign) {
    size_t from = 0;
    if (!advance(bytes, align, &from)) return nullptr;
    if (bytes != 0) zero(from, low_);
    return base_ + from;
  }
  // The same with the content they have.
  void* reserve(ByteCount bytes, size_t align = kArenaAlign) {
    size_t from = 0;
    if (!advance(bytes, align, &from)) return nullptr;
    if (zero_from_ < low_) zero_from_ = low_;
    return base_ + from;
  }
  template <class T>
  T* take_array(size_t n) {
    return static_cast<T*>(take(ByteCount(n) * sizeof(T), alignof(T)));
  }

  // Bytes at the high end, not zeroed, until release() to an earlier mark.
  void* take_temporary(ByteCount bytes) {
    const ByteCount taken = bytes.aligned(kArenaAlign);
    if (taken > high_ - low_) return nullptr;
    high_ -= taken.size();
    if (zero_to_ > high_) zero_to_ = high_;
    note_peak();
    return base_ + high_;
  }
  template <class T>
  T* temporary_array(size_t n) {
    return static_cast<T*>(take_temporary(ByteCount(n) * sizeof(T)));
  }
  size_t temporary_mark() const { return high_; }
  void release_temporary(size_t mark) { high_ = mark; }

  bool is_temporary(const void* bytes) const {
    const auto from = reinterpret_cast<uintptr_t>(base_ + high_);
    return reinterpret_cast<uintptr_t>(bytes) - from < size_ - high_;
  }

  // Forgets bytes at the high end, where nothing may be taken now.
  bool give_up_end(ByteCount bytes) {
    if (high_ != size_ || bytes > high_ - low_) return false;
    high_ = size_ -= bytes.size();
    if (zero_to_ > high_) zero_to_ = high_;
    return true;
  }

  size_t low_mark() const { return low_; }
  void release_low(size_t mark) { low_ = mark; }

  uint8_t* base() const { return base_; }
  size_t size() const { return size_; }
  // The smallest size with which everything so far would have succeeded.
  size_t peak() const { return peak_; }

 private:
  bool advance(ByteCount bytes, size_t align, size_t* from) {
    const ByteCount begin = ByteCount(low_).aligned(align);
    const ByteCount end = begin + bytes;
    if (end > high_) return false;
    *from = begin.size();
    low_ = end.size();
    note_peak();
    return true;
  }

  void zero(size_t from, size_t to) {
    if (from < zero_from_ || to > zero_to_) std::memset(base_ + from, 0, to - from);
    if (zero_from_ < to) zero_from_ = to;
  }

  void note_peak() {
    const ByteCount used = ByteCount(low_).aligned(kArenaAlign) + (size_ - high_);
    if (used > peak_) peak_ = used.size();
  }

  uint8_t* base_ = nullptr;
  size_t size_ = 0;
  size_t low_ = 0;
  size_t high_ = 0;
  size_t peak_ = 0;
  size_t zero_from_ = 0;  // [zero_from_, zero_to_) holds zeros
  size_t zero_to_ = 0;
  Use use_ = Use::kRun;
};

}  // namespace pipit
