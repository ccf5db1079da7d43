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
    &kDepthToSpace,
    &kFullyConnected,
    &kMul,
    &kReshape,
    &kSpaceToDepth,
    &kPad,
    &kGather,
    &kBatchToSpaceNd,
    &kSpaceToBatchNd,
    &kTranspose,
    &kSub,
    &kSqueeze,
    &kUnidirectionalSequenceLstm,
    &kStridedSlice,
    &kSplit,
    &kPadV2,
    &kSlice,
    &kTile,
    &kExpandDims,
    &kShape,
    &kPack,
    &kOneHot,
    &kUnpack,
    &kZerosLike,
    &kFill,
    &kRange,
    &kMirrorPad,
    &kSplitV,
    &kReverseV2,
    &kGatherNd,
    &kRank,
    &kTransposeConv,
    &kBroadcastTo,
    &kConv3d,
    &kConv3dTranspose,
    &kAveragePool2d,
    &kMaxPool2d,
    &kL2Pool2d,
    &kMean,
    &kReverseSequence,
    &kMatrixDiag,
    &kMatrixSetDiag,
    &kBroadcastArgs,
    &kDynamicUpdateSlice,
    &kStablehloPad,
    &kDilate,
};

}  // namespace

OpTable all_operators() { return kOps; }

}  // namespace pipit
