// SPDX-License-Identifier: Apache-2.0
// Quantized answers that no recorded case has: zero points of weights, a scale for each column,
// outputs of uncommon scale, ratios of scales that no shift can hold, windows that fit nowhere, and
// an index past the end.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "pipit/team.h"
#include "tests/support/busy_team.h"
#include "tests/support/files.h"
#include "tests/support/net.h"
#include "tests/support/place.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

using B = fb::BuiltinOperator;
using Builder = flatbuffers::FlatBufferBuilder;

template <class F>
OptionsSpec with(fb::BuiltinOptions type, const F& create) {
  return {type, [create](Builder& b) { return create(b).Union(); }};
}

TensorSpec quantized(Type type, Shape shape, float scale, int64_t zero_point,
                     std::vector<uint8_t> bytes = {}) {
  return {.type = type,
          .shape = shape,
          .bytes = std::move(bytes),
          .scales = {scale},
          .zero_points = {zero_point}};
}

// A model of one operator; inputs without bytes are given when it runs.
ModelBuilder one(B op, const std::vector<TensorSpec>& in, const TensorSpec& out,
                 const OptionsSpec& options = {}) {
  ModelBuilder b;
  std::vector<int> inputs, given;
  for (const TensorSpec& spec : in) {
    inputs.push_back(b.tensor(spec));
    if (spec.bytes.empty()) given.push_back(inputs.back());
  }
  const int output = b.tensor(out);
  b.builtin_node(op, inputs, {output}, options);
  b.inputs(given);
  b.outputs({output});
  return b;
}

template <class T>
std::vector<T> random_numbers(size_t n, uint64_t seed, int32_t low, int32_t high) {
  Random random(seed);
  std::vector<T> numbers(n);
  for (T& x : numbers) x = static_cast<T>(random.between(low, high));
  return numbers;
}

// ---- FULLY_CONNECTED: weights with a zero point

const std::vector<int8_t> kRight = {-128, -15, -63, 4, -50, 24};

std::vector<int8_t> run_file(const char* name, bool weights_given) {
  const std::string folder = place(QUANTIZATION_FIELD);
  const ModelBytes file = in_memory(read_file(folder + "/" + name));
  Message why;
  const auto model = Model::parse(file->span(), &why);
  EXPECT_TRUE(model.ok()) << why.text();
  alignas(16) static uint8_t arena[1 << 14];
  auto net = Interpreter::create(model.value(), arena, all_operators(), {}, &why);
  EXPECT_TRUE(net.ok()) << why.text();
  for (int i = 0; i < (weights_given ? 2 : 1); ++i) {
    const auto in = read_file(folder + (i == 0 ? "/in0.bin" : "/in1.bin"));
    EXPECT_EQ(in.size(), net.value().input(i)->bytes);
    std::copy(in.begin(), in.end(), net.value().input(i)->as<uint8_t>());
  }
  EXPECT_TRUE(net.value().invoke(&why).ok()) << why.text();
  const Tensor& out = *net.value().output(0);
  return {out.as<int8_t>(), out.as<int8_t>() + out.bytes};
}

TEST(FullyConnected, ConstantWeightsMayHaveAZeroPoint) {
  EXPECT_EQ(run_file("fc_zp7_const.tflite", false), kRight);
}
TEST(FullyConnected, ComputedWeightsMayHaveAZeroPoint) {
  EXPECT_EQ(run_file("fc_zp7_var.tflite", true), kRight);
}

OptionsSpec dense() {
  return with(fb::BuiltinOptions::FullyConnectedOptions,
              [](Builder& b) { return fb::CreateFullyConnectedOptions(b); });
}

// Many rows and outputs, several tiles and shares; depths that no vector divides.
TEST(FullyConnected, ZeroPointsOfWeightsInEveryTileAndShare) {
  for (const int32_t depth : {1, 7, 16, 100}) {
    for (const bool constant : {true, false}) {
      constexpr int32_t kRows = 19, kOutputs = 130, kIn = -5, kWeight = 11, kOut = 3;
      const auto in = random_numbers<int8_t>(size_t{kRows} * depth, 1, -128, 127);
      const auto w = random_numbers<int8_t>(size_t{kOutputs} * depth, 2, -128, 127);
      Options options;
      options.team = busy_team();
      Net net(one(B::FULLY_CONNECTED,
                  {quantized(Type::kInt8, Shape::of(kRows, depth), 0.25f, kIn),
                   quantized(Type::kInt8, Shape::of(kOutputs, depth), 0.5f, kWeight,
                             constant ? bytes_of(w) : std::vector<uint8_t>())},
                  quantized(Type::kInt8, Shape::of(kRows, kOutputs), 128.0f, kOut), dense()),
              options);
      net.set(0, in);
      if (!constant) net.set(1, w);
      const auto got = net.run<int8_t>();
      ASSERT_EQ(got.size(), size_t{kRows} * kOutputs);
      for (int32_t i = 0; i < kRows * kOutputs; ++i) {
        int32_t sum = 0;
        for (int32_t k = 0; k < depth; ++k) {
          sum += (in[static_cast<size_t>(i / kOutputs * depth + k)] - kIn) *
                 (w[static_cast<size_t>(i % kOutputs * depth + k)] - kWeight);
        }
        const double real = std::round(sum * 0.125 / 128) + kOut;
        ASSERT_EQ(got[static_cast<size_t>(i)], std::clamp(real, -128.0, 127.0))
            << depth << ' ' << i;
      }
    }
  }
}

// ---- BATCH_MATMUL: a scale for each column

TEST(BatchMatmul, AScaleForEachColumn) {
  constexpr int32_t kRows = 3, kDepth = 8, kColumns = 128;
  const auto in = random_numbers<int16_t>(kRows * kDepth, 3, -3000, 3000);
  const auto w = random_numbers<int8_t>(kDepth * kColumns, 4, -127, 127);
  TensorSpec right = quantized(Type::kInt8, Shape::of(kDepth, kColumns), 0, 0, bytes_of(w));
  right.scales.clear();
  right.dimension = 1;
  for (int i = 0; i < kColumns; ++i) right.scales.push_back(0.001f * static_cast<float>(1 + i % 7));
  right.zero_points.assign(kColumns, 0);
  Net net(one(B::BATCH_MATMUL,
              {quantized(Type::kInt16, Shape::of(kRows, kDepth), 0.001f, 0), right},
              quantized(Type::kInt16, Shape::of(kRows, kColumns), 0.001f, 0)));
  net.set(0, in);
  const auto got = net.run<int16_t>();
  ASSERT_EQ(got.size(), size_t{kRows} * kColumns);
  for (size_t i = 0; i < got.size(); ++i) {
    double sum = 0;
    for (size_t k = 0; k < kDepth; ++k)
      sum += in[i / kColumns * kDepth + k] * w[k * kColumns + i % kColumns];
    EXPECT_NEAR(got[i], sum * right.scales[i % kColumns], 3) << i;
  }
}

// ---- SOFTMAX: results of any scale, any beta

struct SoftmaxCase {
  Type in, out;
  float beta, scale;
  int zero_point;
};

std::vector<double> softmax(const std::vector<uint8_t>& raw, const SoftmaxCase& c, float in_scale) {
  std::vector<double> e;
  double sum = 0, shift = 0;
  const auto real = [&](uint8_t x) {
    return (c.in == Type::kInt8 ? static_cast<int8_t>(x) : x) * static_cast<double>(in_scale) *
           c.beta;
  };
  for (const uint8_t x : raw) shift = std::max(shift, real(x));
  for (const uint8_t x : raw) sum += e.emplace_back(std::exp(real(x) - shift));
  for (double& x : e) x /= sum;
  return e;
}

TEST(Softmax, ResultsOfAnyScaleAndAnyBeta) {
  constexpr float kScale = 0.05f;
  for (const SoftmaxCase& c :
       std::vector<SoftmaxCase>{{Type::kInt8, Type::kInt8, -1, 1.0f / 256, -128},
                                {Type::kInt8, Type::kInt8, 0, 1.0f / 256, -128},
                                {Type::kInt8, Type::kInt8, 1e-9f, 1.0f / 256, -128},
                                {Type::kUInt8, Type::kUInt8, 1, 1.0f / 100, 40},
                                {Type::kUInt8, Type::kUInt8, -0.5f, 1.0f / 256, 0},
                                {Type::kInt8, Type::kInt16, 1, 1.0f / 32768, 0},
                                {Type::kUInt8, Type::kInt16, 1, 1.0f / 20000, -77},
                                {Type::kUInt8, Type::kInt16, -2, 1.0f / 65536, -32768}}) {
    const auto raw = random_numbers<uint8_t>(9, 5, 0, 255);
    Net net(one(B::SOFTMAX, {quantized(c.in, Shape::of(1, 9), kScale, 0)},
                quantized(c.out, Shape::of(1, 9), c.scale, c.zero_point),
                with(fb::BuiltinOptions::SoftmaxOptions,
                     [&](Builder& b) { return fb::CreateSoftmaxOptions(b, c.beta); })));
    net.set(0, raw);
    ASSERT_TRUE(net.invoke()) << net.why();
    const auto want = softmax(raw, c, kScale);
    for (size_t i = 0; i < want.size(); ++i) {
      const double q = c.out == Type::kInt16  ? net.get<int16_t>(0)[i]
                       : c.out == Type::kInt8 ? net.get<int8_t>(0)[i]
                                              : net.get<uint8_t>(0)[i];
      EXPECT_NEAR((q - c.zero_point) * static_cast<double>(c.scale), want[i], 0.51 * c.scale + 1e-6)
          << type_name(c.in) << " to " << type_name(c.out) << ", beta " << c.beta;
    }
  }
}

// ---- ratios of scales beyond what shifts hold: results go to the ends, or to the zero point

TEST(Requantization, SaturatesWhereTheRatioIsHuge) {
  for (const float ratio : {0x1p25f, 0x1p29f, 0x1p31f, 0x1p40f, 0x1p100f}) {
    const std::vector<int8_t> in = {-128, -100, -1, 0, 1, 100, 127, 64};
    const std::vector<int8_t> ends = {-128, -128, -128, 3, 127, 127, 127, 127};
    const Shape row = Shape::of(1, 8);
    const TensorSpec out = quantized(Type::kInt8, row, 1 / ratio, 3);
    const TensorSpec x = quantized(Type::kInt8, row, 1, 0);
    std::vector<uint8_t> identity(64), ones(8, 1);
    for (size_t i = 0; i < 8; ++i) identity[9 * i] = 1;
    const TensorSpec zeros = quantized(Type::kInt8, row, 1, 0, std::vector<uint8_t>(8));
    TensorSpec image_out = out, image = x;
    image.shape = image_out.shape = Shape::of(1, 1, 1, 8);
    const OptionsSpec conv = with(fb::BuiltinOptions::Conv2DOptions, [](Builder& b) {
      return fb::CreateConv2DOptions(b, fb::Padding::SAME, 1, 1);
    });
    const OptionsSpec depthwise = with(fb::BuiltinOptions::DepthwiseConv2DOptions, [](Builder& b) {
      return fb::CreateDepthwiseConv2DOptions(b, fb::Padding::SAME, 1, 1, 1);
    });
    const std::vector<ModelBuilder> models = {
        one(B::QUANTIZE, {x}, out),
        one(B::RELU, {x}, out),
        one(B::FULLY_CONNECTED, {x, quantized(Type::kInt8, Shape::of(8, 8), 1, 0, identity)}, out,
            dense()),
        one(B::BATCH_MATMUL, {x, quantized(Type::kInt8, Shape::of(8, 8), 1, 0, identity)}, out),
        one(B::CONV_2D, {image, quantized(Type::kInt8, Shape::of(8, 1, 1, 8), 1, 0, identity)},
            image_out, conv),
        one(B::DEPTHWISE_CONV_2D,
            {image, quantized(Type::kInt8, Shape::of(1, 1, 1, 8), 1, 0, ones)}, image_out,
            depthwise),
        one(B::MUL, {x, quantized(Type::kInt8, row, 1, 0, ones)}, out),
        one(B::ADD, {x, zeros}, out),
        one(B::MEAN, {x, {.shape = Shape::of(1), .bytes = bytes_of(std::vector<int32_t>{0})}},
            quantized(Type::kInt8, Shape::of(8), 1 / ratio, 3))};
    for (size_t m = 0; m < models.size(); ++m) {
      Net net(models[m]);
      net.set(0, in);
      auto want = ends;
      if (m == 1) std::replace(want.begin(), want.end(), int8_t{-128}, int8_t{3});  // RELU
      EXPECT_EQ(net.run<int8_t>(), want) << "model " << m << ", ratio " << ratio;
    }
  }
}

TEST(Requantization, GivesTheZeroPointWhereTheRatioIsTiny) {
  for (const float ratio : {0x1p31f, 0x1p40f, 0x1p100f}) {
    const TensorSpec x = quantized(Type::kInt8, Shape::of(1, 4), 1, 0);
    const TensorSpec out = quantized(Type::kInt8, Shape::of(1, 4), ratio, 3);
    for (const B op : {B::QUANTIZE, B::RELU}) {
      Net net(one(op, {x}, out));
      net.set<int8_t>(0, {-128, -1, 1, 127});
      EXPECT_EQ(net.run<int8_t>(), std::vector<int8_t>(4, 3)) << ratio;
    }
  }
}

// Sums of 64 bits are shifted to the right by 15 less the ratio's exponent, which TensorFlow Lite's
// reference wants below 8, and C++ below 15: what is more has no answer.
TEST(Requantization, Int16RefusesRatiosThatHaveNoAnswer) {
  const OptionsSpec conv = with(fb::BuiltinOptions::Conv2DOptions, [](Builder& b) {
    return fb::CreateConv2DOptions(b, fb::Padding::SAME, 1, 1);
  });
  const OptionsSpec depthwise = with(fb::BuiltinOptions::DepthwiseConv2DOptions, [](Builder& b) {
    return fb::CreateDepthwiseConv2DOptions(b, fb::Padding::SAME, 1, 1, 1);
  });
  const Shape row = Shape::of(1, 1), image = Shape::of(1, 1, 1, 1);
  const auto in = [](Shape shape) { return quantized(Type::kInt16, shape, 1, 0); };
  for (const float ratio : {0x1p6f, 0x1p15f, 0x1p40f}) {
    const auto out = [&](Shape shape) { return quantized(Type::kInt16, shape, 1 / ratio, 0); };
    const auto byte = [](Shape shape) { return quantized(Type::kInt8, shape, 1, 0, {1}); };
    const TensorSpec wide = quantized(Type::kInt16, row, 1, 0, {1, 0});
    const std::vector<ModelBuilder> models = {
        one(B::CONV_2D, {in(image), byte(image)}, out(image), conv),
        one(B::DEPTHWISE_CONV_2D, {in(image), byte(image)}, out(image), depthwise),
        one(B::FULLY_CONNECTED, {in(row), wide}, out(row), dense()),
        one(B::BATCH_MATMUL, {in(row), byte(row)}, out(row))};
    for (const ModelBuilder& model : models) {
      Net net(model);
      EXPECT_EQ(net.ok(), ratio == 0x1p6f) << net.why();
      EXPECT_EQ(net.ok(), std::string(net.why()).find("scale") == std::string::npos) << net.why();
      if (!net.ok()) continue;
      net.set<int16_t>(0, {3});
      EXPECT_EQ(net.run<int16_t>(), std::vector<int16_t>{192});
    }
  }
}

// ---- windows larger than the image

TEST(Windows, ThatFitNowhereAreRefused) {
  const auto pool = [](int32_t size, fb::Padding padding) {
    return Net(one(B::MAX_POOL_2D, {{.type = Type::kFloat32, .shape = Shape::of(1, 3, 9, 2)}},
                   {.type = Type::kFloat32, .shape = {}},
                   with(fb::BuiltinOptions::Pool2DOptions, [=](Builder& b) {
                     return fb::CreatePool2DOptions(b, padding, 2, 2, 2, size);
                   })));
  };
  EXPECT_TRUE(pool(3, fb::Padding::VALID).ok());
  EXPECT_TRUE(pool(4, fb::Padding::SAME).ok());
  for (const int32_t size : {4, 5, 6, 1000, INT32_MAX}) {
    Net net = pool(size, fb::Padding::VALID);
    ASSERT_FALSE(net.ok()) << size;
    EXPECT_NE(std::string(net.why()).find("height 3 has no room for a window of"),
              std::string::npos)
        << net.why();
  }
  const auto conv = [](int32_t dilation) {
    return Net(one(B::CONV_2D,
                   {quantized(Type::kInt8, Shape::of(1, 9, 6, 1), 1, 0),
                    quantized(Type::kInt8, Shape::of(1, 2, 2, 1), 1, 0, {1, 1, 1, 1})},
                   quantized(Type::kInt8, {}, 1, 0),
                   with(fb::BuiltinOptions::Conv2DOptions, [=](Builder& b) {
                     return fb::CreateConv2DOptions(b, fb::Padding::VALID, 1, 1,
                                                    fb::ActivationFunctionType::NONE, dilation, 1);
                   })));
  };
  EXPECT_TRUE(conv(5).ok());
  Net net = conv(6);
  ASSERT_FALSE(net.ok());
  EXPECT_NE(std::string(net.why()).find("width 6 has no room for a window of 7"), std::string::npos)
      << net.why();
}

// ---- STRIDED_SLICE: an index past either end is the nearest one

template <class T>
T element(Type type, const std::vector<T>& in, int32_t begin, int32_t stride, bool constant) {
  const auto list = [&](int32_t x, bool known) {
    TensorSpec spec = {.type = Type::kInt32, .shape = Shape::of(1)};
    if (known) spec.bytes = bytes_of(std::vector<int32_t>{x});
    return spec;
  };
  Net net(one(B::STRIDED_SLICE,
              {{.type = type, .shape = Shape::of(in.size())},
               list(begin, constant),
               list(0, true),
               list(stride, true)},
              {.type = type, .shape = {}},
              with(fb::BuiltinOptions::StridedSliceOptions,
                   [](Builder& b) { return fb::CreateStridedSliceOptions(b, 0, 0, 0, 0, 1); })));
  net.set(0, in);
  if (!constant) net.set<int32_t>(1, {begin});
  const auto out = net.run<T>();
  EXPECT_EQ(out.size(), 1u) << net.why();
  return out.empty() ? T{} : out[0];
}

TEST(StridedSlice, AnIndexPastTheEndIsTheLast) {
  for (const bool constant : {true, false}) {
    for (const int32_t stride : {1, -1}) {
      const auto at = [&](int32_t begin) {
        const auto small = element<int8_t>(Type::kInt8, {10, 11, 12}, begin, stride, constant);
        const auto half = element<int16_t>(Type::kInt16, {10, 11, 12}, begin, stride, constant);
        const auto real = element<float>(Type::kFloat32, {10, 11, 12}, begin, stride, constant);
        const auto wide = element<int64_t>(Type::kInt64, {10, 11, 12}, begin, stride, constant);
        EXPECT_EQ(small, half);
        EXPECT_EQ(small, wide);
        EXPECT_EQ(static_cast<float>(small), real);
        return small;
      };
      EXPECT_EQ(at(2), 12);
      EXPECT_EQ(at(3), 12);
      EXPECT_EQ(at(INT32_MAX), 12);
      EXPECT_EQ(at(-1), 12);
      EXPECT_EQ(at(-3), 10);
      EXPECT_EQ(at(-4), 10);
      EXPECT_EQ(at(INT32_MIN), 10);
    }
  }
}

}  // namespace
}  // namespace pipit::test
