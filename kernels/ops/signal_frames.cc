// SPDX-License-Identifier: Apache-2.0
// SignalFramer, SignalStacker, SignalDelay, SignalOverlapAdd: audio cut into frames that overlap,
// and put together again. They keep samples from one invocation to the next.
#include <algorithm>
#include <cstring>

#include "core/flexbuffer.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

constexpr int64_t kMostSamples = 1 << 24;

// An option that is a number of samples.
Status read_count(const Prepare& p, const char* key, int64_t least, int32_t* count) {
  const int64_t value = Flex::root(p.custom_options())[key].integer();
  if (value < least || value > kMostSamples) return p.bad(key, " is ", value);
  *count = static_cast<int32_t>(value);
  return {};
}

Status check_samples(const Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, p.outputs()));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kInt16)));
  PIPIT_TRY(same_type(p, p.input(0), p.output(0)));
  if (p.input(0).shape.rank < 1 || p.input(0).shape.last() == 0) {
    return p.bad(p.input(0), " has no samples");
  }
  return {};
}

// The output that says whether there are enough samples yet.
Status set_valid(Prepare& p) {
  if (p.outputs() != 2) return p.bad("has ", p.outputs(), " outputs, not 2");
  PIPIT_TRY(need_type(p, p.output(1), types(Type::kBool)));
  return p.set_output(1, Shape());
}

// The newest `kept` of the samples in `past` and `next`.
template <class T>
void push(T* past, int32_t kept, const T* next, int32_t n) {
  if (n < kept) std::memmove(past, past + n, static_cast<size_t>(kept - n) * sizeof(T));
  const int32_t taken = std::min(n, kept);
  std::copy(next + n - taken, next + n, past + kept - taken);
}

// ---- SignalFramer: frame_size samples, after each frame_step new ones. A frame is whole only at
// the end of a step; the samples that came with that step behind it stay behind every frame.

//   size 5, step 2:   kept = ready = 6   past  | s0 s1 s2 s3 s4 | s5 |
//                                               the frame          waits
//
// With `prefill` there are zeros in front of the first samples, so the first step completes a
// frame.
struct Framer {
  int32_t size, step, rows, frames;
  int32_t kept;      // samples of a frame and behind it
  int32_t ready;     // samples that complete the first frame
  int16_t* past;     // `kept` samples a row
  int32_t* arrived;  // of a row, until there are enough
};

Status run_framer(const Step& s, Run&) {
  const auto& p = *s.params<Framer>();
  const int16_t* in = s.input(0).as<int16_t>();
  int16_t* out = s.output(0).as<int16_t>();
  bool valid = true;
  for (ptrdiff_t row = 0; row < p.rows; ++row) {
    int16_t* past = p.past + row * p.kept;
    int32_t& arrived = p.arrived[row];
    for (int32_t f = 0; f < p.frames; ++f, in += p.step, out += p.size) {
      push(past, p.kept, in, p.step);
      arrived = std::min(arrived + p.step, p.ready);
      if (arrived == p.ready) {
        std::copy(past, past + p.size, out);
      } else {
        std::fill(out, out + p.size, int16_t{0});
        valid = false;
      }
    }
  }
  s.output(1).as<bool>()[0] = valid;
  return {};
}

Status prepare_framer(Prepare& p) {
  PIPIT_TRY(check_samples(p));
  Framer* f = p.allocate<Framer>();
  if (f == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(read_count(p, "frame_size", 1, &f->size));
  PIPIT_TRY(read_count(p, "frame_step", 1, &f->step));
  const Shape& in = p.input(0).shape;
  const bool prefill = Flex::root(p.custom_options())["prefill"].boolean();
  if (in.last() % f->step != 0 || (prefill && f->step > f->size)) {
    return p.bad(p.input(0), " does not hold steps of ", f->step, " for frames of ", f->size);
  }
  f->frames = in.last() / f->step;
  f->rows = in.product(0, in.rank - 1);
  f->ready = prefill ? f->step : (f->size + f->step - 1) / f->step * f->step;
  f->kept = prefill ? f->size : f->ready;
  Shape shape = in;
  if (shape.rank == Shape::kMaxRank) return p.bad(p.input(0), " has too many dimensions");
  shape[shape.rank - 1] = f->frames;
  shape[shape.rank++] = f->size;
  PIPIT_TRY(p.set_output(0, shape));
  PIPIT_TRY(set_valid(p));
  if (int64_t{f->rows} * f->kept > INT32_MAX) return p.bad("frames of ", f->size, " are too large");
  const auto rows = static_cast<size_t>(f->rows);
  PIPIT_TRY(p.state(rows * static_cast<size_t>(f->kept), &f->past));
  PIPIT_TRY(p.state(rows, &f->arrived));
  return p.run(run_framer, f, "portable");
}

// ---- SignalStacker: the last frames side by side, after each stacker_step new ones

// One invocation brings one frame, and `before` and those behind it are its context: before + 1 +
// after of them are stacked.
struct Stacker {
  int32_t channels, before, frames, step;
  int16_t* past;  // `frames` frames, the first `*have` of them
  int32_t* have;
  uint8_t* begun;
};

void add_frame(const Stacker& p, const int16_t* frame) {
  std::copy(frame, frame + p.channels, p.past + ptrdiff_t{*p.have} * p.channels);
  ++*p.have;
}

void discard_frames(const Stacker& p) {
  *p.have -= p.step;
  const ptrdiff_t channels = p.channels;
  const int16_t* from = p.past + p.step * channels;
  std::copy(from, from + *p.have * channels, p.past);
}

Status run_stacker(const Step& s, Run&) {
  const auto& p = *s.params<Stacker>();
  const int16_t* in = s.input(0).as<int16_t>();
  // The first frame stands also for those before it.
  for (int32_t i = *p.begun != 0 ? p.before : 0; i < p.before; ++i) add_frame(p, in);
  *p.begun = 1;
  add_frame(p, in);
  const bool valid = *p.have == p.frames;
  int16_t* out = s.output(0).as<int16_t>();
  const ptrdiff_t size = ptrdiff_t{p.frames} * p.channels;
  if (valid) {
    std::copy(p.past, p.past + size, out);
    discard_frames(p);
  } else {
    std::fill(out, out + size, int16_t{0});
  }
  s.output(1).as<bool>()[0] = valid;
  return {};
}

Status prepare_stacker(Prepare& p) {
  PIPIT_TRY(check_samples(p));
  Stacker* k = p.allocate<Stacker>();
  if (k == nullptr) return Code::kArenaTooSmall;
  int32_t after = 0;
  PIPIT_TRY(read_count(p, "num_channels", 1, &k->channels));
  PIPIT_TRY(read_count(p, "stacker_left_context", 0, &k->before));
  PIPIT_TRY(read_count(p, "stacker_right_context", 0, &after));
  PIPIT_TRY(read_count(p, "stacker_step", 1, &k->step));
  const Shape& in = p.input(0).shape;
  if (in.rank != 1 || in[0] != k->channels) {
    return p.bad(p.input(0), " is not one frame of ", k->channels, " channels");
  }
  k->frames = k->before + after + 1;
  if (k->step > k->frames) return p.bad("steps by ", k->step, " of ", k->frames, " frames");
  const int64_t samples = int64_t{k->channels} * k->frames;
  if (samples > kMostSamples) return p.bad("stacks ", samples, " samples");
  PIPIT_TRY(p.set_output(0, Shape::of(samples)));
  PIPIT_TRY(set_valid(p));
  PIPIT_TRY(p.state(static_cast<size_t>(samples), &k->past));
  PIPIT_TRY(p.state(1, &k->have));
  PIPIT_TRY(p.state(1, &k->begun));
  return p.run(run_stacker, k, "portable");
}

// ---- SignalDelay: the samples of so many samples ago

struct Delay {
  int32_t delay, n, rows;
  int16_t* past;  // `delay` samples a row
};

Status run_delay(const Step& s, Run&) {
  const auto& p = *s.params<Delay>();
  for (ptrdiff_t row = 0; row < p.rows; ++row) {
    const int16_t* in = s.input(0).as<int16_t>() + row * p.n;
    int16_t* out = s.output(0).as<int16_t>() + row * p.n;
    int16_t* past = p.past + row * p.delay;
    const int32_t old = std::min(p.delay, p.n);
    std::copy(past, past + old, out);
    std::copy(in, in + p.n - old, out + old);
    push(past, p.delay, in, p.n);
  }
  return {};
}

Status prepare_delay(Prepare& p) {
  PIPIT_TRY(check_samples(p));
  if (p.outputs() != 1) return p.bad("has ", p.outputs(), " outputs, not 1");
  Delay* d = p.allocate<Delay>();
  if (d == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(read_count(p, "delay_length", 0, &d->delay));
  const Shape& in = p.input(0).shape;
  d->n = in.last();
  d->rows = in.product(0, in.rank - 1);
  if (int64_t{d->rows} * d->delay > INT32_MAX) return p.bad("delays by ", d->delay, " samples");
  PIPIT_TRY(p.set_output(0, in));
  PIPIT_TRY(p.state(static_cast<size_t>(d->rows) * static_cast<size_t>(d->delay), &d->past));
  return p.run(run_delay, d, "portable");
}

// ---- SignalOverlapAdd: the sum of frames of which each begins frame_step after the one before

//   frame 0   |a0 a1|a2 a3|           step 2, size 4
//   frame 1         |b0 b1|b2 b3|
//   out       |a0 a1|a2+b0 a3+b1| ...     what later frames still add to is pending
struct OverlapAdd {
  int32_t size, step, rows, frames;
  void* pending;  // `size` sums a row that are not complete
};

// Saturated, since two loud frames overlap.
int16_t sum(int16_t a, int16_t b) {
  return static_cast<int16_t>(std::clamp(int32_t{a} + b, INT16_MIN, INT16_MAX));
}
float sum(float a, float b) { return a + b; }

template <class T>
Status run_overlap_add(const Step& s, Run&) {
  const auto& p = *s.params<OverlapAdd>();
  const T* in = s.input(0).as<T>();
  T* out = s.output(0).as<T>();
  for (int32_t row = 0; row < p.rows; ++row) {
    T* pending = static_cast<T*>(p.pending) + row * p.size;
    for (int32_t f = 0; f < p.frames; ++f, in += p.size, out += p.step) {
      for (int32_t i = 0; i < p.size; ++i) pending[i] = sum(in[i], pending[i]);
      std::copy(pending, pending + p.step, out);
      std::copy(pending + p.step, pending + p.size, pending);
      std::fill(pending + p.size - p.step, pending + p.size, T{0});
    }
  }
  return {};
}

template <class T>
Status plan_overlap_add(Prepare& p, OverlapAdd* o) {
  T* pending = nullptr;
  PIPIT_TRY(p.state(static_cast<size_t>(o->rows) * static_cast<size_t>(o->size), &pending));
  o->pending = pending;
  return p.run(run_overlap_add<T>, o, "portable");
}

Status prepare_overlap_add(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kInt16, Type::kFloat32)));
  PIPIT_TRY(same_type(p, p.input(0), p.output(0)));
  OverlapAdd* o = p.allocate<OverlapAdd>();
  if (o == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(read_count(p, "frame_step", 1, &o->step));
  const Shape& in = p.input(0).shape;
  if (in.rank < 2 || in.last() < o->step) {
    return p.bad(p.input(0), " has no frames for steps of ", o->step);
  }
  o->size = in.last();
  o->frames = in[in.rank - 2];
  o->rows = in.product(0, in.rank - 2);
  Shape shape = in;
  --shape.rank;
  shape[shape.rank - 1] = o->frames * o->step;
  PIPIT_TRY(p.set_output(0, shape));
  if (int64_t{o->rows} * o->size > INT32_MAX) return p.bad(p.input(0), " is too large");
  return p.input(0).type == Type::kInt16 ? plan_overlap_add<int16_t>(p, o)
                                         : plan_overlap_add<float>(p, o);
}

}  // namespace

const Op kSignalDelay = {kCustomOp, "SignalDelay", prepare_delay, kOpNoFold};
const Op kSignalFramer = {kCustomOp, "SignalFramer", prepare_framer, kOpNoFold};
const Op kSignalOverlapAdd = {kCustomOp, "SignalOverlapAdd", prepare_overlap_add, kOpNoFold};
const Op kSignalStacker = {kCustomOp, "SignalStacker", prepare_stacker, kOpNoFold};

}  // namespace pipit
