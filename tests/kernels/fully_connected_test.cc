// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED where the conformance cases do not reach: shuffled weights and weights with a
// scale for each block.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/quantize.h"
#include "kernels/contracts/hybrid.h"
#include "kernels/math/fixed_point.h"
#include "kernels/math/half.h"
#include "tests/support/net.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

OptionsSpec options_for(fb::FullyConnectedOptionsWeightsFormat format) {
  return {fb::BuiltinOptions::FullyConnectedOptions, [format](flatbuffers::FlatBufferBuilder& b) {
            return fb::CreateFullyConnectedOptions(b, fb::ActivationFunctionType::NONE, format,
                                                   false, false, fb::TensorType::FLOAT32)
                .Union();
          }};
}

// Tensors 0, 1, 2: input, weights and bias; 3: output; then what they need.
ModelBuilder make_model(const std::vector<TensorSpec>& tensors, const std::vector<int>& outputs,
                        fb::FullyConnectedOptionsWeightsFormat format) {
  ModelBuilder b;
  for (const TensorSpec& t : tensors) b.tensor(t);
  b.builtin_node(fb::BuiltinOperator::FULLY_CONNECTED, {0, 1, 2}, outputs, options_for(format));
  b.inputs({0});
  b.outputs({3});
  return b;
}

TEST(FullyConnected, ShuffledWeights) {
  constexpr int kOutputs = 8, kDepth = 48;
  constexpr float kInScale = 1.0f / 128, kWeightScale = 0.01f, kOutScale = 1.0f / 4096;
  Random random(1);
  for (const int rows : {1, 3, 4}) {
    std::vector<uint8_t> in(static_cast<size_t>(rows) * kDepth), plain(kOutputs * kDepth);
    std::vector<uint8_t> shuffled(plain.size());
    std::vector<int32_t> bias(kOutputs);
    for (auto& x : in) x = static_cast<uint8_t>(random.bits());
    for (auto& x : plain) x = static_cast<uint8_t>(random.bits());
    for (auto& x : bias) x = static_cast<int32_t>(random.bits() % 20001) - 10000;
    for (size_t o = 0; o < kOutputs; ++o) {
      for (size_t k = 0; k < kDepth; ++k) {
        const size_t tile = (o / 4 * (kDepth / 16) + k / 16) * 64;
        shuffled[tile + o % 4 * 16 + k % 16] = plain[o * kDepth + k] ^ 0x80;
      }
    }
    Net net(make_model({{.type = Type::kUInt8,
                         .shape = Shape::of(rows, kDepth),
                         .scales = {kInScale},
                         .zero_points = {128}},
                        {.type = Type::kUInt8,
                         .shape = Shape::of(kOutputs, kDepth),
                         .bytes = shuffled,
                         .scales = {kWeightScale},
                         .zero_points = {128}},
                        {.shape = Shape::of(kOutputs),
                         .bytes = bytes_of(bias),
                         .scales = {kInScale * kWeightScale},
                         .zero_points = {0}},
                        {.type = Type::kInt16,
                         .shape = Shape::of(rows, kOutputs),
                         .scales = {kOutScale},
                         .zero_points = {0}},
                        {.type = Type::kUInt8, .shape = Shape::of(rows, kDepth)}},
                       {3, 4}, fb::FullyConnectedOptionsWeightsFormat::SHUFFLED4x16INT8));
    net.set(0, in);
    const auto got = net.run<int16_t>();
    ASSERT_EQ(got.size(), static_cast<size_t>(rows) * kOutputs);
    const Multiplier m =
        quantize_multiplier(static_cast<double>(kInScale * kWeightScale) / kOutScale);
    for (size_t i = 0; i < got.size(); ++i) {
      int32_t sum = bias[i % kOutputs];
      for (size_t k = 0; k < kDepth; ++k) {
        sum += (in[i / kOutputs * kDepth + k] - 128) * (plain[i % kOutputs * kDepth + k] - 128);
      }
      EXPECT_EQ(got[i], clamp(multiply(sum, m.multiplier, m.shift), INT16_MIN, INT16_MAX)) << i;
    }
  }
}

// Their starts are found when running, and there are more of them than a tile has.
TEST(FullyConnected, ManyOutputsOfComputedWeights) {
  constexpr int kRows = 16, kOutputs = 300, kDepth = 8;
  for (const Type weights_type : {Type::kInt8, Type::kInt16}) {
    ModelBuilder b;
    b.tensor({.type = Type::kInt16,
              .shape = Shape::of(kRows, kDepth),
              .scales = {0.5f},
              .zero_points = {0}});
    b.tensor({.type = weights_type,
              .shape = Shape::of(kOutputs, kDepth),
              .scales = std::vector<float>(kOutputs, 0.5f),
              .zero_points = std::vector<int64_t>(kOutputs, 0)});
    b.tensor({.type = Type::kInt16,
              .shape = Shape::of(kRows, kOutputs),
              .scales = {0.25f},
              .zero_points = {0}});
    b.builtin_node(fb::BuiltinOperator::FULLY_CONNECTED, {0, 1, -1}, {2},
                   options_for(fb::FullyConnectedOptionsWeightsFormat::DEFAULT));
    b.inputs({0, 1});
    b.outputs({2});
    Net net(b);
    ASSERT_TRUE(net.ok()) << net.why();
    Random random(3);
    std::vector<int16_t> in(kRows * kDepth), weights(kOutputs * kDepth);
    for (auto& x : in) x = static_cast<int16_t>(random.bits() % 201) - 100;
    for (auto& x : weights) x = static_cast<int16_t>(random.bits() % 201) - 100;
    net.set(0, in);
    if (weights_type == Type::kInt8) {
      net.set(1, std::vector<int8_t>(weights.begin(), weights.end()));
    } else {
      net.set(1, weights);
    }
    const auto got = net.run<int16_t>();
    ASSERT_EQ(got.size(), static_cast<size_t>(kRows * kOutputs));
    for (size_t i = 0; i < got.size(); ++i) {
      int32_t sum = 0;
      for (size_t k = 0; k < kDepth; ++k) {
        sum += in[i / kOutputs * kDepth + k] * weights[i % kOutputs * kDepth + k];
      }
      ASSERT_EQ(got[i], clamp(sum, INT16_MIN, INT16_MAX)) << i;
    }
  }
}

TEST(FullyConnected, ScaleForEachBlock) {
  constexpr int kRows = 3, kOutputs = 5, kDepth = 64, kBlock = 32, kBlocks = kDepth / kBlock;
  Random random(2);
  const auto real = [&] { return static_cast<float>(random.bits() % 2001) / 1000 - 1; };
  std::vector<float> in(kRows * kDepth), bias(kOutputs);
  std::vector<int> weights(kOutputs * kDepth);
  std::vector<uint8_t> packed(weights.size() / 2);
  std::vector<uint16_t> scales(kOutputs * kBlocks);
  for (auto& x : in) x = real();
  for (auto& x : bias) x = real();
  for (auto& x : scales) x = float_to_half(0.5f + real() / 4);
  for (size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<int>(random.bits() % 16) - 8;
    packed[i / 2] = static_cast<uint8_t>(packed[i / 2] | (weights[i] & 15) << i % 2 * 4);
  }
  Net net(make_model(
      {{.type = Type::kFloat32, .shape = Shape::of(kRows, kDepth)},
       {.type = Type::kInt4,
        .shape = Shape::of(kOutputs, kDepth),
        .bytes = packed,
        .block = kBlock,
        .block_scales = 4},
       {.type = Type::kFloat32, .shape = Shape::of(kOutputs), .bytes = bytes_of(bias)},
       {.type = Type::kFloat32, .shape = Shape::of(kRows, kOutputs)},
       {.type = Type::kFloat16, .shape = Shape::of(kOutputs, kBlocks), .bytes = bytes_of(scales)}},
      {3}, fb::FullyConnectedOptionsWeightsFormat::DEFAULT));
  net.set(0, in);
  const auto got = net.run<float>();
  ASSERT_EQ(got.size(), static_cast<size_t>(kRows * kOutputs));
  std::vector<int8_t> q(in.size());
  float scale[kRows];
  int32_t zero_point[kRows];
  quantize_rows(hybrid_variants()[0], in.data(), kDepth, true,
                {q.data(), scale, zero_point, kRows, kDepth});
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t o = 0; o < kOutputs; ++o) {
      double sum = bias[o];
      for (size_t k = 0; k < kDepth; ++k) {
        const double scale_of_block = half_to_float(scales[o * kBlocks + k / kBlock]);
        const double w = weights[o * kDepth + k] * scale_of_block;
        sum += (q[r * kDepth + k] - zero_point[r]) * static_cast<double>(scale[r]) * w;
      }
      EXPECT_NEAR(got[r * kOutputs + o], sum, 1e-4) << r << ' ' << o;
    }
  }
}

TEST(FullyConnected, BlocksThatDoNotFitAreRefused) {
  const auto net_with = [](int block, int scales, int which) {
    std::vector<uint8_t> halves(static_cast<size_t>(scales) * 2);
    return Net(make_model(
        {{.type = Type::kFloat32, .shape = Shape::of(2, 64)},
         {.type = Type::kInt4,
          .shape = Shape::of(3, 64),
          .bytes = std::vector<uint8_t>(96),
          .block = block,
          .block_scales = which},
         {.type = Type::kFloat32, .shape = Shape::of(3), .bytes = std::vector<uint8_t>(12)},
         {.type = Type::kFloat32, .shape = Shape::of(2, 3)},
         {.type = Type::kFloat16, .shape = Shape::of(scales), .bytes = halves}},
        {3}, fb::FullyConnectedOptionsWeightsFormat::DEFAULT));
  };
  EXPECT_TRUE(net_with(32, 6, 4).ok()) << net_with(32, 6, 4).why();
  EXPECT_FALSE(net_with(32, 5, 4).ok());
  EXPECT_FALSE(net_with(24, 6, 4).ok());
  EXPECT_FALSE(net_with(-32, 6, 4).ok());
  for (const int which : {-1, 0, 1, 5, 1 << 30}) EXPECT_FALSE(net_with(32, 6, which).ok()) << which;
}

}  // namespace
}  // namespace pipit::test
