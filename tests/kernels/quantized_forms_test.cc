// SPDX-License-Identifier: Apache-2.0
// Quantized forms of operators that the recorded cases do not have: those that only TensorFlow Lite
// Micro runs, and those that only LiteRT's own tests use. Numbers are from the public tests of the
// two, or from formulas in real numbers.
#include <cmath>

#include "tests/support/net.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

using fb::BuiltinOperator;
using std::vector;

TensorSpec quantized(Type type, const Shape& shape, float scale, int64_t zero_point = 0,
                     vector<uint8_t> bytes = {}) {
  return {.type = type,
          .shape = shape,
          .bytes = std::move(bytes),
          .scales = {scale},
          .zero_points = {zero_point}};
}

TensorSpec constant(Type type, const Shape& shape, float scale, vector<uint8_t> bytes) {
  return quantized(type, shape, scale, 0, std::move(bytes));
}

// A model of one operator: tensors without bytes that are no variables are its inputs.
ModelBuilder one(BuiltinOperator op, const vector<TensorSpec>& inputs, const TensorSpec& output,
                 const OptionsSpec& options = {}) {
  ModelBuilder b;
  vector<int> in, given;
  for (const TensorSpec& t : inputs) {
    in.push_back(b.tensor(t));
    if (t.bytes.empty() && !t.variable) given.push_back(in.back());
  }
  const int out = b.tensor(output);
  b.builtin_node(op, in, {out}, options);
  b.inputs(given);
  b.outputs({out});
  return b;
}

template <class Out, class In>
vector<Out> run_one(const ModelBuilder& model, const vector<In>& values) {
  Net net(model);
  net.set<In>(0, values);
  return net.run<Out>();
}

vector<int8_t> all_bytes() {
  vector<int8_t> all;
  for (int i = -128; i < 128; ++i) all.push_back(static_cast<int8_t>(i));
  return all;
}

template <class T>
vector<T> quantize(const vector<double>& real, double scale, int zero_point) {
  vector<T> q;
  for (const double r : real) q.push_back(static_cast<T>(std::lround(r / scale) + zero_point));
  return q;
}

// ---- SQRT

// Cut to a whole number: within a hair of one, either.
void expect_root(double real, int got) {
  EXPECT_LE(got, std::floor(real + 1e-3));
  EXPECT_GE(got, std::floor(real - 1e-3));
}

TEST(SquareRoot, Int8IsCut) {
  constexpr float kIn = 25.0f / 255, kOut = 5.0f / 255;
  const auto model = one(BuiltinOperator::SQRT, {quantized(Type::kInt8, Shape::of(256), kIn, -128)},
                         quantized(Type::kInt8, Shape::of(256), kOut, -128));
  const vector<int8_t> got = run_one<int8_t>(model, all_bytes());
  ASSERT_EQ(got.size(), 256u);
  for (int i = 0; i < 256; ++i)
    expect_root(std::sqrt(i * double{kIn}) / double{kOut}, got[static_cast<size_t>(i)] + 128);
}

TEST(SquareRoot, Int16IsCut) {
  constexpr float kIn = 25.0f / 32767, kOut = 5.0f / 32767;
  const auto model = one(BuiltinOperator::SQRT, {quantized(Type::kInt16, Shape::of(9), kIn)},
                         quantized(Type::kInt16, Shape::of(9), kOut));
  const vector<int16_t> in = {0, 1, 2, 655, 1311, 1887, 11796, 20971, 32767};
  const vector<int16_t> got = run_one<int16_t>(model, in);
  ASSERT_EQ(got.size(), in.size());
  for (size_t i = 0; i < in.size(); ++i)
    expect_root(std::sqrt(in[i] * double{kIn}) / double{kOut}, got[i]);
}

TEST(SquareRoot, SaturatesAndRefusesNegativeNumbers) {
  const auto model = [](Type type, int64_t zero_point) {
    return one(BuiltinOperator::SQRT, {quantized(type, Shape::of(2), 1e30f, zero_point)},
               quantized(type, Shape::of(2), 1e-30f, zero_point));
  };
  EXPECT_EQ((run_one<int8_t, int8_t>(model(Type::kInt8, 3), {3, 4})), (vector<int8_t>{3, 127}));
  EXPECT_EQ((run_one<int16_t, int16_t>(model(Type::kInt16, 0), {0, 1})),
            (vector<int16_t>{0, 32767}));
  Net bytes(model(Type::kInt8, 3)), words(model(Type::kInt16, 0));
  bytes.set<int8_t>(0, {3, 2});
  EXPECT_FALSE(bytes.invoke());
  EXPECT_NE(std::string(bytes.why()).find("negative"), std::string::npos) << bytes.why();
  words.set<int16_t>(0, {5, -1});
  EXPECT_FALSE(words.invoke());
  EXPECT_FALSE(Net(model(Type::kInt16, 1)).ok());
}

// ---- CUMSUM, ADD_N

ModelBuilder running_sum(const Shape& shape, float in, float out, int64_t zero_point, int32_t axis,
                         bool exclusive, bool reverse) {
  return one(BuiltinOperator::CUMSUM,
             {quantized(Type::kInt8, shape, in, zero_point), {.bytes = bytes_of<int32_t>({axis})}},
             quantized(Type::kInt8, shape, out, zero_point),
             {fb::BuiltinOptions::CumsumOptions, [=](flatbuffers::FlatBufferBuilder& b) {
                return fb::CreateCumsumOptions(b, exclusive, reverse).Union();
              }});
}

TEST(CumulativeSum, Int8) {
  struct Case {
    int32_t axis;
    bool exclusive, reverse;
    vector<double> sums;
  };
  const vector<Case> cases = {
      {1, false, false, {1, 3, 6, 10, 5, 11, 18, 26}},
      {0, false, false, {1, 2, 3, 4, 6, 8, 10, 12}},
      {1, false, true, {10, 9, 7, 4, 26, 21, 15, 8}},
      {1, true, false, {0, 1, 3, 6, 0, 5, 11, 18}},
      {-1, true, true, {9, 7, 4, 0, 21, 15, 8, 0}},
      {0, true, true, {5, 6, 7, 8, 0, 0, 0, 0}},
  };
  // The scales make whole numbers of all sums; 26 is the largest.
  const vector<int8_t> in = {4, 8, 12, 16, 20, 24, 28, 32};
  for (const Case& c : cases) {
    const auto model = running_sum(Shape::of(2, 4), 0.25f, 0.5f, 0, c.axis, c.exclusive, c.reverse);
    EXPECT_EQ(run_one<int8_t>(model, in), quantize<int8_t>(c.sums, 0.5, 0)) << c.axis;
  }
}

TEST(CumulativeSum, Int8SaturatesAndStartsFromTheZeroPointAsMicroDoes) {
  const auto large = running_sum(Shape::of(4), 1, 1, 0, 0, false, false);
  EXPECT_EQ((run_one<int8_t, int8_t>(large, {100, 100, -128, -128})),
            (vector<int8_t>{100, 127, 72, -56}));
  // The first term is what is left of the zero point: -10.
  const auto shifted = running_sum(Shape::of(3), 1, 1, 10, 0, false, false);
  EXPECT_EQ((run_one<int8_t, int8_t>(shifted, {11, 12, 13})), (vector<int8_t>{1, 3, 6}));
  EXPECT_FALSE(Net(running_sum(Shape::of(3), 1e10f, 1, 0, 0, false, false)).ok());
}

ModelBuilder sum_of(const vector<TensorSpec>& inputs, float out, int64_t zero_point = 0) {
  return one(BuiltinOperator::ADD_N, inputs, quantized(Type::kInt8, Shape::of(4), out, zero_point));
}

TEST(SumOfMany, Int8) {
  const TensorSpec in = quantized(Type::kInt8, Shape::of(4), 1.0f / 64);
  Net net(sum_of({in, in, in}, 1.0f / 32));
  net.set<int8_t>(0, {-128, 13, 45, 51});
  net.set<int8_t>(1, {6, 13, 19, 32});
  net.set<int8_t>(2, {32, 6, 6, 13});
  EXPECT_EQ(net.run<int8_t>(), (vector<int8_t>{-45, 16, 35, 48}));
}

TEST(SumOfMany, Int8OfOneQuantizationOnly) {
  const TensorSpec in = quantized(Type::kInt8, Shape::of(4), 1);
  Net other(sum_of({in, quantized(Type::kInt8, Shape::of(4), 2)}, 1));
  EXPECT_NE(std::string(other.why()).find("differ in quantization"), std::string::npos);
  const TensorSpec shifted = quantized(Type::kInt8, Shape::of(4), 1, 5);
  Net net(sum_of({shifted, shifted}, 1, -3));
  net.set<int8_t>(0, {5, 6, 127, -128});
  net.set<int8_t>(1, {5, 7, 127, -128});
  EXPECT_EQ(net.run<int8_t>(), (vector<int8_t>{-8, -5, 127, -128}));  // one zero point too many
}

// ---- SQUARED_DIFFERENCE, ZEROS_LIKE

TEST(SquaredDifference, Int16) {
  constexpr float kA = 1.2f / 32768, kB = 1.5f / 32768, kOut = 7.3f / 32768;
  const auto model = [](int64_t zero_point) {
    return one(BuiltinOperator::SQUARED_DIFFERENCE,
               {quantized(Type::kInt16, Shape::of(6), kA, zero_point),
                quantized(Type::kInt16, Shape::of(6), kB)},
               quantized(Type::kInt16, Shape::of(6), kOut));
  };
  const vector<int16_t> a = {0, 5461, 32767, -32768, 100, -7}, b = {0, -4369, -32768, 32767, 99, 7};
  Net net(model(0));
  net.set(0, a);
  net.set(1, b);
  const vector<int16_t> got = net.run<int16_t>();
  ASSERT_EQ(got.size(), a.size());
  constexpr double kUnit = 2 * double{kB};  // the difference is rounded to a whole number of these
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = double{kA} * a[i] - double{kB} * b[i];
    EXPECT_NEAR(got[i], d * d / double{kOut},
                0.5 + (2 * std::abs(d) + kUnit) * kUnit / double{kOut})
        << i;
  }
  EXPECT_FALSE(Net(model(1)).ok());
}

TEST(ZerosLike, Int8IsZeroAndNotTheZeroPoint) {
  const TensorSpec t = quantized(Type::kInt8, Shape::of(2), 1, 5);
  EXPECT_EQ((run_one<int8_t, int8_t>(one(BuiltinOperator::ZEROS_LIKE, {t}, t), {1, 2})),
            (vector<int8_t>{0, 0}));
}

// ---- LOGISTIC

TEST(Logistic, Int8OfScale255IsThatOf256) {
  for (const float scale : {0.1f, 1.0f, 0.003f}) {
    const auto model =
        one(BuiltinOperator::LOGISTIC, {quantized(Type::kInt8, Shape::of(256), scale, 7)},
            quantized(Type::kInt8, Shape::of(256), 1.0f / 255, -128));
    const vector<int8_t> got = run_one<int8_t>(model, all_bytes());
    ASSERT_EQ(got.size(), 256u);
    for (int i = 0; i < 256; ++i) {
      const double x = double{scale} * (i - 128 - 7);
      const double want = 256 / (1 + std::exp(-x)) - 128;
      EXPECT_NEAR(got[static_cast<size_t>(i)], std::min(want, 127.0), 0.5001) << scale << " " << i;
    }
  }
}

TEST(Logistic, Int8OfOtherScalesIsRefused) {
  for (const auto& [scale, zero_point] :
       vector<std::pair<float, int64_t>>{{1.0f / 128, -128}, {1.0f / 255, 0}}) {
    Net net(one(BuiltinOperator::LOGISTIC, {quantized(Type::kInt8, Shape::of(1), 1)},
                quantized(Type::kInt8, Shape::of(1), scale, zero_point)));
    EXPECT_FALSE(net.ok());
  }
}

// ---- QUANTIZE, DEQUANTIZE

TEST(Requantize, Int8ToInt32) {
  const vector<int8_t> in = {-32, -31, -30, -29, -28, 27, 28, 29, 30, 31};
  const auto model = [](int64_t from, int64_t to) {
    return one(BuiltinOperator::QUANTIZE, {quantized(Type::kInt8, Shape::of(10), 1, from)},
               quantized(Type::kInt32, Shape::of(10), 0.5f, to));
  };
  EXPECT_EQ(run_one<int32_t>(model(0, 0), in),
            (vector<int32_t>{-64, -62, -60, -58, -56, 54, 56, 58, 60, 62}));
  EXPECT_EQ(
      run_one<int32_t>(model(2, 100000), in),
      (vector<int32_t>{99932, 99934, 99936, 99938, 99940, 100050, 100052, 100054, 100056, 100058}));
}

TEST(Requantize, Int16ToInt16WithZeroPoints) {
  const auto model =
      one(BuiltinOperator::QUANTIZE, {quantized(Type::kInt16, Shape::of(5), 2, -100)},
          quantized(Type::kInt16, Shape::of(5), 0.5f, 32));
  EXPECT_EQ((run_one<int16_t, int16_t>(model, {-100, -99, 0, 32767, -32768})),
            (vector<int16_t>{32, 36, 432, 32767, -32768}));
}

TEST(Dequantize, Int16WithZeroPoint) {
  const vector<double> real = {-63.5, -63, -62.5, -62, -61.5, 62, 62.5, 63, 63.5, 64};
  const auto model =
      one(BuiltinOperator::DEQUANTIZE, {quantized(Type::kInt16, Shape::of(10), 0.5f, -1)},
          {.type = Type::kFloat32, .shape = Shape::of(10)});
  EXPECT_EQ((run_one<float>(model, quantize<int16_t>(real, 0.5, -1))),
            vector<float>(real.begin(), real.end()));
}

// ---- TRANSPOSE_CONV

TEST(TransposeConv, Int16WithBiasOfInt16) {
  const TensorSpec shape = {.shape = Shape::of(4), .bytes = bytes_of<int32_t>({1, 2, 3, 2})};
  const auto weights = quantize<int8_t>({1, 2, 3, 4, 3, 4, 5, 6, 7, 8, 5, 6, 3, 4, 1, 2}, 0.125, 0);
  const auto bias = quantize<int16_t>({3, -2}, 1.0 / 512, 0);
  const auto model =
      one(BuiltinOperator::TRANSPOSE_CONV,
          {shape, constant(Type::kInt8, Shape::of(2, 2, 2, 2), 0.125f, bytes_of(weights)),
           quantized(Type::kInt16, Shape::of(1, 2, 3, 2), 1.0f / 64),
           constant(Type::kInt16, Shape::of(2), 1.0f / 512, bytes_of(bias))},
          quantized(Type::kInt16, Shape::of(1, 2, 3, 2), 1.0f / 512),
          {fb::BuiltinOptions::TransposeConvOptions, [](flatbuffers::FlatBufferBuilder& b) {
             return fb::CreateTransposeConvOptions(b, fb::Padding::SAME, 1, 1).Union();
           }});
  const vector<double> in = {3, 2, 1, -1, -2, -3, 4, 3, 2, -2, -3, -4};
  // 67 and -76 are more than 16 bits hold.
  auto out = quantize<int16_t>({10, 35, 19, 24, -6, -41, 30, 0, 51, 40, -29, 0}, 1.0 / 512, 0);
  out[7] = INT16_MAX;
  out[11] = INT16_MIN;
  EXPECT_EQ(run_one<int16_t>(model, quantize<int16_t>(in, 1.0 / 64, 0)), out);
}

// ---- SVDF

OptionsSpec svdf_options(fb::ActivationFunctionType activation) {
  return {fb::BuiltinOptions::SVDFOptions, [=](flatbuffers::FlatBufferBuilder& b) {
            return fb::CreateSVDFOptions(b, 2, activation).Union();
          }};
}

// Two units of two filters each, over the last two inputs of two numbers.
ModelBuilder integer_svdf(Type time, fb::ActivationFunctionType activation) {
  const vector<int8_t> feature = {1, 2, -1, 3, 2, 0, -2, 1}, weights = {1, 2, -1, 1, 3, -2, 1, 1};
  const vector<int16_t> wide(weights.begin(), weights.end());
  TensorSpec state = quantized(time, Shape::of(1, 8), 1);
  state.variable = true;
  return one(
      BuiltinOperator::SVDF,
      {quantized(Type::kInt8, Shape::of(1, 2), 1, 1),
       constant(Type::kInt8, Shape::of(4, 2), 1, bytes_of(feature)),
       constant(time, Shape::of(4, 2), 1, time == Type::kInt8 ? bytes_of(weights) : bytes_of(wide)),
       constant(Type::kInt32, Shape::of(2), 1, bytes_of<int32_t>({5, -6})), state},
      quantized(Type::kInt8, Shape::of(1, 2), 1, 2), svdf_options(activation));
}

TEST(Svdf, IntegersNeedNoRelu) {
  for (const Type time : {Type::kInt8, Type::kInt16}) {
    for (const auto a : {fb::ActivationFunctionType::NONE, fb::ActivationFunctionType::RELU}) {
      Net net(integer_svdf(time, a));
      // Features 8, 7, 4, -1; of the older input there are none.
      net.set<int8_t>(0, {3, 4});
      EXPECT_EQ(net.run<int8_t>(), (vector<int8_t>{30, -13}));
      // Features -4, -11, 4, -7.
      net.set<int8_t>(0, {3, -2});
      EXPECT_EQ(net.run<int8_t>(), (vector<int8_t>{-11, -8}));
    }
    Net other(integer_svdf(time, fb::ActivationFunctionType::RELU6));
    EXPECT_NE(std::string(other.why()).find("activation"), std::string::npos) << other.why();
  }
}

ModelBuilder hybrid_svdf(Type weights) {
  const vector<int8_t> feature = {100, -127, 3, 77, -20, 64, 5, -99};
  const vector<int8_t> time = {-127, 100, 33, -1, 0, 127, -64, 90};
  const TensorSpec state = {.type = Type::kFloat32, .shape = Shape::of(1, 8), .variable = true};
  return one(BuiltinOperator::SVDF,
             {{.type = Type::kFloat32, .shape = Shape::of(1, 2)},
              constant(weights, Shape::of(4, 2), 0.01f, bytes_of(feature)),
              constant(weights, Shape::of(4, 2), 0.02f, bytes_of(time)),
              {.type = Type::kFloat32, .shape = Shape::of(2), .bytes = bytes_of<float>({0.5f, -1})},
              state},
             {.type = Type::kFloat32, .shape = Shape::of(1, 2)},
             svdf_options(fb::ActivationFunctionType::NONE));
}

TEST(Svdf, WeightsThatAreDeclaredUint8AreInt8) {
  Net plain(hybrid_svdf(Type::kInt8)), other(hybrid_svdf(Type::kUInt8));
  ASSERT_TRUE(other.ok()) << other.why();
  for (const vector<float>& in : vector<vector<float>>{{1, -0.5f}, {0.25f, 2}, {-1, -1}}) {
    plain.set<float>(0, in);
    other.set<float>(0, in);
    EXPECT_EQ(other.run<float>(), plain.run<float>());
  }
}

}  // namespace
}  // namespace pipit::test
