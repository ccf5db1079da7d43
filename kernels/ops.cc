// SPDX-License-Identifier: Apache-2.0
// The table of operators: a row each, by builtin code.
#include "kernels/ops.h"

#include "pipit/interpreter.h"

namespace pipit {
namespace {

constexpr const Op* kOps[] = {
    &kMean,
    &kAdd,
    &kAveragePool2d,
    &kRelu,
    &kReluN1To1,
    &kConcatenation,
    &kMul,
    &kConv2d,
    &kRelu6,
    &kDepthwiseConv2d,
    &kTanh,
    &kDepthToSpace,
    &kDequantize,
    &kFullyConnected,
    &kL2Pool2d,
    &kLogistic,
    &kMaxPool2d,
    &kReshape,
    &kSoftmax,
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
    &kTransposeConv,
    &kTile,
    &kExpandDims,
    &kShape,
    &kPack,
    &kOneHot,
    &kUnpack,
    &kZerosLike,
    &kFill,
    &kRange,
    &kLeakyRelu,
    &kMirrorPad,
    &kSplitV,
    &kReverseV2,
    &kGatherNd,
    &kRank,
    &kReverseSequence,
    &kMatrixDiag,
    &kQuantize,
    &kMatrixSetDiag,
    &kHardSwish,
    &kBroadcastTo,
    &kConv3d,
    &kConv3dTranspose,
    &kBroadcastArgs,
    &kDynamicUpdateSlice,
    &kRelu0To1,
    &kStablehloPad,
    &kDilate,
};

}  // namespace

OpTable all_operators() { return kOps; }

}  // namespace pipit
