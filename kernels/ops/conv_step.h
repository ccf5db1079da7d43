// SPDX-License-Identifier: Apache-2.0
// The step of CONV_2D and TRANSPOSE_CONV. Filters [out][height][width][in] are read where they lie
// in the file. Where they cannot be (packed int4, or taps picked out), a block of them goes through
// scratch memory.
#pragma once

#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/row_sums.h"
#include "kernels/math/fixed_point.h"
#include "kernels/ops/compute.h"
#include "kernels/ops/conv_run.h"
#include "kernels/ops/known_bytes.h"

namespace pipit {

inline int32_t depth_of(const ConvGeometry& g) { return g.kernel_h * g.kernel_w * g.in_c; }

// The taps of a phase, in its order, of `n` filters. With 3x3 taps and stride 2, the phase that has
// first_tap 0 in both directions gets (2, 2), (2, 0), (0, 2) and (0, 0).
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

// The filters of a call as the kernel reads them.
template <class W>
const W* load_filters(const ConvExtras& with, const ConvGeometry& g, const ConvCall& call,
                      const W* file, uint8_t* scratch) {
  const int32_t n = call.size.out_c, depth = depth_of(g);
  const size_t at = static_cast<size_t>(call.first_channel) * static_cast<size_t>(depth);
  if (!with.copies_filters()) return file + at;
  auto* copies = reinterpret_cast<W*>(scratch + with.filter_scratch);
  if (call.phase != nullptr) {
    copy_taps(g, *call.phase, file + at, n, copies);
  } else if constexpr (sizeof(W) == 1) {
    const size_t count = static_cast<size_t>(n) * static_cast<size_t>(depth);
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

// A pixel is a vector: its products need no windows, and read each weight once, where it lies. Only
// the rounding is not that of a fully connected layer.
inline void run_pixel(const ConvExtras& with, const ConvS8& a) {
  const Requantize& q = a.requantize;
  auto* sums = reinterpret_cast<int32_t*>(a.scratch);
  with.pixel({.outputs = a.size.out_c,
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
void run_call(const Step& s, const ConvStep<Args>& step, Args a, const ConvCall& call) {
  const ConvExtras& with = *step.extras;
  a.weights = load_filters(with, step.layer.size, call, a.weights, a.scratch);
  take_channels(call.first_channel, &a);
  if constexpr (Folds<Args>) {
    if (folded_in(a) == nullptr) {
      auto* found = reinterpret_cast<int32_t*>(a.scratch + with.folded_scratch);
      fold_filters(with, fold_of(a, s.optional_input(step.inputs.bias)), a.weights,
                   call.first_channel, a.size.out_c, depth_of(a.size), found, nullptr);
      folded_in(a) = found;
    }
  }
  if constexpr (std::is_same_v<Args, ConvS8>) {
    if (with.pixel != nullptr) return run_pixel(with, a);
  }
  step.kernel->run(a);
}

// Single pixels know no rows: what is computed of each alone is a convolution of one long row, of
// which threads can take parts of any size. Images that are quantized each for itself stay apart.
//
//   image 0   | row 0 |
//             | row 1 |      | row 0 | row 1 | row 0 | row 1 |    in_h 1, batch 1
//   image 1   | row 0 |
//             | row 1 |
template <class Args>
void join_rows(bool transposed, Args* a) {
  ConvGeometry& g = a->size;
  if (transposed || g.kernel_h * g.kernel_w > 1 || g.stride_h > 1 || g.stride_w > 1) return;
  const int32_t images = Hybrid<Args> ? 1 : g.batch;
  if (!Hybrid<Args>) g.batch = 1;
  g.in_w = g.out_w = images * g.in_h * g.in_w;
  g.in_h = g.out_h = 1;
  a->stride.out_row = g.out_w * a->stride.out_pixel;
}

template <class Args>
Status run_conv(const Step& s, Run& run) {
  const auto& step = *s.params<ConvStep<Args>>();
  Args all = args_of(s, step);
  join_rows(step.extras != nullptr && step.extras->cuts.transposed, &all);
  set_memory(s, step.inputs, &all);
  if (step.extras == nullptr) {
    step.kernel->run(all);
  } else {
    for_each_call(s, step, all, run,
                  [&](const Args& a, const ConvCall& call) { run_call(s, step, a, call); });
  }
  return {};
}

// ---- some rows at a time

// Where all pixels are one row (see join_rows()), the image's rows are parts of it.
template <class Args>
Args args_of_rows(const Step& s, const ConvStep<Args>& step, const RowsCall& call) {
  Args a = args_of(s, step);
  const ConvGeometry& file = step.layer.size;
  join_rows(false, &a);
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
  Args all = args_of_rows(s, step, call);
  all.scratch = call.scratch;
  all.arranged = call.kept;
  if (step.extras == nullptr) return step.kernel->run(all);
  for_blocks(step.extras->cuts, {.size = all.size, .stride = all.stride}, Part{0, all.size.out_c},
             [&](const ConvCall& block) {
               Args a = all;
               take_call(block, &a);
               run_call(s, step, a, block);
             });
}

template <class Args>
[[gnu::cold]] ByteCount conv_rows_scratch(const Step& s, const Part& rows) {
  const auto& step = *s.params<ConvStep<Args>>();
  if (step.kernel->scratch == nullptr) return 0;
  RowsCall call;
  call.rows = rows;
  Args all = args_of_rows(s, step, call);
  mark_arranged(s, step, &all);
  if (step.extras == nullptr) return step.kernel->scratch(all);
  ByteCount most;
  for_kinds_of_blocks(step.extras->cuts, {.size = all.size, .stride = all.stride},
                      Part{0, all.size.out_c}, [&](const ConvCall& block) {
                        Args a = all;
                        take_call(block, &a);
                        most = std::max(most, step.kernel->scratch(a));
                      });
  return most;
}

// Weights that fill a cache are read, or even packed, by each call.
inline int32_t least_rows(const ConvGeometry& g, int32_t least) {
  constexpr int32_t kCacheBytes = 32 << 10;
  return int64_t{depth_of(g)} * g.out_c > kCacheBytes ? g.out_h : least;
}

template <class Args>
[[gnu::cold]] RowsPlan conv_by_rows(const Step& s) {
  const ConvGeometry& size = s.params<ConvStep<Args>>()->layer.size;
  RowsPlan plan = rows_of(size);
  plan.run = run_conv_rows<Args>;
  plan.products = depth_of(size);
  plan.least = least_rows(size, plan.least);
  plan.scratch = conv_rows_scratch<Args>;
  keep_arranged<Args>(s, &plan);
  return plan;
}

// ---- prepare

template <class Args>
[[gnu::cold]] void fold_channels(const Prepare& p, const ConvStep<Args>& step,
                                 const ConvExtras& with, int32_t* folded, bool* holds_min) {
  const auto& layer = step.layer;
  const Fold fold = fold_of(layer, p.optional_input(step.inputs.bias));
  const void* weights = p.input(step.inputs.weights).data;
  const int32_t channels = layer.size.out_c, elements = depth_of(layer.size);
  if (!with.packed) {
    *holds_min = false;
    fold_filters(with, fold, static_cast<decltype(layer.weights)>(weights), 0, channels, elements,
                 folded, holds_min);
    return;
  }
  const auto depth = static_cast<size_t>(elements);
  for (int32_t o = 0; o < channels; ++o) {
    const size_t first = static_cast<size_t>(o) * depth;
    const int32_t sum = sum_of_int4(static_cast<const uint8_t*>(weights), first, elements);
    folded[o] = fold(o, sum, elements);
  }
}

// Computes what a call needs of each channel's weights now, if all values are known, and whether
// one of them is the least number.
template <class Args>
[[gnu::cold]] Status fold_now(Prepare& p, const ConvExtras& with, ConvStep<Args>* step,
                              bool* holds_min) {
  const Tensor* bias = p.optional_input(step->inputs.bias);
  if (with.cuts.transposed || !p.values_known(step->inputs.weights)) return {};
  if (!Hybrid<Args> && bias != nullptr && !p.values_known(step->inputs.bias)) return {};
  int32_t* folded = p.allocate<int32_t>(static_cast<size_t>(step->layer.size.out_c));
  if (folded == nullptr) return Code::kArenaTooSmall;
  compute(p, [&] { fold_channels(p, *step, with, folded, holds_min); });
  folded_in(step->layer) = folded;
  return {};
}

// Products a cycle, of a small CPU.
constexpr int64_t kProducts = 8;

// The weights are repacked, or at least read, by each share of lines, and windows of more than a
// pixel are gathered by each share of channels: a cycle for a few bytes of either.
template <class Args>
[[gnu::cold]] ConvSplit split_of(const Prepare& p, const ConvCuts& c, const Args& whole) {
  constexpr int64_t kBytes = 4, kChannels = 8;
  const int64_t element = sizeof(*whole.in);
  const ConvGeometry& g = whole.size;
  const int64_t outputs = int64_t{g.batch} * g.out_h * g.out_w;  // of a channel
  const int64_t depth = depth_of(g);
  const int64_t taps = c.transposed ? depth / (g.stride_h * g.stride_w) : depth;
  const bool gathers = g.kernel_h * g.kernel_w > 1;
  ConvWork work;
  work.sharing = p.sharing();
  work.cycles = (outputs * g.out_c * element + kProducts - 1) / kProducts * taps;
  work.repeated_by_lines = depth * g.out_c * element / kBytes;
  work.repeated_by_channels = gathers ? (outputs * element + kBytes - 1) / kBytes * taps : 0;
  work.channel_unit = std::min<int32_t>(kChannels, c.group_channels);
  return choose_split(work, largest_phase(c, g));
}

// Divides the filters into blocks, and scratch memory into parts. Returns the variant for them.
template <class Args>
[[gnu::cold]] const KernelVariant<Args>& divide(Prepare& p,
                                                Span<const KernelVariant<Args>> variants,
                                                Args whole, bool folded, ConvExtras* with) {
  constexpr int32_t kCacheBytes = 16384;  // of copied filters: half of a small first-level cache
  constexpr int32_t kLeast = 4;           // filters, which a kernel may take side by side
  ConvCuts& c = with->cuts;
  if (c.transposed || Hybrid<Args>) whole.size.batch = 1;
  c.split = split_of(p, c, whole);
  c.block = c.group_channels;
  const ConvGeometry g = largest_phase(c, whole.size);
  const ByteCount filter = ByteCount(g.kernel_h) * g.kernel_w * g.in_c * sizeof(*whole.weights);
  if (with->copies_filters()) {
    const auto fit = static_cast<int32_t>(kCacheBytes / filter.value()) / kLeast * kLeast;
    c.block = std::min(c.block, std::max(fit, kLeast));
  }
  ScratchLayout layout;
  ByteCount of_calls;
  const KernelVariant<Args>& variant = choose(
      p, variants, [&](const auto& one) { return scratch_of_calls(c, whole, one); }, &of_calls);
  layout.add(with->pixel != nullptr ? ByteCount(c.block) * sizeof(int32_t) : of_calls);
  if (with->copies_filters()) with->filter_scratch = layout.add(filter * c.block);
  if (Folds<Args> && !folded) with->folded_scratch = layout.add(c.block, sizeof(int32_t));
  with->share_scratch = layout.repeat(c.split.shares);
  if (Hybrid<Args>) {
    const ConvGeometry& size = whole.size;
    with->image_scratch = layout.add(ByteCount(size.in_h) * size.in_w * whole.stride.in_pixel);
  }
  p.scratch(layout.bytes());
  return variant;
}

// Whether all there is to compute is one pixel from one.
inline bool is_pixel(bool transposed, const ConvGeometry& g) {
  return !transposed && g.kernel_h * g.kernel_w == 1 && g.batch * g.in_h * g.in_w == 1;
}

// What an operator reads from the file.
struct ConvKind {
  bool transposed = false;
  bool packed = false;
  int32_t depth = 0;           // elements of a filter
  int32_t group_channels = 0;  // output channels of a group
};

// Leaves the step of a convolution whose tensors have been checked, with the file's sizes.
template <class Args>
[[gnu::cold]] Status plan_conv(Prepare& p, const ConvSpec& spec, const ConvGeometry& file,
                               const ConvKind& kind, Span<const KernelVariant<Args>> variants) {
  auto* step = p.allocate<ConvStep<Args>>();
  if (step == nullptr) return Code::kArenaTooSmall;
  step->inputs = spec.inputs;
  ConvExtras with;
  with.cuts.transposed = kind.transposed;
  with.cuts.group_channels = kind.group_channels;
  with.packed = kind.packed;
  with.in_pixel = file.in_c;
  with.row_sums = choose(row_sums_variants(), p.cpu()).run;
  auto& layer = step->layer;
  layer.size = file;
  layer.size.in_c = kind.depth / (file.kernel_h * file.kernel_w);
  PIPIT_TRY(set_arithmetic<Args>(p, spec, &layer, &with.hybrid));
  bool holds_min = true;
  if constexpr (Folds<Args>) PIPIT_TRY(fold_now(p, with, step, &holds_min));
  if constexpr (requires { layer.whole_positions; }) {
    layer.whole_positions = file.batch * file.out_h * file.out_w;
  }
  if constexpr (requires { layer.no_weight_is_min; }) {
    layer.no_weight_is_min = kind.packed || !holds_min ||
                             (!is_folded(*step) && no_weight_is_min(p, spec.inputs.weights));
  }
  const char* name = nullptr;
  if constexpr (std::is_same_v<Args, ConvS8>) {
    if (is_pixel(kind.transposed, file)) {
      const auto& product = choose(matmul_s8_variants(), p.cpu());
      with.pixel = product.run;
      name = product.name;
    }
  }
  Args joined = args_of(p.step(), *step);
  joined.stride.in_pixel = file.in_c;
  join_rows(kind.transposed, &joined);
  step->kernel = &divide(p, variants, joined, is_folded(*step), &with);
  if (needs_extras(*step, with)) {
    step->extras = keep(p, with);
    if (step->extras == nullptr) return Code::kArenaTooSmall;
  }
  detach_constants(p, step);
  if (can_go_by_rows(*step)) p.by_rows(conv_by_rows<Args>);
  return p.run(run_conv<Args>, step, name != nullptr ? name : step->kernel->name);
}

}  // namespace pipit
