// SPDX-License-Identifier: Apache-2.0
// The table of operators: a row each, by builtin code.
#include "kernels/ops.h"

#include "pipit/interpreter.h"

namespace pipit {
namespace {

constexpr const Op* kOps[] = {
    &kAdd,
    &kArgMax,
    &kArgMin,
    &kAveragePool2d,
    &kBatchToSpaceNd,
    &kBroadcastArgs,
    &kBroadcastTo,
    &kConcatenation,
    &kConv2d,
    &kConv3d,
    &kConv3dTranspose,
    &kDepthToSpace,
    &kDepthwiseConv2d,
    &kDequantize,
    &kDilate,
    &kDynamicUpdateSlice,
    &kExpandDims,
    &kFill,
    &kFullyConnected,
    &kGather,
    &kGatherNd,
    &kHardSwish,
    &kL2Pool2d,
    &kLeakyRelu,
    &kLogistic,
    &kMatrixDiag,
    &kMatrixSetDiag,
    &kMaxPool2d,
    &kMean,
    &kMirrorPad,
    &kMul,
    &kOneHot,
    &kPack,
    &kPad,
    &kPadV2,
    &kQuantize,
    &kRange,
    &kRank,
    &kRelu,
    &kRelu0To1,
    &kRelu6,
    &kReluN1To1,
    &kReshape,
    &kResizeBilinear,
    &kResizeNearestNeighbor,
    &kReverseSequence,
    &kReverseV2,
    &kShape,
    &kSlice,
    &kSoftmax,
    &kSpaceToBatchNd,
    &kSpaceToDepth,
    &kSplit,
    &kSplitV,
    &kSqueeze,
    &kStablehloPad,
    &kStridedSlice,
    &kSub,
    &kTanh,
    &kTile,
    &kTranspose,
    &kTransposeConv,
    &kUnidirectionalSequenceLstm,
    &kUnpack,
    &kZerosLike,
    &kSvdf,
    &kBatchMatmul,
};

}  // namespace

OpTable all_operators() { return kOps; }

}  // namespace pipit
