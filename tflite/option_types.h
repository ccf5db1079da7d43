// SPDX-License-Identifier: Apache-2.0
// Under which name the format keeps the options of a builtin operator, for those whose options are
// known as structs (builtin_data.cc).
#pragma once

#include "tensorflow/lite/builtin_ops.h"
#include "tflite_generated.h"

namespace pipit::compat {

struct OptionType {
  int32_t op;
  fb::BuiltinOptions type;
};

#define ROW(op, type) \
  { kTfLiteBuiltin##op, fb::BuiltinOptions::type }
constexpr OptionType kOptionTypes[] = {
    ROW(Add, AddOptions),
    ROW(ArgMax, ArgMaxOptions),
    ROW(ArgMin, ArgMinOptions),
    ROW(AveragePool2d, Pool2DOptions),
    ROW(BatchMatmul, BatchMatMulOptions),
    ROW(BidirectionalSequenceLstm, BidirectionalSequenceLSTMOptions),
    ROW(BidirectionalSequenceRnn, BidirectionalSequenceRNNOptions),
    ROW(CallOnce, CallOnceOptions),
    ROW(Cast, CastOptions),
    ROW(Concatenation, ConcatenationOptions),
    ROW(Conv2d, Conv2DOptions),
    ROW(Conv3d, Conv3DOptions),
    ROW(Conv3dTranspose, Conv3DOptions),
    ROW(Cumsum, CumsumOptions),
    ROW(DepthToSpace, DepthToSpaceOptions),
    ROW(DepthwiseConv2d, DepthwiseConv2DOptions),
    ROW(Div, DivOptions),
    ROW(FakeQuant, FakeQuantOptions),
    ROW(FullyConnected, FullyConnectedOptions),
    ROW(Gather, GatherOptions),
    ROW(Gelu, GeluOptions),
    ROW(Hashtable, HashtableOptions),
    ROW(If, IfOptions),
    ROW(L2Normalization, L2NormOptions),
    ROW(L2Pool2d, Pool2DOptions),
    ROW(LeakyRelu, LeakyReluOptions),
    ROW(LocalResponseNormalization, LocalResponseNormalizationOptions),
    ROW(Lstm, LSTMOptions),
    ROW(MaxPool2d, Pool2DOptions),
    ROW(Mean, ReducerOptions),
    ROW(MirrorPad, MirrorPadOptions),
    ROW(Mul, MulOptions),
    ROW(OneHot, OneHotOptions),
    ROW(Pack, PackOptions),
    ROW(ReduceAll, ReducerOptions),
    ROW(ReduceAny, ReducerOptions),
    ROW(ReduceMax, ReducerOptions),
    ROW(ReduceMin, ReducerOptions),
    ROW(ReduceProd, ReducerOptions),
    ROW(Reshape, ReshapeOptions),
    ROW(ResizeBilinear, ResizeBilinearOptions),
    ROW(ResizeNearestNeighbor, ResizeNearestNeighborOptions),
    ROW(ReverseSequence, ReverseSequenceOptions),
    ROW(Rnn, RNNOptions),
    ROW(Shape, ShapeOptions),
    ROW(Softmax, SoftmaxOptions),
    ROW(SpaceToDepth, SpaceToDepthOptions),
    ROW(SparseToDense, SparseToDenseOptions),
    ROW(Split, SplitOptions),
    ROW(SplitV, SplitVOptions),
    ROW(Squeeze, SqueezeOptions),
    ROW(StridedSlice, StridedSliceOptions),
    ROW(Sub, SubOptions),
    ROW(Sum, ReducerOptions),
    ROW(Svdf, SVDFOptions),
    ROW(TransposeConv, TransposeConvOptions),
    ROW(UnidirectionalSequenceLstm, UnidirectionalSequenceLSTMOptions),
    ROW(UnidirectionalSequenceRnn, SequenceRNNOptions),
    ROW(Unique, UniqueOptions),
    ROW(Unpack, UnpackOptions),
    ROW(While, WhileOptions),
};
#undef ROW

constexpr fb::BuiltinOptions option_type(int32_t op) {
  for (const OptionType& row : kOptionTypes) {
    if (row.op == op) return row.type;
  }
  return fb::BuiltinOptions::NONE;
}

}  // namespace pipit::compat
