// SPDX-License-Identifier: Apache-2.0
// Every operator of this build, by name: a program that needs few puts those into a table of its
// own.
#pragma once

#include "pipit/op.h"

namespace pipit {

extern const Op kAdd;
extern const Op kArgMax;
extern const Op kArgMin;
extern const Op kAveragePool2d;
extern const Op kBatchMatmul;
extern const Op kBatchToSpaceNd;
extern const Op kBroadcastArgs;
extern const Op kBroadcastTo;
extern const Op kBucketize;
extern const Op kConcatenation;
extern const Op kConv2d;
extern const Op kConv3d;
extern const Op kConv3dTranspose;
extern const Op kCumsum;
extern const Op kDensify;
extern const Op kDepthToSpace;
extern const Op kDepthwiseConv2d;
extern const Op kDequantize;
extern const Op kDilate;
extern const Op kDynamicUpdateSlice;
extern const Op kEmbeddingLookup;
extern const Op kEmbeddingLookupSparse;
extern const Op kExpandDims;
extern const Op kFill;
extern const Op kFullyConnected;
extern const Op kGather;
extern const Op kGatherNd;
extern const Op kHardSwish;
extern const Op kL2Pool2d;
extern const Op kLeakyRelu;
extern const Op kLogistic;
extern const Op kMatrixDiag;
extern const Op kMatrixSetDiag;
extern const Op kMaxPool2d;
extern const Op kMean;
extern const Op kMirrorPad;
extern const Op kMul;
extern const Op kOneHot;
extern const Op kPack;
extern const Op kPad;
extern const Op kPadV2;
extern const Op kQuantize;
extern const Op kRange;
extern const Op kRank;
extern const Op kReduceAll;
extern const Op kReduceAny;
extern const Op kReduceMax;
extern const Op kReduceMin;
extern const Op kReduceProd;
extern const Op kReduceWindow;
extern const Op kRelu0To1;
extern const Op kRelu6;
extern const Op kRelu;
extern const Op kReluN1To1;
extern const Op kReshape;
extern const Op kResizeBilinear;
extern const Op kResizeNearestNeighbor;
extern const Op kReverseSequence;
extern const Op kReverseV2;
extern const Op kScatterNd;
extern const Op kSegmentSum;
extern const Op kShape;
extern const Op kSlice;
extern const Op kSoftmax;
extern const Op kSpaceToBatchNd;
extern const Op kSpaceToDepth;
extern const Op kSparseToDense;
extern const Op kSplit;
extern const Op kSplitV;
extern const Op kSqueeze;
extern const Op kStablehloGather;
extern const Op kStablehloPad;
extern const Op kStablehloReduceWindow;
extern const Op kStablehloScatter;
extern const Op kStridedSlice;
extern const Op kSub;
extern const Op kSum;
extern const Op kSvdf;
extern const Op kTanh;
extern const Op kTile;
extern const Op kTopkV2;
extern const Op kTranspose;
extern const Op kTransposeConv;
extern const Op kUnidirectionalSequenceLstm;
extern const Op kUnpack;
extern const Op kUnsortedSegmentMax;
extern const Op kUnsortedSegmentMin;
extern const Op kUnsortedSegmentProd;
extern const Op kUnsortedSegmentSum;
extern const Op kZerosLike;
extern const Op kSvdf;
extern const Op kBatchMatmul;
extern const Op kLstm;
extern const Op kRnn;
extern const Op kUnidirectionalSequenceRnn;
extern const Op kBidirectionalSequenceRnn;
extern const Op kBidirectionalSequenceLstm;

}  // namespace pipit
