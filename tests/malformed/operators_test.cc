// SPDX-License-Identifier: Apache-2.0
// Parameters of single operators that the file sets and no kernel can work with.
#include "tests/malformed/malformed.h"
#include "tests/support/files.h"
#include "tests/support/place.h"

namespace pipit::test {
namespace {

constexpr auto kSame = fb::Padding::SAME;
constexpr auto kValid = fb::Padding::VALID;

OptionsSpec conv(int32_t stride_w, int32_t stride_h, int32_t dilation_w = 1) {
  return options(fb::CreateConv2DOptions, kSame, stride_w, stride_h, kNoActivation, dilation_w, 1,
                 fb::TensorType::FLOAT32);
}

std::vector<TensorSpec> conv_inputs(const Shape& in, const Shape& weights) {
  return {floats(in), floats(weights), floats(Shape::of(weights[0]))};
}

OptionsSpec pool(int32_t stride_w, int32_t stride_h, int32_t width, int32_t height) {
  return options(fb::CreatePool2DOptions, kValid, stride_w, stride_h, width, height, kNoActivation);
}

OptionsSpec depthwise(int32_t stride_w, int32_t stride_h, int32_t multiplier) {
  return options(fb::CreateDepthwiseConv2DOptions, kSame, stride_w, stride_h, multiplier,
                 kNoActivation, 1, 1);
}

// BIDIRECTIONAL_SEQUENCE_LSTM: four bytes were read as sixteen.
TEST(Malformed, AuxiliaryInputOfAnotherType) {
  const std::string path = place(PIPIT_MALFORMED_FILES) + "/lstm_aux_type.tflite";
  EXPECT_THAT(verdict(read_file(path)), HasSubstr("is not like the input"));
}

TEST(Malformed, CVE_2020_15207_AxisBelowMinusRank) {
  for (const int32_t axis : {-5, -3, 2, INT32_MIN}) {
    EXPECT_THAT(verdict(BuiltinOperator::MEAN, {floats(Shape::of(2, 3)), ints({axis})},
                        {floats(Shape::of(2))}, options(fb::CreateReducerOptions, false)),
                AllOf(HasSubstr("MEAN (operator 0): "), HasSubstr("axis " + std::to_string(axis))));
  }
}

TEST(Malformed, CVE_2020_15208_UnequalCommonDimension) {
  EXPECT_THAT(verdict(BuiltinOperator::ADD, {floats(Shape::of(2, 3)), floats(Shape::of(2, 4))},
                      {floats(Shape::of(2, 3))}),
              AllOf(HasSubstr("[2,3]"), HasSubstr("[2,4]")));
  EXPECT_THAT(
      verdict(BuiltinOperator::DEPTHWISE_CONV_2D,
              {floats(Shape::of(1, 4, 4, 2)), floats(Shape::of(1, 2, 2, 3)), floats(Shape::of(3))},
              {floats(Shape::of(1, 4, 4, 3))}, depthwise(1, 1, 1)),
      HasSubstr("DEPTHWISE_CONV_2D (operator 0): "));
}

TEST(Malformed, CVE_2021_29585_Stride0) {
  EXPECT_THAT(
      verdict(BuiltinOperator::CONV_2D, conv_inputs(Shape::of(1, 4, 4, 1), Shape::of(1, 2, 2, 1)),
              {floats(Shape::of(1, 4, 4, 1))}, conv(0, 1)),
      AllOf(HasSubstr("CONV_2D (operator 0): "), HasSubstr("stride")));
}

TEST(Malformed, CVE_2021_29586_CVE_2021_37684_PoolingDividesBy0) {
  for (const auto op : {BuiltinOperator::AVERAGE_POOL_2D, BuiltinOperator::MAX_POOL_2D,
                        BuiltinOperator::L2_POOL_2D}) {
    for (const OptionsSpec& o : {pool(0, 1, 2, 2), pool(1, 0, 2, 2), pool(-1, 1, 2, 2)}) {
      EXPECT_THAT(verdict(op, {floats(Shape::of(1, 4, 4, 1))}, {floats(Shape::of(1, 3, 3, 1))}, o),
                  AllOf(HasSubstr("POOL_2D (operator 0): "), HasSubstr("stride")));
    }
    for (const OptionsSpec& o : {pool(1, 1, 0, 2), pool(1, 1, 2, 0), pool(1, 1, -2, 2)}) {
      EXPECT_THAT(verdict(op, {floats(Shape::of(1, 4, 4, 1))}, {floats(Shape::of(1, 3, 3, 1))}, o),
                  AllOf(HasSubstr("POOL_2D (operator 0): "), HasSubstr("is not positive")));
    }
  }
}

TEST(Malformed, PoolingWindowsFarBeyondTheImage) {
  const auto o = options(fb::CreatePool2DOptions, kSame, 1, 1, INT32_MAX, INT32_MAX, kNoActivation);
  for (const auto op : {BuiltinOperator::AVERAGE_POOL_2D, BuiltinOperator::MAX_POOL_2D}) {
    const std::vector<TensorSpec> image = {quantized(Type::kInt8, Shape::of(2, 3, 4, 20))};
    EXPECT_EQ(verdict(op, image, image, o), "runs");
  }
}

TEST(Malformed, CVE_2021_29587_CVE_2021_29595_BlockSize0) {
  for (const int32_t size : {0, -2}) {
    EXPECT_THAT(
        verdict(BuiltinOperator::SPACE_TO_DEPTH, {floats(Shape::of(1, 4, 4, 1))},
                {floats(Shape::of(1, 2, 2, 4))}, options(fb::CreateSpaceToDepthOptions, size)),
        AllOf(HasSubstr("SPACE_TO_DEPTH"), HasSubstr("block size " + std::to_string(size))));
    EXPECT_THAT(
        verdict(BuiltinOperator::DEPTH_TO_SPACE, {floats(Shape::of(1, 2, 2, 4))},
                {floats(Shape::of(1, 4, 4, 1))}, options(fb::CreateDepthToSpaceOptions, size)),
        AllOf(HasSubstr("DEPTH_TO_SPACE"), HasSubstr("block size " + std::to_string(size))));
  }
}

TEST(Malformed, CVE_2021_29588_TransposeConvStride0) {
  EXPECT_THAT(
      verdict(BuiltinOperator::TRANSPOSE_CONV,
              {ints({1, 4, 4, 1}), floats(Shape::of(1, 2, 2, 1)), floats(Shape::of(1, 4, 4, 1))},
              {floats(Shape::of(1, 4, 4, 1))},
              options(fb::CreateTransposeConvOptions, kSame, 0, 0, kNoActivation,
                      fb::TensorType::FLOAT32)),
      AllOf(HasSubstr("TRANSPOSE_CONV (operator 0): "), HasSubstr("stride")));
}

TEST(Malformed, CVE_2021_29590_OneEmptyInput) {
  for (const auto op : {BuiltinOperator::MINIMUM, BuiltinOperator::MAXIMUM}) {
    EXPECT_THAT(verdict(op, {floats(Shape::of(0)), floats(Shape::of(3))}, {floats(Shape::of(3))}),
                AllOf(HasSubstr("[0]"), HasSubstr("[3]")));
    EXPECT_EQ(verdict(op, {floats(Shape::of(0)), floats(Shape::of(1))}, {floats(Shape::of(0))}),
              "runs");
  }
}

TEST(Malformed, CVE_2021_29593_CVE_2021_29597_Block0) {
  const TensorSpec margins = {.shape = Shape::of(2, 2), .bytes = bytes_of<int32_t>({0, 0, 0, 0})};
  EXPECT_THAT(verdict(BuiltinOperator::BATCH_TO_SPACE_ND,
                      {floats(Shape::of(4, 2, 2, 1)), ints({0, 2}), margins},
                      {floats(Shape::of(1, 4, 4, 1))}),
              AllOf(HasSubstr("BATCH_TO_SPACE_ND (operator 0): "), HasSubstr("block")));
  EXPECT_THAT(verdict(BuiltinOperator::SPACE_TO_BATCH_ND,
                      {floats(Shape::of(1, 4, 4, 1)), ints({2, 0}), margins},
                      {floats(Shape::of(4, 2, 2, 1))}),
              AllOf(HasSubstr("SPACE_TO_BATCH_ND (operator 0): "), HasSubstr("block")));
}

TEST(Malformed, CVE_2021_29594_DivisorsOfConvolution) {
  const std::vector<TensorSpec> out = {floats(Shape::of(1, 4, 4, 1))};
  EXPECT_THAT(verdict(BuiltinOperator::CONV_2D,
                      conv_inputs(Shape::of(1, 4, 4, 1), Shape::of(1, 2, 2, 0)), out, conv(1, 1)),
              HasSubstr("CONV_2D (operator 0): "));
  EXPECT_THAT(verdict(BuiltinOperator::CONV_2D,
                      conv_inputs(Shape::of(1, 4, 4, 1), Shape::of(1, 2, 2, 1)), out, conv(1, 0)),
              HasSubstr("stride"));
  EXPECT_THAT(
      verdict(BuiltinOperator::CONV_2D, conv_inputs(Shape::of(1, 4, 4, 1), Shape::of(1, 2, 2, 1)),
              out, conv(1, 1, 0)),
      HasSubstr("dilation"));
  EXPECT_THAT(verdict(BuiltinOperator::CONV_2D,
                      conv_inputs(Shape::of(1, 4, 4, 3), Shape::of(1, 2, 2, 2)), out, conv(1, 1)),
              HasSubstr("channels"));
}

TEST(Malformed, CVE_2021_29596_CVE_2021_29604_NoRowsToLookUp) {
  EXPECT_THAT(verdict(BuiltinOperator::EMBEDDING_LOOKUP, {ints({0}), floats(Shape::of(0, 2))},
                      {floats(Shape::of(1, 2))}),
              HasSubstr("EMBEDDING_LOOKUP (operator 0): "));
  EXPECT_THAT(
      verdict(BuiltinOperator::HASHTABLE_LOOKUP, {ints({1}), ints({1}), floats(Shape::of(0, 2))},
              {floats(Shape::of(1, 2)), of(Type::kUInt8, Shape::of(1))}),
      HasSubstr("HASHTABLE_LOOKUP (operator 0): "));
}

std::string svdf(int32_t rank, bool variable) {
  TensorSpec state = floats(Shape::of(1, 4));
  state.variable = variable;
  return verdict(BuiltinOperator::SVDF,
                 {floats(Shape::of(1, 3)), filled(floats(Shape::of(2, 3)), 24),
                  filled(floats(Shape::of(2, 2)), 16), filled(floats(Shape::of(2)), 8), state},
                 {floats(Shape::of(1, 2))},
                 options(fb::CreateSVDFOptions, rank, kNoActivation, false));
}

TEST(Malformed, CVE_2021_29598_SvdfRank0) {
  EXPECT_EQ(svdf(1, true), "runs");
  for (const int32_t rank : {0, -1, 3}) {
    EXPECT_THAT(svdf(rank, true),
                AllOf(HasSubstr("SVDF (operator 0): "), HasSubstr("rank " + std::to_string(rank))));
  }
}

TEST(Malformed, CVE_2021_37681_SvdfStateIsNoVariable) {
  EXPECT_THAT(svdf(1, false), AllOf(HasSubstr("SVDF (operator 0): "), HasSubstr("variable")));
}

TEST(Malformed, CVE_2021_29599_NoSplits) {
  for (const int32_t n : {0, -1}) {
    EXPECT_THAT(verdict(BuiltinOperator::SPLIT, {number(0), floats(Shape::of(4))},
                        {floats(Shape::of(4))}, options(fb::CreateSplitOptions, n)),
                AllOf(HasSubstr("SPLIT (operator 0): "), HasSubstr(std::to_string(n))));
  }
}

TEST(Malformed, CVE_2021_29602_CVE_2022_21741_DepthwiseDivisors) {
  const auto check = [](const Shape& in, const Shape& weights, const OptionsSpec& o) {
    return verdict(BuiltinOperator::DEPTHWISE_CONV_2D,
                   {floats(in), floats(weights), floats(Shape::of(2))},
                   {floats(Shape::of(1, 4, 4, 2))}, o);
  };
  const Shape in = Shape::of(1, 4, 4, 2), weights = Shape::of(1, 2, 2, 2);
  EXPECT_EQ(check(in, weights, depthwise(1, 1, 1)), "runs");
  EXPECT_THAT(check(Shape::of(1, 4, 4, 0), weights, depthwise(1, 1, 1)),
              HasSubstr("DEPTHWISE_CONV_2D (operator 0): "));
  EXPECT_THAT(check(in, weights, depthwise(0, 1, 1)), HasSubstr("stride"));
  EXPECT_THAT(check(in, weights, depthwise(1, -1, 1)), HasSubstr("stride"));
}

TEST(Malformed, CVE_2021_37688_OperandLeftOut) {
  const TensorSpec in = floats(Shape::of(1, 2));
  for (const auto op : {BuiltinOperator::ADD, BuiltinOperator::FULLY_CONNECTED}) {
    ModelBuilder b;
    const int x = b.tensor(in), y = b.tensor(in);
    b.builtin_node(op, {x, -1}, {y});
    b.inputs({x});
    b.outputs({y});
    EXPECT_THAT(verdict(b.finish()), HasSubstr("(operator 0): input 1 is left out"));
  }
}

TEST(Malformed, CVE_2021_37689_NoAxes) {
  const TensorSpec in = floats(Shape::of(2, 3)), none = of(Type::kInt32, Shape::of(0));
  for (const auto op : {BuiltinOperator::SUM, BuiltinOperator::MEAN, BuiltinOperator::REDUCE_MAX}) {
    EXPECT_EQ(verdict(op, {in, none}, {in}, options(fb::CreateReducerOptions, true)), "runs");
  }
  EXPECT_THAT(
      verdict(BuiltinOperator::L2_NORMALIZATION, {floats({})}, {floats({})},
              options(fb::CreateL2NormOptions, kNoActivation)),
      HasSubstr("L2_NORMALIZATION (operator 0): input tensor 0 float32 [] has no dimension"));
}

TEST(Malformed, CVE_2021_37680_FullyConnectedWithoutDepth) {
  EXPECT_THAT(
      verdict(BuiltinOperator::FULLY_CONNECTED, {floats(Shape::of(1, 4)), floats(Shape::of(2, 0))},
              {floats(Shape::of(1, 2))}),
      HasSubstr("FULLY_CONNECTED (operator 0): "));
}

TEST(Malformed, CVE_2021_37691_LshProjectionOfNothing) {
  EXPECT_EQ(verdict(BuiltinOperator::LSH_PROJECTION, {floats(Shape::of(0, 0)), ints({1, 2, 3})},
                    {of(Type::kInt32, Shape::of(0))},
                    options(fb::CreateLSHProjectionOptions, fb::LSHProjectionType::SPARSE)),
            "runs");
}

TEST(Malformed, CVE_2022_23557_BiasOfNothing) {
  const TensorSpec none = floats(Shape::of(0));
  EXPECT_THAT(
      verdict(BuiltinOperator::CONV_2D,
              {floats(Shape::of(1, 4, 4, 1)), floats(Shape::of(1, 2, 2, 1)), none},
              {floats(Shape::of(1, 4, 4, 1))}, conv(1, 1)),
      AllOf(HasSubstr("CONV_2D (operator 0): bias "), HasSubstr("each of 1 output channels")));
  EXPECT_THAT(
      verdict(BuiltinOperator::FULLY_CONNECTED,
              {floats(Shape::of(1, 4)), floats(Shape::of(2, 4)), none}, {floats(Shape::of(1, 2))}),
      AllOf(HasSubstr("FULLY_CONNECTED (operator 0): bias "), HasSubstr("2 outputs")));
}

TEST(Malformed, CVE_2022_29212_MultiplierAbove1) {
  // Products of large scales, stored with a small one.
  const TensorSpec in = quantized(Type::kInt8, Shape::of(1, 2), 1000.0f);
  TensorSpec weights = filled(quantized(Type::kInt8, Shape::of(2, 2), 1000.0f), 4);
  EXPECT_EQ(verdict(BuiltinOperator::FULLY_CONNECTED, {in, weights},
                    {quantized(Type::kInt8, Shape::of(1, 2), 0.001f)}),
            "runs");
  EXPECT_EQ(
      verdict(BuiltinOperator::MUL, {in, in}, {quantized(Type::kInt8, Shape::of(1, 2), 0.1f)}),
      "runs");
}

TEST(Malformed, CVE_2023_27579_WeightsWithoutChannels) {
  for (const int32_t channels : {0, 1}) {
    EXPECT_THAT(verdict(BuiltinOperator::CONV_2D,
                        conv_inputs(Shape::of(1, 4, 4, channels), Shape::of(1, 2, 2, 0)),
                        {floats(Shape::of(1, 4, 4, 1))}, conv(1, 1)),
                AllOf(HasSubstr("CONV_2D (operator 0): "), HasSubstr("no element in dimension 3")));
  }
}

TEST(Malformed, CVE_2022_41894_Conv3dTransposeChannels) {
  const auto check = [](int32_t in_channels, int32_t weight_in, int32_t out_channels) {
    return verdict(
        BuiltinOperator::CONV_3D_TRANSPOSE,
        {ints({1, 2, 2, 2, out_channels}), floats(Shape::of(1, 1, 1, out_channels, weight_in)),
         floats(Shape::of(1, 2, 2, 2, in_channels)), floats(Shape::of(out_channels))},
        {floats(Shape::of(1, 2, 2, 2, out_channels))},
        options(fb::CreateConv3DOptions, kValid, 1, 1, 1, kNoActivation, 1, 1, 1));
  };
  EXPECT_EQ(check(4, 4, 2), "runs");  // more channels in than out is well-formed
  EXPECT_THAT(check(4, 2, 2), HasSubstr("CONV_3D_TRANSPOSE (operator 0): "));
}

// Billions of rows with nothing in them: neither a sum of nothing nor a loop without end.
TEST(Malformed, RowsWithoutElements) {
  for (const int32_t rows : {2, 1 << 28}) {
    const TensorSpec in = quantized(Type::kInt8, Shape::of(rows, 0));
    TensorSpec out = quantized(Type::kInt8, Shape::of(rows, 0), 1.0f / 256);
    out.zero_points = {-128};
    EXPECT_EQ(
        verdict(BuiltinOperator::SOFTMAX, {in}, {out}, options(fb::CreateSoftmaxOptions, 1.0f)),
        "runs");
    EXPECT_EQ(verdict(BuiltinOperator::CUMSUM, {floats(Shape::of(rows, 0)), number(1)},
                      {floats(Shape::of(rows, 0))}, options(fb::CreateCumsumOptions, false, false)),
              "runs");
  }
}

TEST(Malformed, TF_124982_ReshapeToMoreDimensionsThanTheOutputHas) {
  EXPECT_EQ(
      verdict(BuiltinOperator::RESHAPE, {floats(Shape::of(2, 3)), ints({1, 1, 1, 1, 1, 1, 2, 3})},
              {floats(Shape::of(6))}),
      "runs");
  EXPECT_THAT(
      verdict(BuiltinOperator::RESHAPE,
              {floats(Shape::of(2, 3)), ints({1, 1, 1, 1, 1, 1, 1, 1, 6})}, {floats(Shape::of(6))}),
      AllOf(HasSubstr("RESHAPE (operator 0): "), HasSubstr("9")));
}

// Two results would be written to the same place, of which the plan knows one size.
TEST(Malformed, OutputNamedTwice) {
  ModelBuilder b;
  const int axis = b.tensor(number(0)), in = b.tensor(floats(Shape::of(4)));
  const int half = b.tensor(floats(Shape::of(2)));
  b.builtin_node(BuiltinOperator::SPLIT, {axis, in}, {half, half},
                 options(fb::CreateSplitOptions, 2));
  b.inputs({in});
  b.outputs({half});
  EXPECT_THAT(verdict(b.finish()), AllOf(HasSubstr("SPLIT (operator 0): output 1, tensor "),
                                         HasSubstr("is named twice")));
}

// A shape that is empty has no bytes, and nobody to compute them.
TEST(Malformed, ShapeThatNobodyComputes) {
  ModelBuilder b;
  const int shape = b.tensor(of(Type::kInt32, Shape::of(0)));
  const int weights = b.tensor(floats(Shape::of(1, 1, 1, 1)));
  const int in = b.tensor(floats(Shape::of(1, 2, 2, 1)));
  const int out = b.tensor(floats(Shape::of(1, 2, 2, 1)));
  b.builtin_node(BuiltinOperator::TRANSPOSE_CONV, {shape, weights, in}, {out},
                 options(fb::CreateTransposeConvOptions, fb::Padding::VALID, 1, 1,
                         fb::ActivationFunctionType::NONE, fb::TensorType::FLOAT32));
  b.inputs({weights, in});
  b.outputs({out});
  EXPECT_THAT(verdict(b.finish()),
              AllOf(HasSubstr("TRANSPOSE_CONV (operator 0): "), HasSubstr("computes")));
}

}  // namespace
}  // namespace pipit::test
