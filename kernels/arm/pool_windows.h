// SPDX-License-Identifier: Apache-2.0
// The windows of a pooling.
//
// A window ends where the image does: pixels outside of it are no part, neither of a maximum nor of
// an average, whose divisor is the number of those inside.
#pragma once

#include "kernels/arm/pixels.h"
#include "kernels/contracts/pool.h"

namespace pipit {
namespace {

// Calls f(window, out) for each position of the output, with all channels.
template <class T, class F>
inline void for_each_window(const Pool<T>& a, const F& f) {
  const ConvGeometry& g = a.size;
  const ptrdiff_t row = ptrdiff_t{g.in_w} * a.stride.in_pixel;
  for (int32_t i = 0; i < g.batch * g.out_h; ++i) {
    const int32_t b = i / g.out_h;
    const int32_t top = (i - b * g.out_h) * g.stride_h - g.pad_top;
    const TapRange rows = taps_inside(top, 1, g.kernel_h, g.in_h);
    const T* line = a.in + (ptrdiff_t{b} * g.in_h + top + rows.begin) * row;
    T* out = a.out + ptrdiff_t{i} * a.stride.out_row;
    for (int32_t x = 0; x < g.out_w; ++x, out += a.stride.out_pixel) {
      const int32_t left = x * g.stride_w - g.pad_left;
      const TapRange columns = taps_inside(left, 1, g.kernel_w, g.in_w);
      f(Pixels<T>{line + ptrdiff_t{left + columns.begin} * a.stride.in_pixel, rows.end - rows.begin,
                  columns.end - columns.begin, row, a.stride.in_pixel},
        out);
    }
  }
}

}  // namespace
}  // namespace pipit
