// SPDX-License-Identifier: Apache-2.0
// Every operator of this build, by name: a program that needs few puts those into a table of its
// own.
#pragma once

#include "pipit/op.h"

namespace pipit {

extern const Op kAdd;
extern const Op kConcatenation;
extern const Op kConv2d;
extern const Op kDepthwiseConv2d;
extern const Op kFullyConnected;
extern const Op kMul;
extern const Op kReshape;
extern const Op kPad;
extern const Op kGather;
extern const Op kTranspose;
extern const Op kSub;
extern const Op kSqueeze;
extern const Op kUnidirectionalSequenceLstm;
extern const Op kStridedSlice;
extern const Op kPadV2;
extern const Op kTile;
extern const Op kExpandDims;
extern const Op kShape;
extern const Op kPack;
extern const Op kGatherNd;
extern const Op kRank;
extern const Op kTransposeConv;
extern const Op kBroadcastTo;
extern const Op kConv3d;
extern const Op kConv3dTranspose;
extern const Op kAdd;
extern const Op kMul;
extern const Op kSub;
extern const Op kFullyConnected;
extern const Op kAveragePool2d;
extern const Op kMaxPool2d;
extern const Op kL2Pool2d;
extern const Op kMean;

}  // namespace pipit
