// SPDX-License-Identifier: Apache-2.0
// LSTM cells that the recorded cases do not have but LiteRT's own tests run, with the numbers of
// those: states of int8 that are declared int16, products that are rounded to int8, sparse weights.
#include <cmath>

#include "tests/support/edit.h"
#include "tests/support/net.h"

namespace pipit::test {
namespace {

using std::vector;

constexpr int kInputs = 24;

OptionsSpec lstm_options() {
  return {fb::BuiltinOptions::LSTMOptions, [](flatbuffers::FlatBufferBuilder& b) {
            return fb::CreateLSTMOptions(b, fb::ActivationFunctionType::TANH).Union();
          }};
}

// The inputs of one LSTM; those without a type are left out, input 0 is the model's.
ModelBuilder lstm(const vector<TensorSpec>& inputs, const vector<bool>& there,
                  const TensorSpec& output) {
  ModelBuilder b;
  vector<int> in;
  for (size_t i = 0; i < inputs.size(); ++i) in.push_back(there[i] ? b.tensor(inputs[i]) : -1);
  const int out = b.tensor(output);
  b.builtin_node(fb::BuiltinOperator::LSTM, in, {out}, lstm_options());
  b.inputs({in[0]});
  b.outputs({out});
  return b;
}

// ---- integers: 2 batches, 5 inputs, 4 cells, 3 outputs, a projection, normalization

struct Scale {
  float scale;
  int32_t zero_point;
};

// For numbers from `low` to `high`, as LiteRT's tests choose it.
template <class T>
Scale scale_for(float low, float high) {
  const auto least = static_cast<float>(std::numeric_limits<T>::min());
  const auto most = static_cast<float>(std::numeric_limits<T>::max());
  const float scale = (high - low) / (most - least);
  const float from_low = least - low / scale, from_high = most - high / scale;
  const bool use_low = std::abs(least) + std::abs(low / scale) < most + std::abs(high / scale);
  return {scale, static_cast<int32_t>(std::round(use_low ? from_low : from_high))};
}

template <class T>
vector<T> quantize(const vector<float>& real, Scale s) {
  vector<T> q;
  for (const float r : real) {
    const double value = std::round(static_cast<float>(s.zero_point) + r / s.scale);
    q.push_back(static_cast<T>(
        std::clamp<double>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max())));
  }
  return q;
}

// Weights are quantized with a zero point, which the operator takes for 0.
template <class T>
TensorSpec constant(Type type, const Shape& shape, const vector<float>& real, float limit) {
  const Scale s = scale_for<T>(-limit, limit);
  return {.type = type,
          .shape = shape,
          .bytes = bytes_of(quantize<T>(real, s)),
          .scales = {s.scale},
          .zero_points = {0}};
}

struct IntegerCell {
  bool rounded;  // products to int8, which takes 12 intermediate tensors and no input gate
  Type state = Type::kInt16;
  float state_scale = 1.0f / 32768;
  float bias = 1;  // what the projection's is times
};

const vector<float> kInputWeights[] = {
    {0.5f,  0.6f, 0.7f,  -0.8f, -0.9f, 0.1f,  0.2f,  0.3f,  -0.4f, 0.5f,
     -0.8f, 0.7f, -0.6f, 0.5f,  -0.4f, -0.5f, -0.4f, -0.3f, -0.2f, -0.1f},
    {-0.6f, -0.1f, 0.3f,  0.2f,  0.9f,  -0.5f, -0.2f, -0.4f, 0.3f,  -0.8f,
     -0.4f, 0.3f,  -0.5f, -0.4f, -0.6f, 0.3f,  -0.4f, -0.6f, -0.5f, -0.5f},
    {-0.4f, -0.3f, -0.2f, -0.1f, -0.5f, 0.5f, -0.2f, -0.3f, -0.2f, -0.6f,
     0.6f,  -0.1f, -0.4f, -0.3f, -0.7f, 0.7f, -0.9f, -0.5f, 0.8f,  0.6f},
    {-0.8f, -0.4f, -0.2f, -0.9f, -0.1f, -0.7f, 0.3f, -0.3f, -0.8f, -0.2f,
     0.6f,  -0.2f, 0.4f,  -0.7f, -0.3f, -0.5f, 0.1f, 0.5f,  -0.6f, -0.4f}};
const vector<float> kRecurrentWeights[] = {
    {-0.2f, -0.3f, 0.4f, 0.1f, -0.5f, 0.9f, -0.2f, -0.3f, -0.7f, 0.05f, -0.2f, -0.6f},
    {-0.5f, -0.3f, -0.5f, -0.2f, 0.6f, 0.4f, 0.9f, 0.3f, -0.1f, 0.2f, 0.5f, 0.2f},
    {-0.3f, 0.2f, 0.1f, -0.3f, 0.8f, -0.08f, -0.2f, 0.3f, 0.8f, -0.6f, -0.1f, 0.2f},
    {0.3f, -0.1f, 0.1f, -0.2f, -0.5f, -0.7f, -0.2f, -0.6f, -0.1f, -0.4f, -0.7f, -0.2f}};
const vector<float> kBias[] = {{0.03f, 0.15f, 0.22f, 0.38f},
                               {0.1f, -0.3f, -0.2f, 0.1f},
                               {-0.05f, 0.72f, 0.25f, 0.08f},
                               {0.05f, -0.01f, 0.2f, 0.1f}};
const vector<float> kNorm[] = {{0.1f, 0.2f, 0.3f, 0.5f},
                               {0.2f, 0.2f, 0.4f, 0.3f},
                               {0.7f, 0.2f, 0.3f, 0.8f},
                               {0.6f, 0.2f, 0.2f, 0.5f}};
const vector<float> kProjection = {-0.1f, 0.2f,  0.01f, -0.2f, 0.1f,  0.5f,
                                   0.3f,  0.08f, 0.07f, 0.2f,  -0.4f, 0.2f};

TensorSpec state(Type type, const Shape& shape, float scale) {
  return {.type = type, .shape = shape, .variable = true, .scales = {scale}, .zero_points = {0}};
}

vector<uint8_t> integer_lstm(const IntegerCell& cell) {
  const Scale in = scale_for<int8_t>(-1, 127.0f / 128);
  vector<TensorSpec> inputs(kInputs);
  vector<bool> there(kInputs, true);
  inputs[0] = {.type = Type::kInt8,
               .shape = Shape::of(2, 5),
               .scales = {in.scale},
               .zero_points = {in.zero_point}};
  for (size_t g = 0; g < 4; ++g) {
    inputs[1 + g] = constant<int8_t>(Type::kInt8, Shape::of(4, 5), kInputWeights[g], 1);
    inputs[5 + g] = constant<int8_t>(Type::kInt8, Shape::of(4, 3), kRecurrentWeights[g], 1);
    inputs[12 + g] = constant<int32_t>(Type::kInt32, Shape::of(4), kBias[g], 100);
    inputs[20 + g] = constant<int16_t>(Type::kInt16, Shape::of(4), kNorm[g], 1.000005f);
    for (const size_t i : {1 + g, 5 + g, 12 + g, 20 + g}) there[i] = g != 0 || !cell.rounded;
  }
  for (const size_t i : {9u, 10u, 11u}) there[i] = false;
  inputs[16] = constant<int8_t>(Type::kInt8, Shape::of(3, 4), kProjection, 0.5f);
  const float bias = cell.bias;
  inputs[17] =
      constant<int32_t>(Type::kInt32, Shape::of(3), {0.1f * bias, 0.3f * bias, 0.5f * bias}, 1);
  there[17] = cell.rounded;
  inputs[18] = state(cell.state, Shape::of(2, 3), cell.state_scale);
  inputs[19] = state(Type::kInt16, Shape::of(2, 4), 0x1p-15f);
  const auto model = lstm(inputs, there,
                          {.type = Type::kInt8,
                           .shape = Shape::of(2, 3),
                           .scales = {cell.state_scale},
                           .zero_points = {0}});
  const vector<float> scales =
      cell.rounded ? vector<float>{0.007059f, 0.007812f, 0.007059f, 0.007812f, 0.007f, 0.007059f,
                                   0.007f,    0.007f,    0.007059f, 0.007f,    0.007f, 0.3f}
                   : vector<float>{0.007059f, 0.007812f, 0.007059f, 0.007812f, 0.007f};
  return edited(model.finish(), [&](edit::ModelT& m) {
    edit::SubGraphT& g = *m.subgraphs[0];
    for (const float scale : scales) {
      auto t = std::make_unique<edit::TensorT>();
      t->type = edit::TensorType::INT16;
      t->quantization = std::make_unique<edit::QuantizationParametersT>();
      t->quantization->scale = {scale};
      t->quantization->zero_point = {0};
      g.operators[0]->intermediates.push_back(static_cast<int32_t>(g.tensors.size()));
      g.tensors.push_back(std::move(t));
    }
  });
}

const vector<float> kSequence[] = {{0.7f, 0.8f, 0.1f, 0.2f, 0.3f, 0.8f, 0.1f, 0.2f, 0.4f, 0.5f},
                                   {0.2f, 0.7f, 0.7f, 0.1f, 0.7f, 0.3f, 0.2f, 0.9f, 0.8f, 0.1f},
                                   {0.7f, 0.8f, 0.1f, 0.2f, 0.3f, 0.3f, 0.2f, 0.9f, 0.8f, 0.1f}};

void expect_outputs(const IntegerCell& cell, const vector<vector<int8_t>>& want) {
  Net net(integer_lstm(cell));
  ASSERT_TRUE(net.ok()) << net.why();
  for (size_t t = 0; t < want.size(); ++t) {
    net.set<int8_t>(0, quantize<int8_t>(kSequence[t], scale_for<int8_t>(-1, 127.0f / 128)));
    EXPECT_EQ(net.run<int8_t>(), want[t]) << t;
  }
}

TEST(IntegerLstm, ReadsAStateDeclaredInt16AsInt8) {
  const vector<vector<int8_t>> want = {{127, 127, -108, -67, 127, 127},
                                       {-128, 127, 127, -128, 127, 127},
                                       {127, 127, 127, -128, 127, 127}};
  for (const Type type : {Type::kInt16, Type::kInt8}) expect_outputs({false, type}, want);
}

TEST(IntegerLstm, RoundsProductsToInt8) {
  const vector<int8_t> most(6, 127);
  expect_outputs({true}, {most, most, most});
}

TEST(IntegerLstm, RefusesOtherStates) {
  for (const Type type : {Type::kInt32, Type::kFloat32}) {
    EXPECT_FALSE(Net(integer_lstm({false, type})).ok());
  }
}

// ---- the cell of rounded products, from its definition in real numbers

// What the output gate's second product becomes is nearly nothing, by a slip of the reference
// kernel.
struct RealCell {
  vector<double> cell = vector<double>(8), state = vector<double>(6);

  vector<double> gate(size_t g, const vector<float>& x) const {
    constexpr float kScales[] = {0,      0.007059f, 0.007812f, 0.007059f, 0.007812f,
                                 0.007f, 0.007059f, 0.007f,    0.007f,    0.007059f,
                                 0.007f, 0.007f,    0.3f};
    const auto round_to = [](double value, double scale) {
      return std::clamp(std::round(value / scale), -128.0, 127.0) * scale;
    };
    // In int8 a weight of 1 is 127.5, less a half that the zero point takes.
    const auto weight = [](float w) { return std::round(w * 127.5 - 1) / 127.5; };
    vector<double> sums;
    for (size_t b = 0; b < 2; ++b) {
      for (size_t c = 0; c < 4; ++c) {
        double input = 0, recurrent = 0;
        for (size_t i = 0; i < 5; ++i) {
          input += weight(kInputWeights[g][c * 5 + i]) * std::round(x[b * 5 + i] * 128) / 128;
        }
        for (size_t i = 0; i < 3; ++i) {
          recurrent += weight(kRecurrentWeights[g][c * 3 + i]) * state[b * 3 + i];
        }
        const double second = g == 3 ? 0 : round_to(recurrent, double{kScales[3 * g + 3]});
        sums.push_back(round_to(input, double{kScales[3 * g + 2]}) + second);
      }
    }
    return normalized(g, sums);
  }

  static vector<double> normalized(size_t g, vector<double> sums) {
    for (size_t b = 0; b < 2; ++b) {
      double mean = 0, square = 0;
      for (size_t c = 0; c < 4; ++c) mean += sums[b * 4 + c] / 4;
      for (size_t c = 0; c < 4; ++c) square += std::pow(sums[b * 4 + c] - mean, 2) / 4;
      for (size_t c = 0; c < 4; ++c) {
        // A bias is in units of 2^-10 of the weights' scale.
        const double bias =
            std::round(double{kBias[g][c]} / (200 / 4294967295.0)) * (2.00001 / 65535) / 1024;
        double& v = sums[b * 4 + c];
        v = (v - mean) / std::sqrt(square) * double{kNorm[g][c]} + bias;
        v = std::clamp(v, -8.0, 8.0);
        v = g == 2 ? std::tanh(v) : 1 / (1 + std::exp(-v));
      }
    }
    return sums;
  }

  void step(const vector<float>& x, double state_scale) {
    const vector<double> forget = gate(1, x), update = gate(2, x), output = gate(3, x);
    for (size_t i = 0; i < 8; ++i) {
      cell[i] = std::clamp(forget[i] * cell[i] + (1 - forget[i]) * update[i], -1.0, 1.0);
    }
    for (size_t b = 0; b < 2; ++b) {
      for (size_t o = 0; o < 3; ++o) {
        double sum = 0;
        for (size_t c = 0; c < 4; ++c) {
          const double w = std::round(double{kProjection[o * 4 + c]} * 255 - 1) / 255;
          sum += w * output[b * 4 + c] * std::tanh(cell[b * 4 + c]);
        }
        state[b * 3 + o] = std::clamp(std::round(sum / state_scale), -128.0, 127.0) * state_scale;
      }
    }
  }
};

// The projection's bias saturates every output of the public test; here it is 0.
TEST(IntegerLstm, RoundsProductsToInt8AsItsDefinitionSays) {
  constexpr float kScale = 1.0f / 256;
  Net net(integer_lstm({true, Type::kInt8, kScale, 0}));
  ASSERT_TRUE(net.ok()) << net.why();
  RealCell real;
  for (const vector<float>& x : kSequence) {
    net.set<int8_t>(0, quantize<int8_t>(x, scale_for<int8_t>(-1, 127.0f / 128)));
    const vector<int8_t> got = net.run<int8_t>();
    real.step(x, double{kScale});
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], real.state[i] / double{kScale}, 2) << i;
    }
  }
}

// ---- float32 with sparse weights: 2 batches, 48 inputs, 4 cells, 16 outputs

// Symmetric int8 of [rows][columns], of which blocks of 16 columns are kept that are not zero.
struct Sparse {
  vector<int8_t> dense;
  float scale;
  int32_t rows;

  Sparse(const vector<float>& real, int32_t row_count) : rows(row_count) {
    float most = 0;
    for (const float r : real) most = std::max(most, std::abs(r));
    scale = most / 127;
    for (const float r : real) dense.push_back(static_cast<int8_t>(std::round(r * (127 / most))));
  }
  int32_t columns() const { return static_cast<int32_t>(dense.size()) / rows; }
  TensorSpec spec() const {
    return {.type = Type::kInt8,
            .shape = Shape::of(rows, columns()),
            .bytes = bytes_of(dense),
            .scales = {scale},
            .zero_points = {0}};
  }

  void compress(edit::ModelT* m, edit::TensorT* t) const {
    edit::Int32VectorT starts, indices;
    vector<uint8_t> kept;
    starts.values = {0};
    for (int32_t block = 0; block < static_cast<int32_t>(dense.size()) / 16; ++block) {
      const auto first = dense.begin() + block * 16;
      if (std::any_of(first, first + 16, [](int8_t v) { return v != 0; })) {
        indices.values.push_back(block % (columns() / 16));
        kept.insert(kept.end(), first, first + 16);
      }
      if ((block + 1) % (columns() / 16) == 0) {
        starts.values.push_back(static_cast<int32_t>(indices.values.size()));
      }
    }
    m->buffers[t->buffer]->data = kept;
    t->sparsity = std::make_unique<edit::SparsityParametersT>();
    t->sparsity->traversal_order = {0, 1, 2};
    t->sparsity->block_map = {1};
    for (int i = 0; i < 3; ++i) {
      t->sparsity->dim_metadata.push_back(std::make_unique<edit::DimensionMetadataT>());
      t->sparsity->dim_metadata.back()->dense_size = i == 0 ? rows : 16;
    }
    edit::DimensionMetadataT& middle = *t->sparsity->dim_metadata[1];
    middle.format = edit::DimensionType::SPARSE_CSR;
    middle.array_segments.Set(std::move(starts));
    middle.array_indices.Set(std::move(indices));
  }
};

vector<float> sparse_input_weights() {
  vector<float> w(4 * 48);
  for (int i = 1; i <= 44; ++i) {
    const double value = i < 10 ? 1.1 * i : 1.01 * i, sign = i % 2 == 0 ? 1 : -1;
    const auto column = static_cast<size_t>(i - 1);
    if (i <= 16 || i >= 33) {
      w[column] = static_cast<float>(value);
      w[3 * 48 + column] = static_cast<float>(value * sign);
    } else if (i <= 28) {
      w[48 + column] = static_cast<float>(-value);
      w[2 * 48 + column] = static_cast<float>(-value * sign);
    }
  }
  return w;
}

// `few` columns of `all`.
vector<float> padded(const vector<float>& values, size_t few, size_t all) {
  vector<float> wide;
  for (size_t i = 0; i < values.size(); ++i) {
    wide.push_back(values[i]);
    if (i % few == few - 1) wide.resize(wide.size() + all - few);
  }
  return wide;
}

TensorSpec floats(const vector<float>& values) {
  return {.type = Type::kFloat32, .shape = Shape::of(values.size()), .bytes = bytes_of(values)};
}

vector<uint8_t> sparse_lstm(const std::function<void(edit::ModelT&)>& change = {}) {
  const Sparse weights(sparse_input_weights(), 4);
  vector<Sparse> recurrent;
  for (const auto& w : kRecurrentWeights) recurrent.emplace_back(padded(w, 3, 16), 4);
  const vector<float> peephole[] = {
      {0.05f, 0.1f, 0.25f, 0.15f}, {-0.02f, -0.15f, -0.25f, -0.03f}, {0.1f, -0.1f, -0.5f, 0.05f}};
  vector<TensorSpec> inputs(kInputs);
  vector<bool> there(kInputs, true);
  inputs[0] = {.type = Type::kFloat32, .shape = Shape::of(2, 48)};
  for (size_t g = 0; g < 4; ++g) {
    inputs[1 + g] = weights.spec();
    inputs[5 + g] = recurrent[g].spec();
    inputs[12 + g] = floats(kBias[g]);
    inputs[20 + g] = floats(kNorm[g]);
  }
  for (size_t i = 0; i < 3; ++i) {
    inputs[9 + i] = Sparse(peephole[i], 1).spec();
    inputs[9 + i].shape = Shape::of(4);
  }
  vector<float> projection = kProjection;
  projection.resize(64);
  inputs[16] = Sparse(projection, 16).spec();
  there[17] = false;
  inputs[18] = {.type = Type::kFloat32, .shape = Shape::of(32), .variable = true};
  inputs[19] = {.type = Type::kFloat32, .shape = Shape::of(8), .variable = true};
  const auto model = lstm(inputs, there, {.type = Type::kFloat32, .shape = Shape::of(2, 16)});
  return edited(model.finish(), [&](edit::ModelT& m) {
    edit::SubGraphT& g = *m.subgraphs[0];
    for (size_t i = 0; i < 4; ++i) {
      weights.compress(&m, g.tensors[1 + i].get());
      recurrent[i].compress(&m, g.tensors[5 + i].get());
    }
    if (change) change(m);
  });
}

TEST(SparseLstm, GivesTheNumbersOfThePublicTest) {
  vector<float> first,
      second = {2.5f, 0,     -2.1f, 0,     3,    0,     -1.3f, 0,     1.3f, 0,     -1.1f, 0,
                2,    0,     -1.7f, 0,     1.9f, 0,     -1.5f, 0,     0.5f, 0,     -0.7f, 0,
                0.8f, 0,     -0.3f, 0,     2.8f, 0,     -2.8f, 0,     1.1f, -2.3f, 1.9f,  -1.9f,
                2.1f, -0.5f, 2.4f,  -0.1f, 1,    -2.5f, 0.7f,  -1.9f, 0.2f, 0.1f,  0.2f,  0.3f};
  for (int i = 0; i < 48; ++i) first.push_back(i % 2 == 0 ? 1.0f : -1.0f);
  const vector<float> want[] = {{0.0559981f, 0.140761f, -0.0618812f},
                                {0.070831f, 0.200455f, -0.0581763f}};
  Net net(sparse_lstm());
  ASSERT_TRUE(net.ok()) << net.why();
  for (size_t t = 0; t < 2; ++t) {
    vector<float> x = t == 0 ? first : second;
    x.insert(x.end(), x.begin(), x.end());
    net.set<float>(0, x);
    const vector<float> got = net.run<float>();
    ASSERT_EQ(got.size(), 32u);
    for (size_t i = 0; i < 32; ++i) {
      EXPECT_NEAR(got[i], i % 16 < 3 ? want[t][i % 16] : 0, 1e-5) << t << " " << i;
    }
  }
}

TEST(SparseLstm, RefusesWhatElseIsSparse) {
  const auto refusal = [](const std::function<void(edit::ModelT&)>& change) {
    return std::string(Net(sparse_lstm(change)).why());
  };
  for (const size_t i : {9u, 12u, 20u}) {  // cell weights, bias, normalization weights
    const auto why = refusal([&](edit::ModelT& m) {
      auto& tensors = m.subgraphs[0]->tensors;
      tensors[i]->sparsity = std::make_unique<edit::SparsityParametersT>(*tensors[1]->sparsity);
      m.buffers[tensors[i]->buffer]->data.resize(4);
    });
    EXPECT_NE(why, "") << i;
  }
  const auto outside = refusal([](edit::ModelT& m) {
    edit::DimensionMetadataT& columns = *m.subgraphs[0]->tensors[6]->sparsity->dim_metadata[1];
    columns.array_indices.AsInt32Vector()->values[3] = 1;
  });
  EXPECT_NE(outside.find("sparse column index 1 is outside"), std::string::npos) << outside;
  const auto asymmetric = refusal([](edit::ModelT& m) {
    m.subgraphs[0]->operators[0]->builtin_options.AsLSTMOptions()->asymmetric_quantize_inputs =
        true;
  });
  EXPECT_NE(asymmetric.find("symmetrically"), std::string::npos) << asymmetric;
}

}  // namespace
}  // namespace pipit::test
