// SPDX-License-Identifier: Apache-2.0
// Where the pixels of a part of an image lie.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pipit {
namespace {

// A window of an image.
template <class T>
struct Pixels {
  const T* first = nullptr;
  int32_t rows = 1;
  int32_t columns = 1;
  ptrdiff_t row = 0;  // elements to the next one
  ptrdiff_t pixel = 0;

  int32_t count() const { return rows * columns; }
};

}  // namespace
}  // namespace pipit
