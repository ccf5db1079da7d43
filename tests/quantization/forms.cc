// SPDX-License-Identifier: Apache-2.0
#include "tests/quantization/forms.h"

#include <algorithm>

namespace pipit::test {
namespace {

using B = fb::BuiltinOperator;
using Builder = flatbuffers::FlatBufferBuilder;
constexpr auto kNone = fb::ActivationFunctionType::NONE;
constexpr auto kInt32Bias = fb::TensorType::INT32;

// ---- operands

Operand data(Type type, Shape shape) {
  const bool wide = type == Type::kInt16;
  const int zero_point = wide ? 0 : (type == Type::kUInt8 ? 121 : -7);
  return {type, shape, Role::kData, wide ? 0.0001f : 0.02f, zero_point, shape.rank - 1};
}
Operand positive(Type type, Shape shape) {
  Operand o = data(type, shape);
  o.role = Role::kPositive;
  return o;
}
Operand weights(Type type, Shape shape, int channels) {
  const int zero_point = type == Type::kUInt8 ? 130 : 0;
  const float scale = type == Type::kInt16 ? 0.0001f : 0.01f;
  return {type, shape, Role::kWeights, scale, zero_point, channels};
}
Operand bias(Type in, int32_t n) {
  const Type type = in == Type::kFloat32 ? in : in == Type::kInt16 ? Type::kInt64 : Type::kInt32;
  return {type, Shape::of(n), Role::kBias};
}
Operand plain(std::vector<int32_t> values, Type type = Type::kInt32) {
  Operand o = {type, Shape::of(values.size()), Role::kPlain};
  o.values = std::move(values);
  return o;
}
Operand matrix(std::vector<int32_t> values) {
  Operand o = plain(std::move(values));
  o.shape = Shape::of(o.values.size() / 2, 2);
  return o;
}
Operand state(Type type, Shape shape) {
  const float scale = type == Type::kInt16 ? 0.0002f : 0.03f;
  return {type, shape, Role::kState, scale, type == Type::kInt8 ? 4 : 0, shape.rank - 1};
}
constexpr auto absent = [] { return Operand{Type::kFloat32, {}, Role::kAbsent}; };
// One whose scale fits the results.
Operand result(Type type) {
  return {type, {}, Role::kData, 0, type == Type::kInt16 ? 0 : type == Type::kUInt8 ? 125 : -3, 0};
}
Operand result(Type type, float scale, int zero_point) {
  return {type, {}, Role::kData, scale, zero_point, 0};
}
// One with the quantization of an input, whose bytes are moved.
Operand like(const Operand& in) { return {in.type, {}, Role::kData, in.scale, in.zero_point, 0}; }

// ---- options

template <class F>
OptionsSpec with(fb::BuiltinOptions type, const F& create) {
  return {type, [create](Builder& b) { return create(b).Union(); }};
}
OptionsSpec padded(fb::BuiltinOptions type) {
  if (type == fb::BuiltinOptions::Conv2DOptions) {
    return with(type, [](Builder& b) {
      return fb::CreateConv2DOptions(b, fb::Padding::SAME, 1, 1, kNone, 1, 1);
    });
  }
  if (type == fb::BuiltinOptions::DepthwiseConv2DOptions) {
    return with(type, [](Builder& b) {
      return fb::CreateDepthwiseConv2DOptions(b, fb::Padding::SAME, 1, 1, 1, kNone, 1, 1);
    });
  }
  if (type == fb::BuiltinOptions::TransposeConvOptions) {
    return with(type, [](Builder& b) {
      return fb::CreateTransposeConvOptions(b, fb::Padding::SAME, 1, 1, kNone);
    });
  }
  return with(type, [](Builder& b) {
    return fb::CreatePool2DOptions(b, fb::Padding::VALID, 1, 1, 2, 2, kNone);
  });
}
OptionsSpec dense(bool asymmetric = false) {
  return with(fb::BuiltinOptions::FullyConnectedOptions, [asymmetric](Builder& b) {
    return fb::CreateFullyConnectedOptions(b, kNone,
                                           fb::FullyConnectedOptionsWeightsFormat::DEFAULT, true,
                                           asymmetric, fb::TensorType::FLOAT32);
  });
}
OptionsSpec products(bool right_adjoint, bool asymmetric) {
  return with(fb::BuiltinOptions::BatchMatMulOptions, [=](Builder& b) {
    return fb::CreateBatchMatMulOptions(b, false, right_adjoint, asymmetric);
  });
}

// ---- families

class Forms {
 public:
  std::vector<Form> list;

  Form& add(B op, const std::string& types, std::vector<Operand> in, Operand out,
            OptionsSpec options = {}) {
    list.push_back({op, types, std::move(in), std::move(out), std::move(options)});
    return list.back();
  }
  // Twice: with constant weights and with computed ones.
  void add_weighted(const Form& form) {
    list.push_back(form);
    list.push_back(form);
    list.back().computed = true;
    list.back().types += ", computed weights";
  }

  void unary(B op, std::initializer_list<Type> types, bool is_positive = false,
             const OptionsSpec& options = {}) {
    for (const Type t : types) {
      add(op, type_name(t), {is_positive ? positive(t, kShape) : data(t, kShape)}, result(t),
          options);
    }
  }
  void binary(B op, std::initializer_list<Type> types, const OptionsSpec& options = {}) {
    for (const Type t : types) {
      add(op, type_name(t), {data(t, kShape), data(t, kShape)}, result(t), options);
    }
  }
  void compare(B op, std::initializer_list<Type> types) {
    for (const Type t : types) {
      add(op, type_name(t), {data(t, kShape), data(t, kShape)}, result(Type::kBool));
    }
  }
  // What moves bytes: the output has the input's quantization.
  void move(B op, std::initializer_list<Type> types, Shape shape, std::vector<Operand> more,
            const OptionsSpec& options = {}) {
    for (const Type t : types) {
      std::vector<Operand> in = {data(t, shape)};
      in.insert(in.end(), more.begin(), more.end());
      add(op, type_name(t), in, like(in[0]), options);
    }
  }

 private:
  const Shape kShape = Shape::of(2, 3, 4);
};

constexpr Type kS8 = Type::kInt8, kU8 = Type::kUInt8, kS16 = Type::kInt16, kF32 = Type::kFloat32,
               kS4 = Type::kInt4;

void add_arithmetic(Forms& f) {
  f.binary(B::ADD, {kS8, kU8, kS16}, with(fb::BuiltinOptions::AddOptions, [](Builder& b) {
             return fb::CreateAddOptions(b, kNone, false);
           }));
  f.binary(B::SUB, {kS8, kU8, kS16}, with(fb::BuiltinOptions::SubOptions, [](Builder& b) {
             return fb::CreateSubOptions(b, kNone, false);
           }));
  f.binary(B::MUL, {kS8, kU8, kS16});
  f.binary(B::SQUARED_DIFFERENCE, {kS8});
  for (const Type t : {kS8, kU8, kS16}) {
    f.add(B::DIV, type_name(t), {data(t, Shape::of(2, 3, 4)), positive(t, Shape::of(2, 3, 4))},
          result(t))
        .relative = 0.02;
  }
  for (const B op : {B::LESS, B::LESS_EQUAL, B::GREATER, B::GREATER_EQUAL}) {
    f.compare(op, {kS8, kU8, kS16});
  }
  for (const B op : {B::EQUAL, B::NOT_EQUAL}) f.compare(op, {kS8, kU8, kS16});
  for (const B op : {B::MAXIMUM, B::MINIMUM}) {
    for (const Type t : {kS8, kU8, kS16}) {
      const Operand a = data(t, Shape::of(2, 3, 4));
      f.add(op, type_name(t), {a, a}, like(a));
    }
  }
}

void add_functions(Forms& f) {
  for (const B op : {B::RELU, B::RELU6}) f.unary(op, {kS8, kU8, kS16});
  for (const B op : {B::RELU_N1_TO_1, B::RELU_0_TO_1, B::HARD_SWISH}) f.unary(op, {kS8, kU8});
  f.unary(B::LEAKY_RELU, {kS8, kU8, kS16}, false,
          with(fb::BuiltinOptions::LeakyReluOptions,
               [](Builder& b) { return fb::CreateLeakyReluOptions(b, 0.3f); }));
  f.unary(B::ELU, {kS8});
  f.unary(B::GELU, {kS8, kU8, kS16});
  f.unary(B::EXP, {kS8, kS16});
  f.unary(B::LOG, {kS8, kS16}, true);
  f.unary(B::RSQRT, {kS8, kS16}, true);
  f.unary(B::ABS, {kS8, kS16});
  const Shape shape = Shape::of(2, 3, 4);
  for (const Type t : {kS8, kU8}) {
    f.add(B::LOGISTIC, type_name(t), {data(t, shape)}, result(t, 1.0f / 256, t == kS8 ? -128 : 0));
    f.add(B::TANH, type_name(t), {data(t, shape)}, result(t, 1.0f / 128, t == kS8 ? 0 : 128));
    f.add(B::L2_NORMALIZATION, type_name(t), {data(t, shape)},
          result(t, 1.0f / 128, t == kS8 ? 0 : 128));
    f.add(B::LOG_SOFTMAX, type_name(t), {data(t, shape)},
          result(t, 1.0f / 16, t == kS8 ? 127 : 255));
    f.add(B::SOFTMAX, type_name(t), {data(t, shape)}, result(t, 1.0f / 256, t == kS8 ? -128 : 0),
          with(fb::BuiltinOptions::SoftmaxOptions,
               [](Builder& b) { return fb::CreateSoftmaxOptions(b, 1.0f); }));
    f.add(B::SOFTMAX, std::string(type_name(t)) + " to int16", {data(t, shape)},
          result(kS16, 1.0f / 65536, -32768),
          with(fb::BuiltinOptions::SoftmaxOptions,
               [](Builder& b) { return fb::CreateSoftmaxOptions(b, 1.0f); }));
  }
  for (const B op : {B::LOGISTIC, B::TANH, B::SOFTMAX}) {
    OptionsSpec options;
    if (op == B::SOFTMAX) {
      options = with(fb::BuiltinOptions::SoftmaxOptions,
                     [](Builder& b) { return fb::CreateSoftmaxOptions(b, 1.0f); });
    }
    f.add(op, "int16", {data(kS16, shape)}, result(kS16, 1.0f / 32768, 0), options);
  }
  for (const Type t : {kS8, kU8, kS16}) {
    f.add(B::PRELU, type_name(t), {data(t, shape), weights(t, Shape::of(4), 0)}, result(t));
    if (t == kS16) f.list.back().in[1].type = kS8;
  }
}

void add_layers(Forms& f) {
  const Shape image = Shape::of(2, 4, 5, 3), kernel = Shape::of(4, 3, 3, 3);
  const OptionsSpec conv = padded(fb::BuiltinOptions::Conv2DOptions);
  const OptionsSpec depthwise = padded(fb::BuiltinOptions::DepthwiseConv2DOptions);
  const OptionsSpec transposed = padded(fb::BuiltinOptions::TransposeConvOptions);
  struct Pair {
    Type in, weights;
  };
  for (const auto& [in, w] : {Pair{kS8, kS8}, {kS8, kS4}, {kU8, kU8}, {kS16, kS8}, {kF32, kS8}}) {
    const std::string types = std::string(type_name(in)) + " x " + type_name(w);
    const Operand out = in == kF32 ? Operand{kF32} : result(in);
    const double relative = in == kF32 ? 0.03 : 0.01;
    const Form layers[] = {
        {B::CONV_2D, types, {data(in, image), weights(w, kernel, 0), bias(in, 4)}, out, conv},
        {B::DEPTHWISE_CONV_2D,
         types,
         {data(in, image), weights(w, Shape::of(1, 3, 3, 3), 3), bias(in, 3)},
         out,
         depthwise},
        {B::TRANSPOSE_CONV,
         types,
         {plain({2, 4, 5, 4}), weights(w, kernel, 0), data(in, image), bias(in, 4)},
         out,
         transposed},
        {B::FULLY_CONNECTED,
         types,
         {data(in, Shape::of(2, 3, 8)), weights(w, Shape::of(5, 8), 0), bias(in, 5)},
         out,
         dense()}};
    for (const Form& layer : layers) {
      if (w == kS4 && layer.op == B::TRANSPOSE_CONV) continue;
      Form form = layer;
      form.relative = relative;
      form.in[1].each = in == kF32 && layer.op == B::DEPTHWISE_CONV_2D;
      w == kS4 ? f.list.push_back(form) : f.add_weighted(form);
    }
  }
  Form asymmetric = {B::FULLY_CONNECTED,
                     "float32 x int8, asymmetric input",
                     {data(kF32, Shape::of(2, 8)), weights(kS8, Shape::of(5, 8), 0), bias(kF32, 5)},
                     {kF32},
                     dense(true)};
  asymmetric.relative = 0.03;
  f.add_weighted(asymmetric);
  f.add_weighted({B::FULLY_CONNECTED,
                  "int16 x int16",
                  {data(kS16, Shape::of(2, 8)), weights(kS16, Shape::of(5, 8), 0)},
                  result(kS16),
                  dense()});
}

// float32 layers whose weights are stored in other types: those of uint8 are int8 all the same.
void add_hybrid(Forms& f) {
  for (const Type w : {kU8, kS4}) {
    Form form = {B::FULLY_CONNECTED,
                 std::string("float32 x ") + type_name(w),
                 {data(kF32, Shape::of(2, 8)), weights(w, Shape::of(5, 8), 0), bias(kF32, 5)},
                 {kF32},
                 dense()};
    form.relative = 0.03;
    form.in[1].zero_point = 0;
    f.list.push_back(form);
  }
  for (const Type t : {kS8, kU8, kS4}) {
    f.add(B::EMBEDDING_LOOKUP, std::string(type_name(t)) + " to float32",
          {plain({3, 0, 4}), weights(t, Shape::of(5, 8), 0)}, {kF32});
    f.list.back().in[1].zero_point = 0;
  }
  f.add(B::EMBEDDING_LOOKUP, "int8", {plain({3, 0, 4}), weights(kS8, Shape::of(5, 8), 0)},
        like(weights(kS8, Shape::of(5, 8), 0)));
}

// Cells that keep a state: input, weights, recurrent weights, bias, state.
void add_cells(Forms& f) {
  constexpr auto kTanh = fb::ActivationFunctionType::TANH;
  for (const bool asymmetric : {false, true}) {
    const std::string types = std::string("float32 x int8") + (asymmetric ? ", asymmetric" : "");
    const std::vector<Operand> rnn = {data(kF32, Shape::of(2, 6)), weights(kS8, Shape::of(5, 6), 0),
                                      weights(kS8, Shape::of(5, 5), 0), bias(kF32, 5),
                                      state(kF32, Shape::of(2, 5))};
    f.add(B::RNN, types, rnn, {kF32},
          with(fb::BuiltinOptions::RNNOptions,
               [=](Builder& b) { return fb::CreateRNNOptions(b, kTanh, asymmetric); }))
        .relative = 0.03;
    std::vector<Operand> sequence = rnn;
    sequence[0].shape = Shape::of(2, 3, 6);
    f.add(B::UNIDIRECTIONAL_SEQUENCE_RNN, types, sequence, {kF32},
          with(fb::BuiltinOptions::SequenceRNNOptions,
               [=](Builder& b) {
                 return fb::CreateSequenceRNNOptions(b, false, kTanh, asymmetric);
               }))
        .relative = 0.03;
    f.add(B::SVDF, types,
          {data(kF32, Shape::of(2, 6)), weights(kS8, Shape::of(4, 6), 0),
           weights(kS8, Shape::of(4, 3), 0), bias(kF32, 2), state(kF32, Shape::of(2, 12))},
          {kF32},
          with(fb::BuiltinOptions::SVDFOptions,
               [=](Builder& b) { return fb::CreateSVDFOptions(b, 2, kNone, asymmetric); }))
        .relative = 0.03;
  }
  for (const Type t : {kS8, kS16}) {
    f.add(B::SVDF, std::string("int8, state of ") + type_name(t),
          {data(kS8, Shape::of(2, 6)), weights(kS8, Shape::of(4, 6), 0),
           weights(t, Shape::of(4, 3), 0), absent(), state(t, Shape::of(2, 12))},
          result(kS8),
          with(fb::BuiltinOptions::SVDFOptions,
               [](Builder& b) { return fb::CreateSVDFOptions(b, 2, kNone, false); }))
        .relative = 0.05;
  }
  for (const bool asymmetric : {false, true}) {
    std::vector<Operand> in = {data(kF32, Shape::of(2, 3, 6))};
    for (int i = 0; i < 8; ++i) in.push_back(weights(kS8, Shape::of(5, i < 4 ? 6 : 5), 0));
    for (int i = 0; i < 3; ++i) in.push_back(absent());
    for (int i = 0; i < 4; ++i) in.push_back(bias(kF32, 5));
    for (int i = 0; i < 2; ++i) in.push_back(absent());
    for (int i = 0; i < 2; ++i) in.push_back(state(kF32, Shape::of(2, 5)));
    f.add(B::UNIDIRECTIONAL_SEQUENCE_LSTM,
          std::string("float32 x int8") + (asymmetric ? ", asymmetric" : ""), in, {kF32},
          with(fb::BuiltinOptions::UnidirectionalSequenceLSTMOptions,
               [=](Builder& b) {
                 return fb::CreateUnidirectionalSequenceLSTMOptions(b, kTanh, 0, 0, false,
                                                                    asymmetric);
               }))
        .relative = 0.03;
  }
}

void add_products(Forms& f) {
  const Shape left = Shape::of(2, 3, 8);
  struct Pair {
    Type in, right;
  };
  for (const auto& [in, w] : {Pair{kS8, kS8}, {kS16, kS8}, {kS16, kS16}, {kF32, kS8}}) {
    for (const bool adjoint : {false, true}) {
      for (const bool asymmetric : {false, true}) {
        if (asymmetric && in != kF32) continue;
        Form form = {B::BATCH_MATMUL,
                     std::string(type_name(in)) + " x " + type_name(w) +
                         (adjoint ? ", right adjoint" : "") + (asymmetric ? ", asymmetric" : ""),
                     {data(in, left), weights(w, adjoint ? Shape::of(2, 5, 8) : Shape::of(2, 8, 5),
                                              adjoint ? 1 : 2)},
                     in == kF32 ? Operand{kF32} : result(in),
                     products(adjoint, asymmetric)};
        if (in == kF32) form.relative = 0.03;
        f.add_weighted(form);
      }
    }
  }
}

void add_pools(Forms& f) {
  for (const Type t : {kS8, kU8, kS16}) {
    const Operand in = data(t, Shape::of(2, 4, 5, 3));
    for (const B op : {B::AVERAGE_POOL_2D, B::MAX_POOL_2D}) {
      f.add(op, type_name(t), {in}, like(in), padded(fb::BuiltinOptions::Pool2DOptions));
    }
    f.add(B::RESIZE_BILINEAR, type_name(t), {in, plain({7, 9})}, like(in));
    f.add(B::RESIZE_NEAREST_NEIGHBOR, type_name(t), {in, plain({7, 9})}, like(in));
  }
  const Shape shape = Shape::of(2, 3, 4);
  for (const B op : {B::MEAN, B::SUM}) {
    for (const Type t : {kS8, kU8, kS16}) {
      f.add(op, type_name(t), {data(t, shape), plain({1})}, result(t));
    }
  }
  for (const Type t : {kS8, kS16}) {
    f.add(B::REDUCE_PROD, type_name(t), {data(t, shape), plain({1})}, result(t)).relative = 0.03;
  }
  for (const B op : {B::REDUCE_MAX, B::REDUCE_MIN}) {
    f.move(op, {kS8, kU8, kS16}, shape, {plain({1})});
  }
  for (const B op : {B::ARG_MAX, B::ARG_MIN}) {
    for (const Type t : {kS8, kU8}) {
      f.add(op, type_name(t), {data(t, shape), plain({2})}, result(Type::kInt32),
            op == B::ARG_MAX
                ? with(fb::BuiltinOptions::ArgMaxOptions,
                       [](Builder& b) { return fb::CreateArgMaxOptions(b, fb::TensorType::INT32); })
                : with(fb::BuiltinOptions::ArgMinOptions, [](Builder& b) {
                    return fb::CreateArgMinOptions(b, fb::TensorType::INT32);
                  }));
    }
  }
}

void add_moves(Forms& f) {
  const Shape cube = Shape::of(2, 3, 4), image = Shape::of(2, 4, 6, 4);
  f.move(B::RESHAPE, {kS8, kU8, kS16}, cube, {plain({6, 4})});
  f.move(B::SQUEEZE, {kS8, kU8, kS16}, Shape::of(2, 1, 4), {});
  f.move(B::EXPAND_DIMS, {kS8, kU8, kS16}, cube, {plain({1})});
  f.move(B::TRANSPOSE, {kS8, kU8, kS16}, cube, {plain({2, 0, 1})});
  f.move(B::GATHER, {kS8, kU8, kS16}, cube, {plain({1, 0, 1})});
  f.move(B::GATHER_ND, {kS8, kU8, kS16}, cube, {matrix({1, 2, 0, 1})});
  f.move(B::SLICE, {kS8, kU8, kS16}, cube, {plain({0, 1, 1}), plain({2, 2, 2})});
  f.move(B::STRIDED_SLICE, {kS8, kU8, kS16}, cube,
         {plain({0, 1, 1}), plain({2, 3, 4}), plain({1, 1, 2})});
  f.move(B::TILE, {kS8, kU8, kS16}, cube, {plain({1, 2, 1})});
  f.move(B::BROADCAST_TO, {kS8, kU8, kS16}, Shape::of(3, 1), {plain({2, 3, 4})});
  f.move(B::REVERSE_V2, {kS8, kU8, kS16}, cube, {plain({1})});
  f.move(B::REVERSE_SEQUENCE, {kU8, kS16}, cube, {plain({2, 1})},
         with(fb::BuiltinOptions::ReverseSequenceOptions,
              [](Builder& b) { return fb::CreateReverseSequenceOptions(b, 1, 0); }));
  f.move(B::MIRROR_PAD, {kS8, kU8, kS16}, cube, {matrix({0, 1, 1, 1, 0, 0})});
  f.move(B::PAD, {kS8, kU8, kS16}, cube, {matrix({0, 1, 1, 1, 0, 2})});
  for (Form& form : f.list) form.border |= form.op == B::PAD;
  f.move(B::SPACE_TO_DEPTH, {kS8, kU8}, image, {},
         with(fb::BuiltinOptions::SpaceToDepthOptions,
              [](Builder& b) { return fb::CreateSpaceToDepthOptions(b, 2); }));
  f.move(B::DEPTH_TO_SPACE, {kS8, kU8}, image, {},
         with(fb::BuiltinOptions::DepthToSpaceOptions,
              [](Builder& b) { return fb::CreateDepthToSpaceOptions(b, 2); }));
  f.move(B::SPACE_TO_BATCH_ND, {kS8, kU8, kS16}, image, {plain({2, 2}), matrix({0, 2, 2, 0})});
  f.move(B::BATCH_TO_SPACE_ND, {kS8, kU8, kS16}, Shape::of(4, 2, 3, 2),
         {plain({2, 2}), matrix({0, 1, 0, 0})});
  for (const Type t : {kS8, kU8, kS16}) {
    const Operand a = data(t, cube), one = data(t, Shape::of(1));
    f.add(B::CONCATENATION, type_name(t), {a, a}, like(a),
          with(fb::BuiltinOptions::ConcatenationOptions,
               [](Builder& b) { return fb::CreateConcatenationOptions(b, 1); }));
    f.add(B::PACK, type_name(t), {a, a}, like(a),
          with(fb::BuiltinOptions::PackOptions,
               [](Builder& b) { return fb::CreatePackOptions(b, 2, 1); }));
    f.add(B::SPLIT, type_name(t), {plain({0}), a}, like(a),
          with(fb::BuiltinOptions::SplitOptions,
               [](Builder& b) { return fb::CreateSplitOptions(b, 1); }));
    f.add(B::SPLIT_V, type_name(t), {a, plain({2}), plain({0})}, like(a),
          with(fb::BuiltinOptions::SplitVOptions,
               [](Builder& b) { return fb::CreateSplitVOptions(b, 1); }));
    f.add(B::UNPACK, type_name(t), {data(t, Shape::of(1, 3, 4))}, like(a),
          with(fb::BuiltinOptions::UnpackOptions,
               [](Builder& b) { return fb::CreateUnpackOptions(b, 1, 0); }));
    f.add(B::PADV2, type_name(t), {a, matrix({0, 1, 1, 1, 0, 2}), one}, like(a));
    f.add(B::DYNAMIC_UPDATE_SLICE, type_name(t), {a, data(t, Shape::of(1, 2, 2)), plain({1, 0, 1})},
          like(a));
    const Operand condition = plain({1, 0}, Type::kBool);
    f.add(B::SELECT, type_name(t), {condition, a, a}, like(a));
    Operand wide = condition;
    wide.shape = Shape::of(2, 1, 1);
    f.add(B::SELECT_V2, type_name(t), {wide, a, a}, like(a));
    Operand scalar = a;
    scalar.shape = Shape();
    f.add(B::FILL, type_name(t), {plain({2, 3}), scalar}, like(a));
  }
}

void add_conversions(Forms& f) {
  const Shape cube = Shape::of(2, 3, 4);
  for (const Type t : {kS8, kU8, kS16}) {
    f.add(B::DEQUANTIZE, type_name(t), {data(t, cube)}, {kF32});
    f.add(B::QUANTIZE, std::string("float32 to ") + type_name(t), {data(kF32, cube)}, result(t));
    f.list.back().out.channels = 2;
    f.list.back().out.shape = cube;
    for (const Type to : {kS8, kU8, kS16}) {
      if (t == kS16 && to == kU8) continue;
      f.add(B::QUANTIZE, std::string(type_name(t)) + " to " + type_name(to), {data(t, cube)},
            result(to));
    }
  }
}

}  // namespace

std::vector<Form> all_forms() {
  Forms f;
  add_arithmetic(f);
  add_functions(f);
  add_layers(f);
  add_hybrid(f);
  add_cells(f);
  add_products(f);
  add_pools(f);
  add_moves(f);
  add_conversions(f);
  std::stable_sort(f.list.begin(), f.list.end(), [](const Form& a, const Form& b) {
    return std::string(fb::EnumNameBuiltinOperator(a.op)) < fb::EnumNameBuiltinOperator(b.op);
  });
  return f.list;
}

}  // namespace pipit::test
