// SPDX-License-Identifier: Apache-2.0
// A pointer and a count: std::span for C++17, with what Pipit needs of it.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace pipit {

template <class T>
class Span {
 public:
  constexpr Span() = default;
  constexpr Span(T* data, size_t size) : data_(data), size_(size) {}
  template <size_t N>
  constexpr Span(T (&array)[N]) : data_(array), size_(N) {}  // NOLINT: implicit on purpose
  // From any contiguous container (std::array, std::vector, std::span, Span<non-const T>).
  template <class C, class = std::enable_if_t<
                         std::is_convertible<decltype(std::declval<C&>().data()), T*>::value>>
  constexpr Span(C&& c) : data_(c.data()), size_(c.size()) {}  // NOLINT: implicit on purpose

  constexpr T* data() const { return data_; }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T& operator[](size_t i) const { return data_[i]; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr Span subspan(size_t from, size_t count) const { return Span(data_ + from, count); }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace pipit
