// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/broadcast.h"

namespace pipit {
namespace {

// Dimension `d` of `of`, counted from the innermost; 1 where there is none.
int32_t from_inside(const BroadcastDims& of, int32_t d) {
  return d < of.rank ? of.dims[of.rank - 1 - d] : 1;
}

// The loops from the innermost outwards, before the first becomes the run.
struct Loops {
  int32_t count = 0;
  int32_t dims[kBroadcastMaxRank] = {};
  int32_t stride[kBroadcastOperands][kBroadcastMaxRank] = {};

  // Whether a further loop of these strides only continues the last one.
  bool continues(const int32_t* next) const {
    if (count == 0) return false;
    for (int k = 0; k < kBroadcastOperands; ++k) {
      if (next[k] != stride[k][count - 1] * dims[count - 1]) return false;
    }
    return true;
  }
  void add(int32_t dim, const int32_t* next) {
    if (continues(next)) {
      dims[count - 1] *= dim;
      return;
    }
    dims[count] = dim;
    for (int k = 0; k < kBroadcastOperands; ++k) stride[k][count] = next[k];
    ++count;
  }
};

}  // namespace

// For example, [2, 3, 4] with [3, 1] and [4]:
//
//    loop        size   strides
//    innermost     4     1  0  1     the run: n = 4, steps 1, 0, 1
//    middle        3     4  1  0     0 * 4 is not 1: the second operand does not just go on
//    outermost     2    12  0  0     1 * 3 is not 0: nor does it here
//
// With [3, 4] for both the inner two would be one run of 12.
Broadcast make_broadcast(const BroadcastDims& result, const BroadcastDims* operands, int count) {
  Loops loops;
  int32_t elements[kBroadcastOperands] = {1, 1, 1};
  for (int32_t d = 0; d < result.rank; ++d) {
    const int32_t dim = from_inside(result, d);
    if (dim == 0) return {};
    if (dim == 1) continue;
    int32_t stride[kBroadcastOperands] = {};
    for (int k = 0; k < count; ++k) {
      if (from_inside(operands[k], d) == 1) continue;
      stride[k] = elements[k];
      elements[k] *= dim;
    }
    loops.add(dim, stride);
  }
  Broadcast b;
  b.runs = 1;
  b.n = loops.count > 0 ? loops.dims[0] : 1;
  b.rank = loops.count > 0 ? loops.count - 1 : 0;
  for (int k = 0; k < count; ++k) b.step[k] = loops.count > 0 ? loops.stride[k][0] : 1;
  for (int32_t d = 0; d < b.rank; ++d) {
    const int32_t from = b.rank - d;
    b.dims[d] = loops.dims[from];
    b.runs *= loops.dims[from];
    for (int k = 0; k < count; ++k) b.stride[k][d] = loops.stride[k][from];
  }
  return b;
}

}  // namespace pipit
