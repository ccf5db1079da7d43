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

// Lines are the rows of all images; where there is but one, its pixels.
constexpr bool one_row(const ConvGeometry& g) { return g.batch == 1 && g.out_h == 1; }

constexpr int32_t lines_of(const ConvGeometry& g) {
  return one_row(g) ? g.out_w : g.batch * g.out_h;
}

inline Part lines_of(const ConvSplit& split, const ConvGeometry& g, int32_t share) {
  const int32_t lines = lines_of(g);
  return split.channels ? Part{0, lines} : part_of(lines, split.unit, split.shares, share);
}

// A stride beyond the image, to no second output, and a dilation between no taps may be any numbers
// of the file: products with a pixel's bytes would leave 32 bits.
inline void limit_steps(ConvGeometry* g) {
  g->stride_h = std::min(g->stride_h, std::max(g->in_h, 1));
  g->stride_w = std::min(g->stride_w, std::max(g->in_w, 1));
  if (g->kernel_h == 1) g->dilation_h = 1;
  if (g->kernel_w == 1) g->dilation_w = 1;
}

// Address arithmetic for calls that are planned before there are addresses.
template <class T>
T* moved(T* p, ptrdiff_t by) {
  return p == nullptr ? nullptr : p + by;
}

// Sizes of one dimension, without the inputs that no output sees: kernels need not step over them.
// Returns how many are left out in front.
int32_t trim(int32_t first, int32_t outputs, int32_t kernel, int32_t stride, int32_t dilation,
             int32_t* in, int32_t* pad);

// Narrows an output of one row to some pixels.
template <class Args>
void take_pixels(const Part& pixels, Args* a) {
  ConvGeometry& g = a->size;
  a->out = moved(a->out, ptrdiff_t{pixels.first} * a->stride.out_pixel);
  g.out_w = pixels.count;
  if (g.in_h == 1) {
    const int32_t skipped = trim(pixels.first, pixels.count, g.kernel_w, g.stride_w, g.dilation_w,
                                 &g.in_w, &g.pad_left);
    a->in = moved(a->in, ptrdiff_t{skipped} * a->stride.in_pixel);
  } else {
    // Several rows of input stay whole: the next one is in_w pixels on.
    g.pad_left -= pixels.first * g.stride_w;
  }
}

// Narrows a batch to rows of one image.
template <class Args>
void take_rows(int32_t image, const Part& rows, Args* a) {
  ConvGeometry& g = a->size;
  const ptrdiff_t row = ptrdiff_t{image} * g.out_h + rows.first;
  a->out = moved(a->out, row * a->stride.out_row);
  a->in = moved(a->in, ptrdiff_t{image} * g.in_h * g.in_w * a->stride.in_pixel);
  g.batch = 1;
  g.out_h = rows.count;
  const int32_t skipped =
      trim(rows.first, rows.count, g.kernel_h, g.stride_h, g.dilation_h, &g.in_h, &g.pad_top);
  a->in = moved(a->in, ptrdiff_t{skipped} * g.in_w * a->stride.in_pixel);
}

// Narrows a batch of one image to rows of the output. Bands hold rows of input and output; while
// there are no addresses, sizes alone are found.
template <class Args>
void take_rows(const RowsCall& call, Args* a) {
  ConvGeometry& g = a->size;
  a->out = moved(reinterpret_cast<decltype(a->out)>(call.out.at),
                 ptrdiff_t{call.rows.first - call.out.first} * a->stride.out_row);
  g.out_h = call.rows.count;
  const int32_t skipped =
      trim(call.rows.first, g.out_h, g.kernel_h, g.stride_h, g.dilation_h, &g.in_h, &g.pad_top);
  a->in = moved(reinterpret_cast<decltype(a->in)>(call.in[0].at),
                ptrdiff_t{skipped - call.in[0].first} * g.in_w * a->stride.in_pixel);
}

// How a convolution or pooling of one image computes some rows. Each call prepares what it needs
// for each group of channels, which should serve some positions.
inline RowsPlan rows_of(const ConvGeometry& g) {
  constexpr int32_t kPositions = 32;
  RowsPlan plan;
  plan.least = (kPositions - 1) / g.out_w + 1;
  plan.taps = g.kernel_h;
  plan.stride = g.stride_h;
  plan.dilation = g.dilation_h;
  plan.pad = g.pad_top;
  return plan;
}

// Calls convolve(arguments) for these lines, once for each image that has some of them.
template <class Args, class Convolve>
void for_lines(const Args& whole, Part lines, Convolve convolve) {
  const ConvGeometry& g = whole.size;
  if (lines.count == lines_of(g)) return convolve(whole);
  while (lines.count > 0) {
    Args a = whole;
    int32_t count = lines.count;
    if (one_row(g)) {
      take_pixels(lines, &a);
    } else {
      const int32_t image = lines.first / g.out_h;
      const int32_t row = lines.first - image * g.out_h;
      if (count > g.out_h - row) count = g.out_h - row;
      take_rows(image, {row, count}, &a);
    }
    convolve(a);
    lines = {lines.first + count, lines.count - count};
  }
}

// ---- one call of each kind: how much scratch memory a call needs depends on its sizes alone, and
// a model may ask for a billion images, groups or phases

// Calls visit(arguments) for lines of each size that for_lines() has.
template <class Args, class Visit>
void for_kinds_of_lines(const Args& whole, Part lines, const Visit& visit) {
  const ConvGeometry& g = whole.size;
  // Images all of whose rows are taken are alike: two are as many.
  const bool many = !one_row(g) && lines.count != lines_of(g) && lines.count / 3 >= g.out_h;
  if (many) lines.count = 2 * g.out_h + lines.count % g.out_h;
  for_lines(whole, lines, visit);
}

// Calls visit(n) for the sizes of blocks of at most `block` of these channels, which do not reach
// from one group into another.
template <class Visit>
void for_kinds_of_blocks(int32_t block, int32_t group, const Part& channels, const Visit& visit) {
  const auto blocks_of = [&](int32_t n) {
    if (n >= block) visit(block);
    if (n % block != 0) visit(n % block);
  };
  if (channels.count == 0) return;
  const int32_t begin = std::min(channels.count, group - channels.first % group);
  const int32_t rest = channels.count - begin;
  blocks_of(begin);
  if (rest >= group) blocks_of(group);
  blocks_of(rest % group);
}

}  // namespace pipit
