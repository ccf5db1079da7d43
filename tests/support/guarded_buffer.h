// SPDX-License-Identifier: Apache-2.0
// Memory between two pages that nobody may touch: one byte too far is a crash.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "pipit/span.h"

namespace pipit::test {

// Which of the two guard pages the elements lie against.
enum class Against { kLowerGuard, kUpperGuard };

constexpr Against other(Against side) {
  return side == Against::kLowerGuard ? Against::kUpperGuard : Against::kLowerGuard;
}

// `count` elements, at first filled with a byte that is neither zero nor small. Against the upper
// guard, the first element is moved down to a multiple of `align` when it has to be.
template <class T>
class GuardedBuffer {
 public:
  explicit GuardedBuffer(size_t count, Against side = Against::kUpperGuard,
                         size_t align = alignof(T))
      : count_(count) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t bytes = count * sizeof(T);
    inner_bytes_ = (bytes + page - 1) / page * page;
    mapped_bytes_ = inner_bytes_ + 2 * page;
    void* mapped = mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    mapped_ = static_cast<uint8_t*>(mapped);
    inner_ = mapped_ + page;
    if (inner_bytes_ != 0 && mprotect(inner_, inner_bytes_, PROT_READ | PROT_WRITE) != 0) {
      throw std::bad_alloc();
    }
    const size_t offset = side == Against::kLowerGuard ? 0 : (inner_bytes_ - bytes) / align * align;
    data_ = reinterpret_cast<T*>(inner_ + offset);
    if (bytes != 0) std::memset(static_cast<void*>(data_), 0xa5, bytes);
  }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;
  ~GuardedBuffer() { munmap(mapped_, mapped_bytes_); }

  // From now on a write into the elements is a crash as well.
  void make_read_only() const {
    if (inner_bytes_ != 0) mprotect(inner_, inner_bytes_, PROT_READ);
  }

  T* data() const { return data_; }
  size_t size() const { return count_; }
  Span<T> span() const { return {data_, count_}; }

 private:
  uint8_t* mapped_ = nullptr;
  uint8_t* inner_ = nullptr;
  size_t mapped_bytes_ = 0;
  size_t inner_bytes_ = 0;
  T* data_ = nullptr;
  size_t count_ = 0;
};

}  // namespace pipit::test
