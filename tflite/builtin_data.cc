// SPDX-License-Identifier: Apache-2.0
// Options of builtin operators as structs, for delegates that read them and for kernels of the
// application that stand in for builtin ones.
#include <cstddef>
#include <cstring>

#include "pipit/details.h"
#include "tensorflow/lite/core/c/builtin_op_data.h"
#include "tflite/subgraph.h"

namespace pipit::compat {
namespace {

// How a number of the file becomes a member.
enum class Kind : uint8_t {
  kInt,    // as it is
  kFloat,  // as it is
  kBool,   // of a byte
  kByte,   // an enum that counts as the file does
  kNext,   // an enum that begins one later
  kType    // an element type
};

struct Field {
  int16_t op;
  uint8_t offset;
  Kind kind;
  int8_t id;  // in the file's table of options
  int8_t otherwise;
};

#define FIELD(op, type, member, kind, id, otherwise) \
  { kTfLiteBuiltin##op, offsetof(type, member), Kind::kind, id, otherwise }

constexpr Field kFields[] = {
    FIELD(Conv2d, TfLiteConvParams, padding, kNext, 0, 0),
    FIELD(Conv2d, TfLiteConvParams, stride_width, kInt, 1, 0),
    FIELD(Conv2d, TfLiteConvParams, stride_height, kInt, 2, 0),
    FIELD(Conv2d, TfLiteConvParams, activation, kByte, 3, 0),
    FIELD(Conv2d, TfLiteConvParams, dilation_width_factor, kInt, 4, 1),
    FIELD(Conv2d, TfLiteConvParams, dilation_height_factor, kInt, 5, 1),
    FIELD(Conv2d, TfLiteConvParams, quantized_bias_type, kType, 6, 0),
    FIELD(Conv3d, TfLiteConv3DParams, padding, kNext, 0, 0),
    FIELD(Conv3d, TfLiteConv3DParams, stride_width, kInt, 2, 0),
    FIELD(Conv3d, TfLiteConv3DParams, stride_height, kInt, 3, 0),
    FIELD(Conv3d, TfLiteConv3DParams, stride_depth, kInt, 1, 0),
    FIELD(Conv3d, TfLiteConv3DParams, dilation_width_factor, kInt, 6, 1),
    FIELD(Conv3d, TfLiteConv3DParams, dilation_height_factor, kInt, 7, 1),
    FIELD(Conv3d, TfLiteConv3DParams, dilation_depth_factor, kInt, 5, 1),
    FIELD(Conv3d, TfLiteConv3DParams, activation, kByte, 4, 0),
    FIELD(Conv3dTranspose, TfLiteConv3DParams, padding, kNext, 0, 0),
    FIELD(Conv3dTranspose, TfLiteConv3DParams, stride_width, kInt, 2, 0),
    FIELD(Conv3dTranspose, TfLiteConv3DParams, stride_height, kInt, 3, 0),
    FIELD(Conv3dTranspose, TfLiteConv3DParams, stride_depth, kInt, 1, 0),
    FIELD(Conv3dTranspose, TfLiteConv3DParams, dilation_width_factor, kInt, 6, 1),
    FIELD(Conv3dTranspose, TfLiteConv3DParams, dilation_height_factor, kInt, 7, 1),
    FIELD(Conv3dTranspose, TfLiteConv3DParams, dilation_depth_factor, kInt, 5, 1),
    FIELD(Conv3dTranspose, TfLiteConv3DParams, activation, kByte, 4, 0),
    FIELD(AveragePool2d, TfLitePoolParams, padding, kNext, 0, 0),
    FIELD(AveragePool2d, TfLitePoolParams, stride_width, kInt, 1, 0),
    FIELD(AveragePool2d, TfLitePoolParams, stride_height, kInt, 2, 0),
    FIELD(AveragePool2d, TfLitePoolParams, filter_width, kInt, 3, 0),
    FIELD(AveragePool2d, TfLitePoolParams, filter_height, kInt, 4, 0),
    FIELD(AveragePool2d, TfLitePoolParams, activation, kByte, 5, 0),
    FIELD(MaxPool2d, TfLitePoolParams, padding, kNext, 0, 0),
    FIELD(MaxPool2d, TfLitePoolParams, stride_width, kInt, 1, 0),
    FIELD(MaxPool2d, TfLitePoolParams, stride_height, kInt, 2, 0),
    FIELD(MaxPool2d, TfLitePoolParams, filter_width, kInt, 3, 0),
    FIELD(MaxPool2d, TfLitePoolParams, filter_height, kInt, 4, 0),
    FIELD(MaxPool2d, TfLitePoolParams, activation, kByte, 5, 0),
    FIELD(L2Pool2d, TfLitePoolParams, padding, kNext, 0, 0),
    FIELD(L2Pool2d, TfLitePoolParams, stride_width, kInt, 1, 0),
    FIELD(L2Pool2d, TfLitePoolParams, stride_height, kInt, 2, 0),
    FIELD(L2Pool2d, TfLitePoolParams, filter_width, kInt, 3, 0),
    FIELD(L2Pool2d, TfLitePoolParams, filter_height, kInt, 4, 0),
    FIELD(L2Pool2d, TfLitePoolParams, activation, kByte, 5, 0),
    FIELD(DepthwiseConv2d, TfLiteDepthwiseConvParams, padding, kNext, 0, 0),
    FIELD(DepthwiseConv2d, TfLiteDepthwiseConvParams, stride_width, kInt, 1, 0),
    FIELD(DepthwiseConv2d, TfLiteDepthwiseConvParams, stride_height, kInt, 2, 0),
    FIELD(DepthwiseConv2d, TfLiteDepthwiseConvParams, depth_multiplier, kInt, 3, 0),
    FIELD(DepthwiseConv2d, TfLiteDepthwiseConvParams, activation, kByte, 4, 0),
    FIELD(DepthwiseConv2d, TfLiteDepthwiseConvParams, dilation_width_factor, kInt, 5, 1),
    FIELD(DepthwiseConv2d, TfLiteDepthwiseConvParams, dilation_height_factor, kInt, 6, 1),
    FIELD(Svdf, TfLiteSVDFParams, rank, kInt, 0, 0),
    FIELD(Svdf, TfLiteSVDFParams, activation, kByte, 1, 0),
    FIELD(Svdf, TfLiteSVDFParams, asymmetric_quantize_inputs, kBool, 2, 0),
    FIELD(Rnn, TfLiteRNNParams, activation, kByte, 0, 0),
    FIELD(Rnn, TfLiteRNNParams, asymmetric_quantize_inputs, kBool, 1, 0),
    FIELD(UnidirectionalSequenceRnn, TfLiteSequenceRNNParams, time_major, kBool, 0, 0),
    FIELD(UnidirectionalSequenceRnn, TfLiteSequenceRNNParams, activation, kByte, 1, 0),
    FIELD(UnidirectionalSequenceRnn, TfLiteSequenceRNNParams, asymmetric_quantize_inputs, kBool, 2,
          0),
    FIELD(BidirectionalSequenceRnn, TfLiteBidirectionalSequenceRNNParams, time_major, kBool, 0, 0),
    FIELD(BidirectionalSequenceRnn, TfLiteBidirectionalSequenceRNNParams, activation, kByte, 1, 0),
    FIELD(BidirectionalSequenceRnn, TfLiteBidirectionalSequenceRNNParams, merge_outputs, kBool, 2,
          0),
    FIELD(BidirectionalSequenceRnn, TfLiteBidirectionalSequenceRNNParams,
          asymmetric_quantize_inputs, kBool, 3, 0),
    FIELD(FullyConnected, TfLiteFullyConnectedParams, activation, kByte, 0, 0),
    FIELD(FullyConnected, TfLiteFullyConnectedParams, weights_format, kByte, 1, 0),
    FIELD(FullyConnected, TfLiteFullyConnectedParams, keep_num_dims, kBool, 2, 0),
    FIELD(FullyConnected, TfLiteFullyConnectedParams, asymmetric_quantize_inputs, kBool, 3, 0),
    FIELD(FullyConnected, TfLiteFullyConnectedParams, quantized_bias_type, kType, 4, 0),
    FIELD(Softmax, TfLiteSoftmaxParams, beta, kFloat, 0, 0),
    FIELD(Concatenation, TfLiteConcatenationParams, axis, kInt, 0, 0),
    FIELD(Concatenation, TfLiteConcatenationParams, activation, kByte, 1, 0),
    FIELD(Add, TfLiteAddParams, activation, kByte, 0, 0),
    FIELD(Add, TfLiteAddParams, pot_scale_int16, kBool, 1, 1),
    FIELD(BatchMatmul, TfLiteBatchMatMulParams, adj_x, kBool, 0, 0),
    FIELD(BatchMatmul, TfLiteBatchMatMulParams, adj_y, kBool, 1, 0),
    FIELD(BatchMatmul, TfLiteBatchMatMulParams, asymmetric_quantize_inputs, kBool, 2, 0),
    FIELD(Mul, TfLiteMulParams, activation, kByte, 0, 0),
    FIELD(Sub, TfLiteSubParams, activation, kByte, 0, 0),
    FIELD(Sub, TfLiteSubParams, pot_scale_int16, kBool, 1, 1),
    FIELD(Div, TfLiteDivParams, activation, kByte, 0, 0),
    FIELD(L2Normalization, TfLiteL2NormParams, activation, kByte, 0, 0),
    FIELD(LocalResponseNormalization, TfLiteLocalResponseNormParams, radius, kInt, 0, 0),
    FIELD(LocalResponseNormalization, TfLiteLocalResponseNormParams, bias, kFloat, 1, 0),
    FIELD(LocalResponseNormalization, TfLiteLocalResponseNormParams, alpha, kFloat, 2, 0),
    FIELD(LocalResponseNormalization, TfLiteLocalResponseNormParams, beta, kFloat, 3, 0),
    FIELD(Lstm, TfLiteLSTMParams, activation, kByte, 0, 0),
    FIELD(Lstm, TfLiteLSTMParams, cell_clip, kFloat, 1, 0),
    FIELD(Lstm, TfLiteLSTMParams, proj_clip, kFloat, 2, 0),
    FIELD(Lstm, TfLiteLSTMParams, kernel_type, kByte, 3, 0),
    FIELD(Lstm, TfLiteLSTMParams, asymmetric_quantize_inputs, kBool, 4, 0),
    FIELD(UnidirectionalSequenceLstm, TfLiteUnidirectionalSequenceLSTMParams, activation, kByte, 0,
          0),
    FIELD(UnidirectionalSequenceLstm, TfLiteUnidirectionalSequenceLSTMParams, cell_clip, kFloat, 1,
          0),
    FIELD(UnidirectionalSequenceLstm, TfLiteUnidirectionalSequenceLSTMParams, proj_clip, kFloat, 2,
          0),
    FIELD(UnidirectionalSequenceLstm, TfLiteUnidirectionalSequenceLSTMParams, time_major, kBool, 3,
          0),
    FIELD(UnidirectionalSequenceLstm, TfLiteUnidirectionalSequenceLSTMParams,
          asymmetric_quantize_inputs, kBool, 4, 0),
    FIELD(UnidirectionalSequenceLstm, TfLiteUnidirectionalSequenceLSTMParams,
          diagonal_recurrent_tensors, kBool, 5, 0),
    FIELD(BidirectionalSequenceLstm, TfLiteBidirectionalSequenceLSTMParams, activation, kByte, 0,
          0),
    FIELD(BidirectionalSequenceLstm, TfLiteBidirectionalSequenceLSTMParams, cell_clip, kFloat, 1,
          0),
    FIELD(BidirectionalSequenceLstm, TfLiteBidirectionalSequenceLSTMParams, proj_clip, kFloat, 2,
          0),
    FIELD(BidirectionalSequenceLstm, TfLiteBidirectionalSequenceLSTMParams, merge_outputs, kBool, 3,
          0),
    FIELD(BidirectionalSequenceLstm, TfLiteBidirectionalSequenceLSTMParams, time_major, kBool, 4,
          1),
    FIELD(BidirectionalSequenceLstm, TfLiteBidirectionalSequenceLSTMParams,
          asymmetric_quantize_inputs, kBool, 5, 0),
    FIELD(ResizeBilinear, TfLiteResizeBilinearParams, align_corners, kBool, 2, 0),
    FIELD(ResizeBilinear, TfLiteResizeBilinearParams, half_pixel_centers, kBool, 3, 0),
    FIELD(ResizeNearestNeighbor, TfLiteResizeNearestNeighborParams, align_corners, kBool, 0, 0),
    FIELD(ResizeNearestNeighbor, TfLiteResizeNearestNeighborParams, half_pixel_centers, kBool, 1,
          0),
    FIELD(SpaceToDepth, TfLiteSpaceToDepthParams, block_size, kInt, 0, 0),
    FIELD(DepthToSpace, TfLiteDepthToSpaceParams, block_size, kInt, 0, 0),
    FIELD(Cast, TfLiteCastParams, in_data_type, kType, 0, 0),
    FIELD(Cast, TfLiteCastParams, out_data_type, kType, 1, 0),
    FIELD(Gather, TfLiteGatherParams, axis, kInt, 0, 0),
    FIELD(Gather, TfLiteGatherParams, batch_dims, kInt, 1, 0),
    FIELD(Mean, TfLiteReducerParams, keep_dims, kBool, 0, 0),
    FIELD(Sum, TfLiteReducerParams, keep_dims, kBool, 0, 0),
    FIELD(ReduceProd, TfLiteReducerParams, keep_dims, kBool, 0, 0),
    FIELD(ReduceMax, TfLiteReducerParams, keep_dims, kBool, 0, 0),
    FIELD(ReduceMin, TfLiteReducerParams, keep_dims, kBool, 0, 0),
    FIELD(ReduceAny, TfLiteReducerParams, keep_dims, kBool, 0, 0),
    FIELD(ReduceAll, TfLiteReducerParams, keep_dims, kBool, 0, 0),
    FIELD(Split, TfLiteSplitParams, num_splits, kInt, 0, 0),
    FIELD(SplitV, TfLiteSplitVParams, num_splits, kInt, 0, 0),
    FIELD(StridedSlice, TfLiteStridedSliceParams, begin_mask, kInt, 0, 0),
    FIELD(StridedSlice, TfLiteStridedSliceParams, end_mask, kInt, 1, 0),
    FIELD(StridedSlice, TfLiteStridedSliceParams, ellipsis_mask, kInt, 2, 0),
    FIELD(StridedSlice, TfLiteStridedSliceParams, new_axis_mask, kInt, 3, 0),
    FIELD(StridedSlice, TfLiteStridedSliceParams, shrink_axis_mask, kInt, 4, 0),
    FIELD(StridedSlice, TfLiteStridedSliceParams, offset, kBool, 5, 0),
    FIELD(ArgMax, TfLiteArgMaxParams, output_type, kType, 0, 0),
    FIELD(ArgMin, TfLiteArgMinParams, output_type, kType, 0, 0),
    FIELD(TransposeConv, TfLiteTransposeConvParams, padding, kNext, 0, 0),
    FIELD(TransposeConv, TfLiteTransposeConvParams, stride_width, kInt, 1, 0),
    FIELD(TransposeConv, TfLiteTransposeConvParams, stride_height, kInt, 2, 0),
    FIELD(TransposeConv, TfLiteTransposeConvParams, activation, kByte, 3, 0),
    FIELD(TransposeConv, TfLiteTransposeConvParams, quantized_bias_type, kType, 4, 0),
    FIELD(SparseToDense, TfLiteSparseToDenseParams, validate_indices, kBool, 0, 0),
    FIELD(Shape, TfLiteShapeParams, out_type, kType, 0, 0),
    FIELD(FakeQuant, TfLiteFakeQuantParams, min, kFloat, 0, 0),
    FIELD(FakeQuant, TfLiteFakeQuantParams, max, kFloat, 1, 0),
    FIELD(FakeQuant, TfLiteFakeQuantParams, num_bits, kInt, 2, 0),
    FIELD(FakeQuant, TfLiteFakeQuantParams, narrow_range, kBool, 3, 0),
    FIELD(Pack, TfLitePackParams, values_count, kInt, 0, 0),
    FIELD(Pack, TfLitePackParams, axis, kInt, 1, 0),
    FIELD(OneHot, TfLiteOneHotParams, axis, kInt, 0, 0),
    FIELD(Unpack, TfLiteUnpackParams, num, kInt, 0, 0),
    FIELD(Unpack, TfLiteUnpackParams, axis, kInt, 1, 0),
    FIELD(LeakyRelu, TfLiteLeakyReluParams, alpha, kFloat, 0, 0),
    FIELD(MirrorPad, TfLiteMirrorPaddingParams, mode, kNext, 0, 0),
    FIELD(Unique, TfLiteUniqueParams, index_out_type, kType, 0, 2),
    FIELD(ReverseSequence, TfLiteReverseSequenceParams, seq_dim, kInt, 0, 0),
    FIELD(ReverseSequence, TfLiteReverseSequenceParams, batch_dim, kInt, 1, 0),
    FIELD(If, TfLiteIfParams, then_subgraph_index, kInt, 0, 0),
    FIELD(If, TfLiteIfParams, else_subgraph_index, kInt, 1, 0),
    FIELD(While, TfLiteWhileParams, cond_subgraph_index, kInt, 0, 0),
    FIELD(While, TfLiteWhileParams, body_subgraph_index, kInt, 1, 0),
    FIELD(Cumsum, TfLiteCumsumParams, exclusive, kBool, 0, 0),
    FIELD(Cumsum, TfLiteCumsumParams, reverse, kBool, 1, 0),
    FIELD(CallOnce, TfLiteCallOnceParams, init_subgraph_index, kInt, 0, 0),
    FIELD(Hashtable, TfLiteHashtableParams, table_id, kInt, 0, 0),
    FIELD(Hashtable, TfLiteHashtableParams, key_dtype, kType, 1, 0),
    FIELD(Hashtable, TfLiteHashtableParams, value_dtype, kType, 2, 0),
    FIELD(Gelu, TfLiteGeluParams, approximate, kBool, 0, 0),
};

#undef FIELD

template <class T>
void put(void* to, T value) {
  std::memcpy(to, &value, sizeof(value));
}

bool is_wide(const Field& f) { return f.kind == Kind::kInt || f.kind == Kind::kFloat; }

void read_field(const Model& model, int node, int subgraph, const Field& f, uint8_t* to) {
  const int64_t number = model.option(node, f.id, is_wide(f) ? 4 : 1, f.otherwise, subgraph);
  switch (f.kind) {
    case Kind::kBool:
      return put(to, number != 0);
    case Kind::kNext:
      return put(to, static_cast<int32_t>(number + 1));
    case Kind::kType: {
      const bool known = number >= 0 && number < kTypeCount;
      return put(to, known ? type_of(static_cast<Type>(number)) : kTfLiteNoType);
    }
    default:
      return put(to, static_cast<int32_t>(number));
  }
}

int32_t number_of(const Field& f, const uint8_t* from) {
  int32_t number = *from;
  if (f.kind != Kind::kBool) std::memcpy(&number, from, sizeof(number));
  if (f.kind == Kind::kNext) return number - 1;
  if (f.kind != Kind::kType) return number;
  Type type;
  return type_from(static_cast<TfLiteType>(number), &type) ? static_cast<int32_t>(type)
                                                           : f.otherwise;
}

bool read_list(const Model& model, int node, int subgraph, OptionData* data) {
  const Span<const int32_t> list = option_list(model, node, subgraph);
  if (list.size() > TFLITE_RESHAPE_PARAMS_MAX_DIMENSION_COUNT) return false;
  TfLiteReshapeParams p = {};  // SQUEEZE's has the same members
  for (size_t i = 0; i < list.size(); ++i) p.shape[i] = list[i];
  p.num_dimensions = static_cast<int>(list.size());
  std::memcpy(data->bytes, &p, sizeof(p));
  return true;
}

static_assert(sizeof(TfLiteReshapeParams) == sizeof(TfLiteSqueezeParams));
static_assert(sizeof(TfLiteReshapeParams) <= sizeof(OptionData));
static_assert(sizeof(TfLitePoolParams) <= sizeof(OptionData));

}  // namespace

bool read_options(const Model& model, int node, int subgraph, OptionData* data) {
  const int32_t op = model.node(node, subgraph).code;
  if (op == kTfLiteBuiltinReshape || op == kTfLiteBuiltinSqueeze) {
    return read_list(model, node, subgraph, data);
  }
  bool any = false;
  for (const Field& f : kFields) {
    if (f.op != op) continue;
    read_field(model, node, subgraph, f, data->bytes + f.offset);
    any = true;
  }
  return any;
}

bool write_options(int32_t op, const void* data, OptionWriter* writer) {
  if (data == nullptr) return false;
  if (op == kTfLiteBuiltinReshape || op == kTfLiteBuiltinSqueeze) {
    const auto* p = static_cast<const TfLiteReshapeParams*>(data);
    constexpr int kMost = TFLITE_RESHAPE_PARAMS_MAX_DIMENSION_COUNT;
    if (p->num_dimensions < 0 || p->num_dimensions > kMost) return false;
    writer->list(p->shape, p->num_dimensions);
    return true;
  }
  bool any = false;
  for (const Field& f : kFields) {
    if (f.op != op) continue;
    const int32_t number = number_of(f, static_cast<const uint8_t*>(data) + f.offset);
    writer->number(f.id, is_wide(f) ? 4 : 1, number, f.otherwise);
    any = true;
  }
  return any;
}

}  // namespace pipit::compat
