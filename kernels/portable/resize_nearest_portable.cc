// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstring>

#include "kernels/contracts/resize_nearest.h"

namespace pipit {

// Pixels are moved as bytes, so that one kernel does for all types.
void resize_nearest_portable(const ResizeNearest& a) {
  const auto pixel = static_cast<size_t>(a.pixel);
  const size_t in_row = static_cast<size_t>(a.in_w) * pixel;
  const size_t out_row = static_cast<size_t>(a.out_w) * pixel;
  const uint8_t* in = a.in;
  uint8_t* out = a.out;
  for (int32_t b = 0; b < a.batch; ++b, in += static_cast<size_t>(a.in_h) * in_row) {
    for (int32_t y = 0; y < a.out_h; ++y, out += out_row) {
      // A row that is the same as the one above is copied whole.
      if (y > 0 && a.rows[y] == a.rows[y - 1]) {
        std::memcpy(out, out - out_row, out_row);
        continue;
      }
      const uint8_t* line = in + static_cast<size_t>(a.rows[y]) * in_row;
      for (int32_t x = 0; x < a.out_w; ++x) {
        std::memcpy(out + static_cast<size_t>(x) * pixel,
                    line + static_cast<size_t>(a.columns[x]) * pixel, pixel);
      }
    }
  }
}

}  // namespace pipit
