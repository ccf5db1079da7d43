// SPDX-License-Identifier: Apache-2.0
// Moves the elements of a box from one place to another.
//
//   for all (i0, i1, ...):  out[i0 * out_step0 + i1 * out_step1 + ...] =
//                            in[i0 * in_step0 + i1 * in_step1 + ...]      (`element` bytes each)
//
// Slices, transpositions, tiles, broadcasts (in_step 0), fills (all in_steps 0) and reversals
// (negative steps) are all boxes. The places that are written must not overlap those that are read.
#pragma once

#include <cstdint>

#include "pipit/cpu.h"
#include "pipit/span.h"

namespace pipit {

struct CopyDim {
  int32_t size = 0;
  int32_t in_step = 0;  // bytes
  int32_t out_step = 0;
};

struct CopyBox {
  const uint8_t* in = nullptr;  // the first element that is read
  uint8_t* out = nullptr;       // the first that is written
  const CopyDim* dims = nullptr;
  int32_t rank = 0;  // at most CopyDims::kMax
  int32_t element = 1;
};

// A box while it is made, outermost dimension first.
struct CopyDims {
  static constexpr int kMax = 16;

  int32_t element = 1;
  int32_t rank = 0;
  CopyDim dims[kMax];

  void add(int32_t size, int32_t in_step, int32_t out_step) {
    dims[rank++] = {size, in_step, out_step};
  }
  // The same bytes in fewer dimensions: drops those of size 1, merges neighbours that are one run
  // in both places, and lets a contiguous innermost dimension become the element.
  void simplify();
  CopyBox box(const uint8_t* in, uint8_t* out) const { return {in, out, dims, rank, element}; }
};

using CopyBoxFn = void (*)(const CopyBox&);

struct CopyBoxVariant {
  const char* name;
  CpuFeatures needs;
  CopyBoxFn run;
};

// Every variant in this build, slowest first. The first is the portable one.
Span<const CopyBoxVariant> copy_box_variants();

// ---- transpositions

// The dimensions along which elements lie side by side where they are read (a row) and where they
// are written (a column), each of at least a tile's size.
struct CopyMatrix {
  int32_t row = -1;
  int32_t column = -1;

  bool found() const { return row >= 0 && column >= 0 && row != column; }
};
CopyMatrix find_matrix(const CopyBox& a);

// Rows and columns of a tile of such elements; 0: there are no tiles of them.
constexpr int32_t tile_side(int32_t element) {
  return element == 1 ? 8 : (element == 2 || element == 4 ? 4 : 0);
}

// Variants for any box, but only those with a matrix gain by them.
Span<const CopyBoxVariant> transposition_variants();

void copy_box_portable(const CopyBox& a);
void copy_box_neon(const CopyBox& a);  // only in builds for ARM

}  // namespace pipit
