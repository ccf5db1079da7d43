// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "kernels/contracts/copy_box.h"

namespace pipit {
namespace {

// One row of elements whose size the compiler knows. memcpy, because elements that were merged from
// smaller ones need not be aligned.
template <size_t kElement>
void copy_row(const uint8_t* in, uint8_t* out, const CopyDim& d) {
  for (ptrdiff_t i = 0; i < d.size; ++i) {
    std::memcpy(out + i * d.out_step, in + i * d.in_step, kElement);
  }
}

void copy_row(const uint8_t* in, uint8_t* out, const CopyDim& d, int32_t element) {
  switch (element) {
    case 1:
      // A run of one byte's copies.
      if (d.in_step == 0 && d.out_step == 1) {
        std::memset(out, *in, static_cast<size_t>(d.size));
        return;
      }
      return copy_row<1>(in, out, d);
    case 2:
      return copy_row<2>(in, out, d);
    case 3:
      return copy_row<3>(in, out, d);
    case 4:
      return copy_row<4>(in, out, d);
    case 8:
      return copy_row<8>(in, out, d);
    case 16:
      return copy_row<16>(in, out, d);
    default:
      break;
  }
  for (ptrdiff_t i = 0; i < d.size; ++i) {
    std::memcpy(out + i * d.out_step, in + i * d.in_step, static_cast<size_t>(element));
  }
}

// It calls itself once for each dimension but the last, which is a row.
void walk(const CopyBox& a, int32_t dim, const uint8_t* in, uint8_t* out) {
  const CopyDim& d = a.dims[dim];
  if (dim == a.rank - 1) return d.size > 0 ? copy_row(in, out, d, a.element) : void();
  for (ptrdiff_t i = 0; i < d.size; ++i) {
    walk(a, dim + 1, in + i * d.in_step, out + i * d.out_step);
  }
}

}  // namespace

void copy_box_portable(const CopyBox& a) {
  if (a.rank == 0) {
    std::memcpy(a.out, a.in, static_cast<size_t>(a.element));
  } else {
    walk(a, 0, a.in, a.out);
  }
}

}  // namespace pipit
