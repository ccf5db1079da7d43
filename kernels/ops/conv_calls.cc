// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/conv_calls.h"

namespace pipit {
namespace {

// Sizes of one dimension, without the inputs that no output sees. Returns how many are left out in
// front.
//
//   input of the whole:    |  skipped  |  seen by these outputs  |  left out behind  |
//                                begin ^                     end ^
//
// A `begin` before the image leaves a border, a positive *pad; one inside of it leaves none. At
// least one position stays, even where no window reaches the image: kernels know no empty ones.
int32_t trim(int32_t first, int32_t outputs, int32_t kernel, int32_t stride, int32_t dilation,
             int32_t* in, int32_t* pad) {
  const int64_t begin = int64_t{first} * stride - *pad;
  const int64_t end = begin + int64_t{outputs - 1} * stride + int64_t{kernel - 1} * dilation + 1;
  const int64_t skipped = std::clamp<int64_t>(begin, 0, *in - 1);
  *in = static_cast<int32_t>(std::clamp<int64_t>(end - skipped, 1, *in - skipped));
  *pad = static_cast<int32_t>(skipped - begin);
  return static_cast<int32_t>(skipped);
}

// Narrows an output of one row to some pixels.
void take_pixels(const Part& pixels, ConvCall* call) {
  ConvGeometry& g = call->size;
  call->out += ptrdiff_t{pixels.first} * call->stride.out_pixel;
  g.out_w = pixels.count;
  // Of several rows no pixels can be left out, as in_w says how far apart rows are: a smaller pad
  // moves the windows, too.
  if (g.in_h == 1) {
    const int32_t skipped = trim(pixels.first, pixels.count, g.kernel_w, g.stride_w, g.dilation_w,
                                 &g.in_w, &g.pad_left);
    call->in += ptrdiff_t{skipped} * call->stride.in_pixel;
  } else {
    g.pad_left -= pixels.first * g.stride_w;
  }
}

// Narrows a batch to rows of one image.
void take_rows_of(int32_t image, const Part& rows, ConvCall* call) {
  ConvGeometry& g = call->size;
  const ptrdiff_t row = ptrdiff_t{image} * g.out_h + rows.first;
  call->out += row * call->stride.out_row;
  call->in += ptrdiff_t{image} * g.in_h * g.in_w * call->stride.in_pixel;
  g.batch = 1;
  const int32_t skipped = take_rows(rows, &g);
  call->in += ptrdiff_t{skipped} * g.in_w * call->stride.in_pixel;
}

// ---- phases of a transposed convolution

// Input y adds its product with tap k to output y * stride - pad + k. So output phase + i * stride
// has
//
//   k = first_tap + t * stride,  y = i + q - t     with q = (phase + pad) / stride, t < taps
//
// or, with the taps from the last on, j = taps - 1 - t: y = i - (taps - 1 - q) + j, a convolution
// of stride 1 with the pad taps - 1 - q. A phase without taps has all windows before the image,
// where they add nothing.
PhaseAxis phase_axis(int32_t phase, int32_t out, int32_t kernel, int32_t stride, int32_t pad) {
  PhaseAxis a;
  a.outputs = (out - phase - 1) / stride + 1;
  a.first_tap = (phase + pad) % stride;
  if (a.first_tap >= kernel) {
    a.first_tap = 0;
    a.pad = a.outputs;
    return a;
  }
  a.taps = (kernel - 1 - a.first_tap) / stride + 1;
  a.pad = a.taps - 1 - (phase + pad) / stride;
  return a;
}

Phase phase_at(const ConvGeometry& f, int32_t y, int32_t x) {
  return {phase_axis(y, f.out_h, f.kernel_h, f.stride_h, f.pad_top),
          phase_axis(x, f.out_w, f.kernel_w, f.stride_w, f.pad_left)};
}

int32_t row_phases(const ConvGeometry& f) { return std::min(f.stride_h, f.out_h); }
int32_t column_phases(const ConvGeometry& f) { return std::min(f.stride_w, f.out_w); }

void take_phase(const Phase& phase, ConvGeometry* g) {
  g->stride_h = g->stride_w = 1;
  g->out_h = phase.rows.outputs;
  g->out_w = phase.columns.outputs;
  g->kernel_h = phase.rows.taps;
  g->kernel_w = phase.columns.taps;
  g->pad_top = phase.rows.pad;
  g->pad_left = phase.columns.pad;
}

// Calls visit(phase) for phases of an axis of each size: what phase_axis() gives changes at these
// alone.
template <class Visit>
void for_kinds_of_phases(int32_t phases, int32_t out, int32_t kernel, int32_t stride, int32_t pad,
                         const Visit& visit) {
  const auto with_tap = [&](int32_t tap) {  // which phase begins with this tap
    return static_cast<int32_t>((int64_t{tap} - pad % stride + stride) % stride);
  };
  // The first phase; the first with an output less; the one that begins with tap 0, with a pad
  // less; where the filter is smaller than the stride, the first without taps; the first with a tap
  // less.
  const int32_t changes[] = {0, (out - 1) % stride + 1, with_tap(0), with_tap(kernel),
                             with_tap((kernel - 1) % stride + 1)};
  for (const int32_t phase : changes) {
    if (phase < phases) visit(phase);
  }
}

// ---- blocks of channels

void take_block(const ConvCuts& c, int32_t n, ConvGeometry* g) {
  if (c.depthwise) g->in_c = n / c.group_channels;
  g->out_c = n;
}

// Those of a share.
void for_blocks_of_share(const ConvCuts& c, const ConvCall& whole, int32_t share,
                         CallVisitor visit) {
  const Part channels = channels_of(c.split, whole.size.out_c, share);
  for_lines(whole, lines_of(c.split, whole.size, share),
            [&](const ConvCall& lines) { for_blocks(c, lines, channels, visit); });
}

// Visits lines of each size that for_lines() has.
void for_kinds_of_lines(const ConvCall& whole, Part lines, CallVisitor visit) {
  const ConvGeometry& g = whole.size;
  // Images all of whose rows are taken are alike: two are as many.
  const bool many = !one_row(g) && lines.count != lines_of(g) && lines.count / 3 >= g.out_h;
  if (many) lines.count = 2 * g.out_h + lines.count % g.out_h;
  for_lines(whole, lines, visit);
}

}  // namespace

int32_t take_rows(const Part& rows, ConvGeometry* g) {
  g->out_h = rows.count;
  return trim(rows.first, rows.count, g->kernel_h, g->stride_h, g->dilation_h, &g->in_h,
              &g->pad_top);
}

void for_blocks(const ConvCuts& c, const ConvCall& lines, const Part& channels, CallVisitor visit) {
  const int32_t end = channels.first + channels.count;
  for (int32_t first = channels.first, n = 0; first < end; first += n) {
    n = std::min(c.block, end - first);
    // A block ends where its group does: the next one reads other channels of the input.
    if (!c.depthwise) n = std::min(n, c.group_channels - first % c.group_channels);
    ConvCall call = lines;
    call.in += ptrdiff_t{first / c.group_channels} * (c.depthwise ? 1 : lines.size.in_c);
    call.first_channel = first;
    take_block(c, n, &call.size);
    visit(call);
  }
}

void for_lines(const ConvCall& whole, Part lines, CallVisitor visit) {
  const ConvGeometry& g = whole.size;
  if (lines.count == lines_of(g)) return visit(whole);
  while (lines.count > 0) {
    ConvCall call = whole;
    int32_t count = lines.count;
    if (one_row(g)) {
      take_pixels(lines, &call);
    } else {
      const int32_t image = lines.first / g.out_h;
      const int32_t row = lines.first - image * g.out_h;
      if (count > g.out_h - row) count = g.out_h - row;
      take_rows_of(image, {row, count}, &call);
    }
    visit(call);
    lines = {lines.first + count, lines.count - count};
  }
}

void for_calls(const ConvCuts& c, const ConvCall& whole, int32_t share, CallVisitor visit) {
  if (!c.transposed) return for_blocks_of_share(c, whole, share, visit);
  const ConvGeometry& f = whole.size;
  for (int32_t y = 0; y < row_phases(f); ++y) {
    for (int32_t x = 0; x < column_phases(f); ++x) {
      const Phase phase = phase_at(f, y, x);
      ConvCall call = whole;
      call.phase = &phase;
      take_phase(phase, &call.size);
      call.stride.out_pixel = column_phases(f) * f.out_c;
      call.stride.out_row = row_phases(f) * f.out_w * f.out_c;
      call.out += (ptrdiff_t{y} * f.out_w + x) * f.out_c;
      for_blocks_of_share(c, call, share, visit);
    }
  }
}

void for_kinds_of_blocks(const ConvCuts& c, const ConvCall& lines, const Part& channels,
                         CallVisitor visit) {
  const auto visit_size = [&](int32_t n) {
    if (n == 0) return;
    ConvCall call = lines;
    take_block(c, n, &call.size);
    visit(call);
  };
  const auto blocks_of = [&](int32_t n) {
    if (n >= c.block) visit_size(c.block);
    visit_size(n % c.block);
  };
  if (c.depthwise || channels.count == 0) return blocks_of(channels.count);
  const int32_t group = c.group_channels;
  // A share may begin and end within a group: what it has of the first one, whole ones, and a part.
  const int32_t begin = std::min(channels.count, group - channels.first % group);
  const int32_t rest = channels.count - begin;
  blocks_of(begin);
  if (rest >= group) blocks_of(group);
  blocks_of(rest % group);
}

void for_kinds_of_calls(const ConvCuts& c, const ConvCall& whole, int32_t share,
                        CallVisitor visit) {
  const Part channels = channels_of(c.split, whole.size.out_c, share);
  const auto visit_image = [&](const ConvCall& image) {
    for_kinds_of_lines(image, lines_of(c.split, image.size, share), [&](const ConvCall& lines) {
      for_kinds_of_blocks(c, lines, channels, visit);
    });
  };
  if (!c.transposed) return visit_image(whole);
  const ConvGeometry& f = whole.size;
  for_kinds_of_phases(row_phases(f), f.out_h, f.kernel_h, f.stride_h, f.pad_top, [&](int32_t y) {
    for_kinds_of_phases(column_phases(f), f.out_w, f.kernel_w, f.stride_w, f.pad_left,
                        [&](int32_t x) {
                          ConvCall call = whole;
                          take_phase(phase_at(f, y, x), &call.size);
                          visit_image(call);
                        });
  });
}

ConvGeometry largest_phase(const ConvCuts& c, const ConvGeometry& whole) {
  ConvGeometry g = whole;
  if (!c.transposed) return g;
  g.pad_top = g.pad_left = 0;
  take_phase(phase_at(g, 0, 0), &g);
  g.pad_top = whole.pad_top;
  g.pad_left = whole.pad_left;
  return g;
}

RowsPlan rows_of(const ConvGeometry& g) {
  constexpr int32_t kPositions = 32;
  RowsPlan plan;
  plan.least = (kPositions - 1) / g.out_w + 1;
  plan.taps = g.kernel_h;
  plan.stride = g.stride_h;
  plan.dilation = g.dilation_h;
  plan.pad = g.pad_top;
  return plan;
}

}  // namespace pipit
