// SPDX-License-Identifier: Apache-2.0
// Which calls of a kernel make up a convolution or pooling: boxes of its output, found from sizes
// alone, whatever the type of the numbers.
//
// A call covers one group of channels or a part of it. A transposed convolution with stride s is
// s * s convolutions with stride 1: output rows y and taps ky with the same remainder of
// y + pad - ky by s belong together, and so do columns. Each of these phases reads its own taps,
// last to first.
//
//   stride 2, 3 taps, pad 0, one dimension:
//     out[0] = in[0] w[0]                 out[1] = in[0] w[1]
//     out[2] = in[1] w[0] + in[0] w[2]    out[3] = in[1] w[1]
//     phase 0: in with the taps w[2], w[0] and a pad of 1        phase 1: in with w[1]
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/ops/conv_split.h"
#include "pipit/op.h"

namespace pipit {

// One dimension of a phase.
struct PhaseAxis {
  int32_t outputs = 0;    // how many, `stride` apart
  int32_t first_tap = 0;  // in the file
  int32_t taps = 1;       // at least 1: where none belongs to the phase, one far outside
  int32_t pad = 0;
};

struct Phase {
  PhaseAxis rows, columns;
};

struct ConvCuts {
  bool transposed = false;
  bool depthwise = false;      // a group is an input channel with its outputs; a call takes several
  int32_t group_channels = 0;  // output channels of a group
  int32_t block = 0;           // most output channels in one call
  ConvSplit split;

  // Of all channels, for each part of the image.
  bool is_one_call(const ConvGeometry& g) const {
    return block == g.out_c && (depthwise || group_channels == g.out_c);
  }
};

// Part of a convolution, or the whole.
struct ConvCall {
  ConvGeometry size;
  ConvStrides stride;
  ptrdiff_t in = 0, out = 0;  // elements from the first one of the tensors to that of the call
  int32_t first_channel = 0;  // of the output
  const Phase* phase = nullptr;
};

// Refers to what is called for each of some calls; it does not outlive that.
class CallVisitor {
 public:
  template <class F>
  CallVisitor(const F& f)  // NOLINT: a lambda is one
      : object_(&f), visit_([](const void* object, const ConvCall& call) {
          (*static_cast<const F*>(object))(call);
        }) {}
  void operator()(const ConvCall& call) const { visit_(object_, call); }

 private:
  const void* object_;
  void (*visit_)(const void* object, const ConvCall& call);
};

// Address arithmetic for calls that are planned before there are addresses.
template <class T>
T* moved(T* p, ptrdiff_t by) {
  return p == nullptr ? nullptr : p + by;
}

// Narrows a kernel's arguments for the whole to the call; not yet what belongs to its channels.
template <class Args>
void take_call(const ConvCall& call, Args* a) {
  a->size = call.size;
  a->stride = call.stride;
  a->in = moved(a->in, call.in);
  a->out = moved(a->out, call.out);
}

// Visits the calls of blocks of these channels, of lines of the output or of those of a phase.
void for_blocks(const ConvCuts& c, const ConvCall& lines, const Part& channels, CallVisitor visit);

// Visits these lines (see lines_of()), once for each image that has some of them.
void for_lines(const ConvCall& whole, Part lines, CallVisitor visit);

// Visits the calls that make up a share of all images, or of one where they are taken one by one.
void for_calls(const ConvCuts& c, const ConvCall& whole, int32_t share, CallVisitor visit);

// ---- one call of each kind: how much scratch memory a call needs depends on its sizes alone, and
// a model may ask for a billion images, groups or phases

// Visits a call of each size that for_blocks() has.
void for_kinds_of_blocks(const ConvCuts& c, const ConvCall& lines, const Part& channels,
                         CallVisitor visit);

// Visits a call of each size that for_calls() has.
void for_kinds_of_calls(const ConvCuts& c, const ConvCall& whole, int32_t share, CallVisitor visit);

// The largest phase of a transposed convolution; another is the whole.
ConvGeometry largest_phase(const ConvCuts& c, const ConvGeometry& whole);

// ---- some rows at a time

// How a convolution or pooling of one image computes some rows. Each call prepares what it needs
// for each group of channels, which should serve some positions.
RowsPlan rows_of(const ConvGeometry& g);

// Narrows one image to rows of the output. Returns how many rows of the input they leave out in
// front: kernels need not step over them.
int32_t take_rows(const Part& rows, ConvGeometry* g);

// The same with addresses. Bands hold rows of input and output; while there are no addresses, sizes
// alone are found.
template <class Args>
void take_rows(const RowsCall& call, Args* a) {
  a->out = moved(reinterpret_cast<decltype(a->out)>(call.out.at),
                 ptrdiff_t{call.rows.first - call.out.first} * a->stride.out_row);
  const int32_t skipped = take_rows(call.rows, &a->size);
  a->in = moved(reinterpret_cast<decltype(a->in)>(call.in[0].at),
                ptrdiff_t{skipped - call.in[0].first} * a->size.in_w * a->stride.in_pixel);
}

}  // namespace pipit
