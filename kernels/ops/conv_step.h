// SPDX-License-Identifier: Apache-2.0
// The step of CONV_2D and TRANSPOSE_CONV: which calls of a convolution kernel make up the whole.
//
// A call covers one group or a part of it. Filters [out][height][width][in] are read where they lie
// in the file. Where they cannot be (packed int4, or taps picked out), a block of them goes through
// scratch memory.
//
// A transposed convolution with stride s is s * s convolutions with stride 1: output rows y and
// taps ky with the same remainder of y + pad - ky by s belong together, and so do columns. Each of
// these phases reads its own taps, last to first.
//
//   stride 2, 3 taps, pad 0, one dimension:
//     out[0] = in[0] w[0]                 out[1] = in[0] w[1]
//     out[2] = in[1] w[0] + in[0] w[2]    out[3] = in[1] w[1]
//     phase 0: in with the taps w[2], w[0] and a pad of 1        phase 1: in with w[1]
#pragma once

#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/row_sums.h"
#include "kernels/math/fixed_point.h"
#include "kernels/ops/compute.h"
#include "kernels/ops/conv_run.h"
#include "kernels/ops/conv_split.h"
#include "kernels/ops/known_bytes.h"

namespace pipit {

// One dimension of a phase.
struct PhaseAxis {
  int32_t outputs = 0;    // how many, `stride` apart
  int32_t first_tap = 0;  // in the file
  int32_t taps = 1;       // at least 1: where none belongs to the phase, one far outside
  int32_t pad = 0;
};

// Input y adds its product with tap k to output y * stride - pad + k. So output phase + i * stride
// has
//
//   k = first_tap + t * stride,  y = i + q - t     with q = (phase + pad) / stride, t < taps
//
// or, with the taps from the last on, j = taps - 1 - t: y = i - (taps - 1 - q) + j, a convolution
// of stride 1 with the pad taps - 1 - q. A phase without taps has all windows before the image,
// where they add nothing.
inline PhaseAxis phase_axis(int32_t phase, int32_t out, int32_t kernel, int32_t stride,
                            int32_t pad) {
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

struct Phase {
  PhaseAxis rows, columns;
};

struct ConvPlan {
  bool transposed = false;
  bool packed = false;
  ConvInputs inputs;
  int32_t group_channels = 0;  // output channels of a group
  int32_t block = 0;           // most output channels in one call
  int32_t depth = 0;           // elements of a filter
  ConvSplit split;
  const int32_t* folded = nullptr;           // for each channel, unless it is found while running
  size_t share_scratch = 0;                  // bytes for each share
  const ConvExtras* extras = nullptr;        // see needs_extras()
  void (*pixel)(const MatmulS8&) = nullptr;  // instead of the kernel: int8, of one pixel

  bool copies_filters() const { return packed || transposed; }
  // Of all channels, for each part of the image.
  bool is_one_call(const ConvGeometry& g) const {
    return block == g.out_c && group_channels == g.out_c;
  }
};

// The arguments have the file's sizes, but the channels of a group. (Of TRANSPOSE_CONV: input and
// output as they are, and the output's stride.)
template <class Args>
struct ConvStep {
  ConvPlan plan;
  Args args;
  const KernelVariant<Args>* kernel = nullptr;
};

// The taps of a phase, in its order, of `n` filters.
template <class W>
void copy_taps(const ConvGeometry& g, const Phase& phase, const W* filters, int32_t n, W* out) {
  const auto channels = static_cast<size_t>(g.in_c);
  const PhaseAxis &rows = phase.rows, &columns = phase.columns;
  for (int32_t o = 0; o < n; ++o, filters += g.kernel_h * g.kernel_w * g.in_c) {
    for (int32_t y = rows.taps - 1; y >= 0; --y) {
      const int32_t ky = rows.first_tap + y * g.stride_h;
      for (int32_t x = columns.taps - 1; x >= 0; --x, out += channels) {
        const int32_t kx = columns.first_tap + x * g.stride_w;
        std::memcpy(out, filters + static_cast<size_t>(ky * g.kernel_w + kx) * channels,
                    channels * sizeof(W));
      }
    }
  }
}

// The filters [first, first + n) as the kernel reads them.
template <class W>
const W* load_filters(const ConvPlan& c, const ConvGeometry& g, const Phase* phase, const W* file,
                      int32_t first, int32_t n, uint8_t* scratch) {
  const size_t at = static_cast<size_t>(first) * static_cast<size_t>(c.depth);
  if (!c.copies_filters()) return file + at;
  auto* copies = reinterpret_cast<W*>(scratch + c.extras->filter_scratch);
  if (phase != nullptr) {
    copy_taps(g, *phase, file + at, n, copies);
  } else if constexpr (sizeof(W) == 1) {
    const size_t count = static_cast<size_t>(n) * static_cast<size_t>(c.depth);
    expand_int4(reinterpret_cast<const uint8_t*>(file), at, count,
                reinterpret_cast<int8_t*>(copies));
  }
  return copies;
}

inline int32_t sum_of_int4(const uint8_t* packed, size_t first, int32_t n) {
  uint32_t sum = 0;
  for (size_t i = first; i < first + static_cast<size_t>(n); ++i) {
    sum += static_cast<uint32_t>(int4_at(packed, i));
  }
  return static_cast<int32_t>(sum);
}

// For the channels [first, first + n), whose filters begin at `filters`. See RowSums::holds_min.
template <class W>
void fold_filters(const ConvExtras& with, const Fold& fold, const W* filters, int32_t first,
                  int32_t n, int32_t depth, int32_t* out, bool* holds_min) {
  static_assert(sizeof(W) == 1);
  with.row_sums({filters, n, depth, std::is_same_v<W, uint8_t>, out, holds_min});
  for (int32_t o = 0; o < n; ++o) out[o] = fold(first + o, out[o], depth);
}

// ---- the calls that make up a share of the work

// Calls visit(arguments, phase, first channel) for blocks of channels of lines of the output, or of
// those of a phase. The arguments' weights are still those of all channels.
template <class Args, class Visit>
void for_blocks(const ConvPlan& c, const Args& lines, const Phase* phase, const Part& channels,
                const Visit& visit) {
  const int32_t end = channels.first + channels.count;
  for (int32_t first = channels.first, n = 0; first < end; first += n) {
    // A block ends where its group does: the next one reads other channels of the input.
    n = std::min({c.block, c.group_channels - first % c.group_channels, end - first});
    Args a = lines;
    a.in = moved(a.in, first / c.group_channels * lines.size.in_c);
    a.size.out_c = n;
    visit(a, phase, first);
  }
}

// The same for a share's lines and channels.
template <class Args, class Visit>
void for_blocks(const ConvPlan& c, const Args& whole, const Phase* phase, int32_t share,
                const Visit& visit) {
  const Part channels = channels_of(c.split, whole.size.out_c, share);
  for_lines(whole, lines_of(c.split, whole.size, share),
            [&](const Args& lines) { for_blocks(c, lines, phase, channels, visit); });
}

inline int32_t row_phases(const ConvGeometry& f) { return std::min(f.stride_h, f.out_h); }
inline int32_t column_phases(const ConvGeometry& f) { return std::min(f.stride_w, f.out_w); }

inline Phase phase_at(const ConvGeometry& f, int32_t y, int32_t x) {
  return {phase_axis(y, f.out_h, f.kernel_h, f.stride_h, f.pad_top),
          phase_axis(x, f.out_w, f.kernel_w, f.stride_w, f.pad_left)};
}

template <class Args>
void take_phase(const Phase& phase, Args* a) {
  a->size.stride_h = a->size.stride_w = 1;
  a->size.out_h = phase.rows.outputs;
  a->size.out_w = phase.columns.outputs;
  a->size.kernel_h = phase.rows.taps;
  a->size.kernel_w = phase.columns.taps;
  a->size.pad_top = phase.rows.pad;
  a->size.pad_left = phase.columns.pad;
}

// The same for each phase of one image.
template <class Args, class Visit>
void for_phases(const ConvPlan& c, const Args& whole, int32_t share, const Visit& visit) {
  const ConvGeometry& f = whole.size;
  for (int32_t y = 0; y < row_phases(f); ++y) {
    for (int32_t x = 0; x < column_phases(f); ++x) {
      const Phase phase = phase_at(f, y, x);
      Args a = whole;
      take_phase(phase, &a);
      // A phase has every row_phases-th row and every column_phases-th pixel of it.
      a.stride.out_pixel = column_phases(f) * f.out_c;
      a.stride.out_row = row_phases(f) * f.out_w * f.out_c;
      a.out = moved(a.out, (ptrdiff_t{y} * f.out_w + x) * f.out_c);
      for_blocks(c, a, &phase, share, visit);
    }
  }
}

// The same for all images, or for one where they are taken one by one.
template <class Args, class Visit>
void for_calls(const ConvPlan& c, const Args& whole, int32_t share, const Visit& visit) {
  if (c.transposed) {
    for_phases(c, whole, share, visit);
  } else {
    for_blocks(c, whole, nullptr, share, visit);
  }
}

// Calls visit(phase) for phases of an axis of each size: what phase_axis() gives changes at these
// alone.
template <class Visit>
void for_kinds_of_phases(int32_t phases, int32_t out, int32_t kernel, int32_t stride, int32_t pad,
                         const Visit& visit) {
  const auto with_tap = [&](int32_t tap) {  // which phase begins with this tap
    return static_cast<int32_t>((int64_t{tap} - pad % stride + stride) % stride);
  };
  const int32_t changes[] = {0, (out - 1) % stride + 1, with_tap(0), with_tap(kernel),
                             with_tap((kernel - 1) % stride + 1)};
  for (const int32_t phase : changes) {
    if (phase < phases) visit(phase);
  }
}

// Calls visit(arguments) for a call of each size that for_calls() makes.
template <class Args, class Visit>
void for_kinds_of_calls(const ConvPlan& c, const Args& whole, int32_t share, const Visit& visit) {
  const Part channels = channels_of(c.split, whole.size.out_c, share);
  const auto visit_lines = [&](const Args& image) {
    const Part lines = lines_of(c.split, image.size, share);
    for_kinds_of_lines(image, lines, [&](Args a) {
      for_kinds_of_blocks(c.block, c.group_channels, channels, [&](int32_t n) {
        a.size.out_c = n;
        visit(a);
      });
    });
  };
  if (!c.transposed) return visit_lines(whole);
  const ConvGeometry& f = whole.size;
  const auto at = [&](int32_t y, int32_t x) {
    Args a = whole;
    take_phase(phase_at(f, y, x), &a);
    visit_lines(a);
  };
  for_kinds_of_phases(row_phases(f), f.out_h, f.kernel_h, f.stride_h, f.pad_top, [&](int32_t y) {
    for_kinds_of_phases(column_phases(f), f.out_w, f.kernel_w, f.stride_w, f.pad_left,
                        [&](int32_t x) { at(y, x); });
  });
}

// A pixel is a vector: its products need no windows, and read each weight once, where it lies. Only
// the rounding is not that of a fully connected layer.
inline void run_pixel(const ConvPlan& c, const ConvS8& a) {
  const Requantize& q = a.requantize;
  auto* sums = reinterpret_cast<int32_t*>(a.scratch);
  c.pixel({.outputs = a.size.out_c,
           .depth = a.size.in_c,
           .in = a.in,
           .weights = a.weights,
           .start = a.bias,
           .out = sums,
           .no_weight_is_min = a.no_weight_is_min});
  for (int32_t o = 0; o < a.size.out_c; ++o) {
    a.out[o] = static_cast<int8_t>(
        requantize(sums[o], q.multiplier[o], q.shift[o], q.zero_point, q.min, q.max));
  }
}

template <class Args>
void run_call(const Step& s, const ConvStep<Args>& step, Args a, const Phase* phase,
              int32_t first) {
  const ConvPlan& c = step.plan;
  const int32_t n = a.size.out_c;
  a.weights = load_filters(c, step.args.size, phase, a.weights, first, n, a.scratch);
  const int32_t* folded = c.folded != nullptr ? c.folded + first : nullptr;
  if constexpr (Folds<Args>) {
    if (folded == nullptr) {
      const int32_t depth = a.size.kernel_h * a.size.kernel_w * a.size.in_c;
      auto* found = reinterpret_cast<int32_t*>(a.scratch + c.extras->folded_scratch);
      fold_filters(*c.extras, fold_of(a, s.optional_input(c.inputs.bias)), a.weights, first, n,
                   depth, found, nullptr);
      folded = found;
    }
  }
  take_channels(first, n, folded, &a);
  if constexpr (std::is_same_v<Args, ConvS8>) {
    if (c.pixel != nullptr) return run_pixel(c, a);
  }
  step.kernel->run(a);
}

// Single pixels know no rows: what is computed of each alone is a convolution of one long row, of
// which threads can take parts of any size. Images that are quantized each for itself stay apart.
template <class Args>
void join_rows(const ConvPlan& c, Args* a) {
  ConvGeometry& g = a->size;
  if (c.transposed || g.kernel_h * g.kernel_w > 1 || g.stride_h > 1 || g.stride_w > 1) return;
  const int32_t images = Hybrid<Args> ? 1 : g.batch;
  if (!Hybrid<Args>) g.batch = 1;
  g.in_w = g.out_w = images * g.in_h * g.in_w;
  g.in_h = g.out_h = 1;
  a->stride.out_row = g.out_w * a->stride.out_pixel;
}

template <class Args>
Status run_conv(const Step& s, Run& run) {
  const auto& step = *s.params<ConvStep<Args>>();
  const ConvPlan& c = step.plan;
  Args args = step.args;
  join_rows(c, &args);
  set_addresses(s, c.inputs, &args);
  for_each_image(s, c.inputs, c.extras, args, c.transposed, [&](const Args& images) {
    run.for_each_share(c.split.shares, [&](int32_t share) {
      Args whole = images;
      whole.scratch += c.share_scratch * static_cast<size_t>(share);
      for_calls(c, whole, share, [&](const Args& a, const Phase* phase, int32_t first) {
        run_call(s, step, a, phase, first);
      });
    });
  });
  return {};
}

// ---- some rows at a time

// Where all pixels are one row (see join_rows()), the image's rows are parts of it.
template <class Args>
Args args_of_rows(const ConvStep<Args>& step, const RowsCall& call) {
  Args a = step.args;
  const ConvGeometry& file = step.args.size;
  join_rows(step.plan, &a);
  if (a.size.out_h == file.out_h) {
    take_rows(call, &a);
    return a;
  }
  a.size.in_w = a.size.out_w = call.rows.count * file.out_w;
  a.stride.out_row = a.size.out_w * a.stride.out_pixel;
  a.in = moved(reinterpret_cast<decltype(a.in)>(call.in[0].at),
               ptrdiff_t{call.rows.first - call.in[0].first} * file.in_w * a.stride.in_pixel);
  a.out = moved(reinterpret_cast<decltype(a.out)>(call.out.at),
                ptrdiff_t{call.rows.first - call.out.first} * file.out_w * a.stride.out_pixel);
  return a;
}

template <class Args>
void run_conv_rows(const Step& s, const RowsCall& call) {
  const auto& step = *s.params<ConvStep<Args>>();
  Args a = args_of_rows(step, call);
  // Rows lie in bands, not where set_addresses() finds the tensors.
  const auto in = a.in;
  const auto out = a.out;
  set_addresses(s, step.plan.inputs, &a);
  a.in = in;
  a.out = out;
  a.scratch = call.scratch;
  if constexpr (Arranges<Args>) a.arranged = call.kept;
  for_blocks(step.plan, a, nullptr, Part{0, step.args.size.out_c},
             [&](const Args& block, const Phase* phase, int32_t first) {
               run_call(s, step, block, phase, first);
             });
}

template <class Args>
[[gnu::cold]] ByteCount conv_rows_scratch(const Step& s, const Part& rows) {
  const auto& step = *s.params<ConvStep<Args>>();
  if (step.kernel->scratch == nullptr) return 0;
  RowsCall call;
  call.rows = rows;
  ByteCount most;
  Args whole = args_of_rows(step, call);
  mark_arranged(step, &whole);
  const ConvPlan& c = step.plan;
  for_kinds_of_blocks(c.block, c.group_channels, Part{0, step.args.size.out_c}, [&](int32_t n) {
    whole.size.out_c = n;
    most = std::max(most, step.kernel->scratch(whole));
  });
  return most;
}

// Weights that fill a cache are read, or even packed, by each call.
inline int32_t least_rows(const ConvPlan& c, const ConvGeometry& g, int32_t least) {
  constexpr int32_t kCacheBytes = 32 << 10;
  return int64_t{c.depth} * g.out_c > kCacheBytes ? g.out_h : least;
}

template <class Args>
[[gnu::cold]] RowsPlan conv_by_rows(const Step& s) {
  const auto& step = *s.params<ConvStep<Args>>();
  RowsPlan plan = rows_of(step.args.size);
  plan.run = run_conv_rows<Args>;
  plan.products = step.plan.depth;
  plan.least = least_rows(step.plan, step.args.size, plan.least);
  plan.scratch = conv_rows_scratch<Args>;
  keep_arranged<Args, ConvStep<Args>>(s, &plan);
  return plan;
}

// Whether the calls of some rows need nothing but their kernel's scratch memory.
template <class Args>
bool can_go_by_rows(const ConvPlan& c, const Args& a) {
  return !Hybrid<Args> && !c.copies_filters() && a.size.batch == 1 && c.pixel == nullptr &&
         (!Folds<Args> || c.folded != nullptr);
}

// ---- prepare

template <class Args>
[[gnu::cold]] void fold_channels(const Prepare& p, const Args& a, const Tensor* bias,
                                 const ConvPlan& c, const ConvExtras& with, int32_t* folded,
                                 bool* holds_min) {
  const Fold fold = fold_of(a, bias);
  const void* weights = p.input(c.inputs.weights).data;
  if (!c.packed) {
    *holds_min = false;
    fold_filters(with, fold, static_cast<decltype(a.weights)>(weights), 0, a.size.out_c, c.depth,
                 folded, holds_min);
    return;
  }
  const auto depth = static_cast<size_t>(c.depth);
  for (int32_t o = 0; o < a.size.out_c; ++o) {
    const size_t first = static_cast<size_t>(o) * depth;
    const int32_t sum = sum_of_int4(static_cast<const uint8_t*>(weights), first, c.depth);
    folded[o] = fold(o, sum, c.depth);
  }
}

// Computes what a call needs of each channel's weights now, if all values are known, and whether
// one of them is the least number.
template <class Args>
[[gnu::cold]] Status fold_now(Prepare& p, const Args& a, const ConvExtras& with, ConvPlan* c,
                              bool* holds_min) {
  const Tensor* bias = p.optional_input(c->inputs.bias);
  if (c->transposed || !p.values_known(c->inputs.weights)) return {};
  if (!Hybrid<Args> && bias != nullptr && !p.values_known(c->inputs.bias)) return {};
  int32_t* folded = p.allocate<int32_t>(static_cast<size_t>(a.size.out_c));
  if (folded == nullptr) return Code::kArenaTooSmall;
  c->folded = folded;
  compute(p, [&] { fold_channels(p, a, bias, *c, with, folded, holds_min); });
  return {};
}

// What the sizes of the largest phase are, or all of one image or batch.
template <class Args>
ConvGeometry largest_phase(const ConvPlan& c, const Args& whole) {
  ConvGeometry g = whole.size;
  if (!c.transposed) return g;
  // Phase 0 has the most outputs, and the one that begins with tap 0 the most taps.
  const PhaseAxis rows = phase_axis(0, g.out_h, g.kernel_h, g.stride_h, 0);
  const PhaseAxis columns = phase_axis(0, g.out_w, g.kernel_w, g.stride_w, 0);
  g.stride_h = g.stride_w = 1;
  g.out_h = rows.outputs;
  g.out_w = columns.outputs;
  g.kernel_h = rows.taps;
  g.kernel_w = columns.taps;
  return g;
}

// Products a cycle, of a small CPU.
constexpr int64_t kProducts = 8;

// The weights are repacked, or at least read, by each share of lines, and windows of more than a
// pixel are gathered by each share of channels: a cycle for a few bytes of either.
template <class Args>
[[gnu::cold]] ConvSplit split_of(const Prepare& p, const ConvPlan& c, const Args& whole) {
  constexpr int64_t kBytes = 4, kChannels = 8;
  const int64_t element = sizeof(*whole.in);
  const ConvGeometry& g = whole.size;
  const int64_t outputs = int64_t{g.batch} * g.out_h * g.out_w;  // of a channel
  // Of an output. The phases of a transposed convolution share the taps among themselves.
  const int64_t taps = c.transposed ? c.depth / (g.stride_h * g.stride_w) : c.depth;
  const bool gathers = g.kernel_h * g.kernel_w > 1;
  ConvWork work;
  work.sharing = p.sharing();
  work.cycles = (outputs * g.out_c * element + kProducts - 1) / kProducts * taps;
  work.repeated_by_lines = int64_t{c.depth} * g.out_c * element / kBytes;
  work.repeated_by_channels = gathers ? (outputs * element + kBytes - 1) / kBytes * taps : 0;
  work.channel_unit = std::min<int32_t>(kChannels, c.group_channels);
  return choose_split(work, largest_phase(c, whole));
}

// What a variant needs for the largest of all calls.
template <class Args>
[[gnu::cold]] ByteCount scratch_of_calls(const ConvPlan& c, const Args& whole,
                                         const KernelVariant<Args>& variant) {
  ByteCount most;
  for (int32_t share = 0; variant.scratch != nullptr && share < c.split.shares; ++share) {
    for_kinds_of_calls(c, whole, share,
                       [&](const Args& a) { most = std::max(most, variant.scratch(a)); });
  }
  return most;
}

// Divides the filters into blocks, and scratch memory into parts. Returns the variant for them.
template <class Args>
[[gnu::cold]] const KernelVariant<Args>& divide(Prepare& p,
                                                Span<const KernelVariant<Args>> variants,
                                                Args whole, ConvExtras* with, ConvPlan* c) {
  constexpr int32_t kCacheBytes = 16384;  // of copied filters: half of a small first-level cache
  constexpr int32_t kLeast = 4;           // filters, which a kernel may take side by side
  if (c->transposed || Hybrid<Args>) whole.size.batch = 1;
  c->split = split_of(p, *c, whole);
  c->block = c->group_channels;
  const ConvGeometry g = largest_phase(*c, whole);
  const ByteCount filter = ByteCount(g.kernel_h) * g.kernel_w * g.in_c * sizeof(*whole.weights);
  if (c->copies_filters()) {
    const auto fit = static_cast<int32_t>(kCacheBytes / filter.value()) / kLeast * kLeast;
    c->block = std::min(c->block, std::max(fit, kLeast));
  }
  ScratchLayout layout;
  ByteCount of_calls;
  const KernelVariant<Args>& variant = choose(
      p, variants, [&](const auto& one) { return scratch_of_calls(*c, whole, one); }, &of_calls);
  layout.add(c->pixel != nullptr ? ByteCount(c->block) * sizeof(int32_t) : of_calls);
  if (c->copies_filters()) with->filter_scratch = layout.add(filter * c->block);
  if (Folds<Args> && c->folded == nullptr) {
    with->folded_scratch = layout.add(c->block, sizeof(int32_t));
  }
  c->share_scratch = layout.repeat(c->split.shares);
  if (Hybrid<Args>) {
    const ConvGeometry& size = whole.size;
    with->image_scratch = layout.add(ByteCount(size.in_h) * size.in_w * whole.stride.in_pixel);
  }
  p.scratch(layout.bytes());
  return variant;
}

// Whether all there is to compute is one pixel from one.
inline bool is_pixel(const ConvPlan& c, const ConvGeometry& g) {
  return !c.transposed && g.kernel_h * g.kernel_w == 1 && g.batch * g.in_h * g.in_w == 1;
}

// Leaves the step of a convolution whose tensors have been checked, with the file's sizes. Of
// `plan` is given what the file decides.
template <class Args>
[[gnu::cold]] Status plan_conv(Prepare& p, const ConvSpec& spec, const ConvGeometry& file,
                               const ConvPlan& plan, Span<const KernelVariant<Args>> variants) {
  auto* step = p.allocate<ConvStep<Args>>();
  if (step == nullptr) return Code::kArenaTooSmall;
  ConvPlan& c = step->plan;
  c = plan;
  c.inputs = spec.inputs;
  ConvExtras with;
  with.row_sums = choose(row_sums_variants(), p.cpu()).run;
  Args& a = step->args;
  a.size = file;
  a.size.in_c = plan.depth / (file.kernel_h * file.kernel_w);
  a.stride = dense_strides(file);
  PIPIT_TRY(set_arithmetic(p, spec, &a, &with.hybrid));
  // Known where weights were summed up just now; where they were not, they are looked at below.
  bool holds_min = true;
  if constexpr (Folds<Args>) PIPIT_TRY(fold_now(p, a, with, &c, &holds_min));
  if constexpr (requires { a.whole_positions; }) {
    a.whole_positions = file.batch * file.out_h * file.out_w;
  }
  if constexpr (requires { a.no_weight_is_min; }) {
    a.no_weight_is_min =
        c.packed || !holds_min || (c.folded == nullptr && no_weight_is_min(p, c.inputs.weights));
  }
  const auto& product = choose(matmul_s8_variants(), p.cpu());
  const bool pixel = std::is_same_v<Args, ConvS8> && is_pixel(plan, file);
  if (pixel) c.pixel = product.run;
  Args joined = a;
  join_rows(c, &joined);
  const KernelVariant<Args>& variant = divide(p, variants, joined, &with, &c);
  step->kernel = &variant;
  if (needs_extras<Args>(c.copies_filters(), c.folded)) {
    c.extras = keep(p, with);
    if (c.extras == nullptr) return Code::kArenaTooSmall;
  }
  detach_constants(p, c.inputs, c.folded, &a);
  if (can_go_by_rows(c, a)) p.by_rows(conv_by_rows<Args>);
  return p.run(run_conv<Args>, step, pixel ? product.name : variant.name);
}

}  // namespace pipit
