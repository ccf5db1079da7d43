// SPDX-License-Identifier: Apache-2.0
// The table of operators: a row each, by builtin code.
#include "kernels/ops.h"

#include "pipit/interpreter.h"

namespace pipit {
namespace {

constexpr const Op* kOps[] = {
    &kAdd,
    &kConcatenation,
    &kConv2d,
    &kDepthwiseConv2d,
    &kFullyConnected,
    &kMul,
    &kReshape,
    &kPad,
    &kGather,
    &kTranspose,
    &kSub,
    &kSqueeze,
    &kUnidirectionalSequenceLstm,
    &kStridedSlice,
    &kPadV2,
    &kTile,
    &kExpandDims,
    &kShape,
    &kPack,
    &kGatherNd,
    &kRank,
    &kTransposeConv,
    &kBroadcastTo,
    &kConv3d,
    &kConv3dTranspose,
    &kAdd,
    &kMul,
    &kSub,
    &kFullyConnected,
    &kAveragePool2d,
    &kMaxPool2d,
    &kL2Pool2d,
    &kMean,
};

}  // namespace

OpTable all_operators() { return kOps; }

}  // namespace pipit
