// SPDX-License-Identifier: Apache-2.0
// How threads share a convolution or pooling: each computes some lines of the output, or some of
// its channels, with the same kernel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/contracts/conv.h"
#include "pipit/op.h"

namespace pipit {

struct ConvSplit {
  int32_t shares = 1;
  bool channels = false;  // otherwise lines
  int32_t unit = 1;       // a share has a multiple of these
};

// What the choice depends on.
struct ConvWork {
  Sharing sharing;
  int64_t cycles = 0;                // of the whole, about
  int64_t repeated_by_lines = 0;     // of these, what each share of lines repeats
  int64_t repeated_by_channels = 0;  // ... and each share of channels
  int32_t channel_unit = 1;
};

// The division whose largest share is done first.
ConvSplit choose_split(const ConvWork& work, const ConvGeometry& g);

inline Part channels_of(const ConvSplit& split, int32_t channels, int32_t share) {
  return split.channels ? part_of(channels, split.unit, split.shares, share) : Part{0, channels};
}

// Lines are the rows of all images; where there is but one, its pixels: 1x1 convolutions
// with stride 1 are made one row, see join_rows().
constexpr bool one_row(const ConvGeometry& g) { return g.batch == 1 && g.out_h == 1; }

constexpr int32_t lines_of(const ConvGeometry& g) {
  return one_row(g) ? g.out_w : g.batch * g.out_h;
}

inline Part lines_of(const ConvSplit& split, const ConvGeometry& g, int32_t share) {
  const int32_t lines = lines_of(g);
  return split.channels ? Part{0, lines} : part_of(lines, split.unit, split.shares, share);
}

}  // namespace pipit
