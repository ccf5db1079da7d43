// SPDX-License-Identifier: Apache-2.0
// Chains of operators in bands compute the very bytes that the operators compute one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "pipit/team.h"
#include "platform/pages.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/model_builder.h"
#include "tests/support/random.h"
#include "tests/support/watch.h"

namespace pipit::test {
namespace {

// A picture on its way through random layers, int8 or float32.
class RandomNet {
 public:
  RandomNet(uint64_t seed, Type type) : random_(seed), type_(type) {
    const Shape in = Shape::of(1, random_.between(1, 23), random_.between(1, 9), channels());
    seen_ = {add_tensor(in)};
    builder_.inputs({seen_[0]});
    const int layers = random_.between(2, 9);
    for (int i = 0; i < layers; ++i) add_layer();
    builder_.outputs({seen_.back()});
  }

  std::vector<uint8_t> finish() const { return builder_.finish(); }

 private:
  int32_t channels() { return random_.between(1, 20); }
  bool floats() const { return type_ == Type::kFloat32; }

  int add_tensor(const Shape& shape, const std::vector<uint8_t>& bytes = {}) {
    TensorSpec spec = {.type = type_, .shape = shape, .bytes = bytes};
    if (!floats()) {
      spec.scales = {0.05f};
      spec.zero_points = {bytes.empty() ? random_.between(-128, 127) : 0};
    }
    const int index = builder_.tensor(spec);
    shapes_.resize(static_cast<size_t>(index) + 1);
    shapes_[static_cast<size_t>(index)] = shape;
    return index;
  }

  Shape shape_of(int tensor) const { return shapes_[static_cast<size_t>(tensor)]; }

  int weights(const Shape& shape) {
    const auto n = static_cast<size_t>(shape.elements());
    if (floats()) {
      std::vector<float> values(n);
      for (float& v : values) v = static_cast<float>(random_.unit() - 0.5);
      return add_tensor(shape, bytes_of(values));
    }
    std::vector<uint8_t> values(n);
    for (uint8_t& v : values) v = static_cast<uint8_t>(random_.between(-127, 127));
    return add_tensor(shape, values);
  }

  struct Window {
    int32_t kernel, stride, dilation;
    fb::Padding padding;
    int32_t reach() const { return (kernel - 1) * dilation + 1; }
    int32_t out(int32_t in) const {
      return padding == fb::Padding::SAME ? (in + stride - 1) / stride
                                          : (in - reach()) / stride + 1;
    }
    bool fits(int32_t in) const { return padding == fb::Padding::SAME || in >= reach(); }
  };
  Window window(bool dilates) {
    return {random_.between(1, 5), random_.between(1, 3), dilates ? random_.between(1, 3) : 1,
            random_.one_in(3) ? fb::Padding::VALID : fb::Padding::SAME};
  }

  void add_layer() {
    switch (random_.between(0, 5)) {
      case 0:
        return add_conv({1, 1, 1, fb::Padding::SAME});
      case 1:
        return add_conv(window(true));
      case 2:
        return add_depthwise(window(true));
      case 3:
        return add_pool(window(false));
      case 4:
        return add_relu();
      default:
        return add_sum();
    }
  }

  void add_conv(Window w) {
    const Shape in = shape_of(seen_.back());
    if (w.dilation > 1) w.stride = 1;
    if (!w.fits(in[1]) || !w.fits(in[2])) return;
    const int32_t out_c = channels();
    const int filter = weights(Shape::of(out_c, w.kernel, w.kernel, in[3]));
    const auto write = [w](flatbuffers::FlatBufferBuilder& b) {
      return fb::CreateConv2DOptions(b, w.padding, w.stride, w.stride,
                                     fb::ActivationFunctionType::NONE, w.dilation, w.dilation)
          .Union();
    };
    add_node(fb::BuiltinOperator::CONV_2D, {seen_.back(), filter},
             Shape::of(1, w.out(in[1]), w.out(in[2]), out_c),
             {fb::BuiltinOptions::Conv2DOptions, write});
  }

  void add_depthwise(Window w) {
    const Shape in = shape_of(seen_.back());
    if (w.dilation > 1) w.stride = 1;
    if (!w.fits(in[1]) || !w.fits(in[2])) return;
    const int32_t multiplier = in[3] < 12 ? random_.between(1, 2) : 1;
    const int filter = weights(Shape::of(1, w.kernel, w.kernel, in[3] * multiplier));
    const auto write = [w, multiplier](flatbuffers::FlatBufferBuilder& b) {
      return fb::CreateDepthwiseConv2DOptions(b, w.padding, w.stride, w.stride, multiplier,
                                              fb::ActivationFunctionType::RELU6, w.dilation,
                                              w.dilation)
          .Union();
    };
    add_node(fb::BuiltinOperator::DEPTHWISE_CONV_2D, {seen_.back(), filter},
             Shape::of(1, w.out(in[1]), w.out(in[2]), in[3] * multiplier),
             {fb::BuiltinOptions::DepthwiseConv2DOptions, write});
  }

  void add_pool(const Window& w) {
    const Shape in = shape_of(seen_.back());
    if (!w.fits(in[1]) || !w.fits(in[2])) return;
    const auto write = [w](flatbuffers::FlatBufferBuilder& b) {
      return fb::CreatePool2DOptions(b, w.padding, w.stride, w.stride, w.kernel, w.kernel).Union();
    };
    add_node(
        random_.one_in(2) ? fb::BuiltinOperator::MAX_POOL_2D : fb::BuiltinOperator::AVERAGE_POOL_2D,
        {seen_.back()}, Shape::of(1, w.out(in[1]), w.out(in[2]), in[3]),
        {fb::BuiltinOptions::Pool2DOptions, write});
  }

  void add_relu() {
    add_node(fb::BuiltinOperator::RELU, {seen_.back()}, shape_of(seen_.back()), {});
  }

  // With any earlier tensor of the same shape: the last one itself, if there is no other.
  void add_sum() {
    std::vector<int> alike;
    for (const int t : seen_) {
      if (shape_of(t) == shape_of(seen_.back())) alike.push_back(t);
    }
    const auto write = [](flatbuffers::FlatBufferBuilder& b) {
      return fb::CreateAddOptions(b).Union();
    };
    add_node(fb::BuiltinOperator::ADD, {seen_.back(), alike[random_.below(alike.size())]},
             shape_of(seen_.back()), {fb::BuiltinOptions::AddOptions, write});
  }

  void add_node(fb::BuiltinOperator op, const std::vector<int>& inputs, const Shape& out,
                const OptionsSpec& options) {
    const int result = add_tensor(out);
    builder_.builtin_node(op, inputs, {result}, options);
    seen_.push_back(result);
  }

  Random random_;
  Type type_;
  ModelBuilder builder_;
  std::vector<Shape> shapes_;
  std::vector<int> seen_;
};

using Bytes = std::vector<uint8_t>;

// Each share computes its rows of the last output in order, and all shares each row once.
void expect_whole_lists(const Interpreter& net) {
  for (int i = 0; i < net.chains(); ++i) {
    const ChainInfo chain = net.chain(i);
    int share = 0, rows = 0, last_rows = 0;
    for (int k = 0; k < chain.calls; ++k) {
      const ChainCallInfo call = net.chain_call(i, k);
      EXPECT_GE(call.share, share);
      share = call.share;
      rows += call.rows;
      if (call.link != chain.operators - 1) continue;
      EXPECT_EQ(call.first, last_rows);
      last_rows += call.rows;
    }
    EXPECT_EQ(share, chain.shares - 1);
    EXPECT_EQ(rows, chain.computed_rows);
    EXPECT_GT(last_rows, 0);
  }
}

// The output of a model for random input, in an arena of exactly the size that it needs.
Bytes output_of(const Model& model, Options options, int* chains = nullptr) {
  Message why;
  const auto need = Interpreter::required_arena_bytes(model, all_operators(), options, &why);
  EXPECT_TRUE(need.ok()) << why.text();
  if (!need.ok()) return {};
  const GuardedBuffer<uint8_t> arena(need.value(), Against::kUpperGuard, 16);
  auto net = Interpreter::create(model, arena.span(), all_operators(), options, &why);
  EXPECT_TRUE(net.ok()) << why.text();
  if (!net.ok()) return {};
  const Tensor& in = *net.value().input(0);
  Random random(in.bytes);
  for (size_t i = 0; i < in.bytes; i += 4) {
    const auto f = static_cast<float>(random.unit() - 0.5);
    std::memcpy(in.as<uint8_t>() + i, &f, std::min<size_t>(4, in.bytes - i));
  }
  EXPECT_EQ(find_overlap(state_in(arena.span())), "");
  expect_whole_lists(net.value());
  Watch watch(state_in(arena.span()));
  EXPECT_TRUE(net.value().invoke(&why).ok()) << why.text();
  EXPECT_EQ(watch.wrong(), "");
  for (int i = 0; chains != nullptr && i < net.value().steps(); ++i) {
    *chains += std::string(net.value().step(i).variant) == "bands";
  }
  const Tensor& out = *net.value().output(0);
  return {out.as<uint8_t>(), out.as<uint8_t>() + out.bytes};
}

void expect_same_in_bands(Type type, uint64_t seeds) {
  int chains = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const ModelBytes file = in_memory(RandomNet(seed, type).finish());
    Message why;
    const auto model = Model::parse(file->span(), &why);
    ASSERT_TRUE(model.ok()) << why.text();
    for (const CpuFeatures cpu : {CpuFeatures(kCpuPortable), detect_cpu()}) {
      Options options;
      options.cpu = cpu;
      options.bands = Bands::kNever;
      const Bytes plain = output_of(model.value(), options);
      options.bands = Bands::kEverywhere;
      for (const int32_t rows : {0, 1, 2, 3, 1000}) {
        options.band_rows = rows;
        ASSERT_EQ(output_of(model.value(), options, &chains), plain)
            << "seed " << seed << ", " << rows << " rows";
      }
    }
  }
  EXPECT_GT(chains, static_cast<int>(seeds));
}

TEST(Chains, ComputeTheSameIntegers) { expect_same_in_bands(Type::kInt8, 150); }
TEST(Chains, ComputeTheSameFloats) { expect_same_in_bands(Type::kFloat32, 60); }

TEST(Chains, ComputeTheSameOnAnyNumberOfThreads) {
  for (const int threads : {2, 3, 4, 7}) {
    Team team;
    ASSERT_EQ(team.start(threads), threads);
    for (uint64_t seed = 1000; seed < 1030; ++seed) {
      const ModelBytes file = in_memory(RandomNet(seed, Type::kInt8).finish());
      const auto model = Model::parse(file->span());
      ASSERT_TRUE(model.ok());
      Options options;
      options.bands = Bands::kNever;
      const Bytes plain = output_of(model.value(), options);
      options.bands = Bands::kEverywhere;
      options.team = &team;
      options.least_share = 1;
      ASSERT_EQ(output_of(model.value(), options), plain) << "seed " << seed;
    }
  }
}

// Windows of three rows, then of one: of the whole there is but one tensor at a time. Where threads
// share the rows, input and output are two.
TEST(Chains, WriteOverWhatTheyHaveRead) {
  ModelBuilder b;
  std::vector<int> t;
  for (int i = 0; i < 3; ++i) {
    t.push_back(b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 64, 16, 4)}));
  }
  for (int i = 0; i < 2; ++i) {
    const auto write = [=](flatbuffers::FlatBufferBuilder& f) {
      const int32_t n = i == 0 ? 3 : 1;
      return fb::CreatePool2DOptions(f, fb::Padding::SAME, 1, 1, n, n).Union();
    };
    b.builtin_node(fb::BuiltinOperator::MAX_POOL_2D, {t[i]}, {t[i + 1]},
                   {fb::BuiltinOptions::Pool2DOptions, write});
  }
  b.inputs({t[0]});
  b.outputs({t[2]});
  const ModelBytes file = in_memory(b.finish());
  const auto model = Model::parse(file->span());
  ASSERT_TRUE(model.ok());
  Options options;
  options.bands = Bands::kNever;
  const Bytes plain = output_of(model.value(), options);
  options.bands = Bands::kEverywhere;
  options.band_rows = 2;
  const auto bytes = [&] {
    const auto plan = Interpreter::required_memory(model.value(), all_operators(), options);
    return plan.ok() ? plan.value().activation_bytes : 0;
  };
  EXPECT_LT(bytes(), plain.size() * 5 / 4);
  EXPECT_EQ(output_of(model.value(), options), plain);
  options.preserve_inputs = true;
  EXPECT_GT(bytes(), plain.size() * 2);
  EXPECT_EQ(output_of(model.value(), options), plain);
  options.preserve_inputs = false;
  Team team;
  ASSERT_EQ(team.start(2), 2);
  options.team = &team;
  options.least_share = 1;
  EXPECT_GT(bytes(), plain.size() * 2);
  EXPECT_EQ(output_of(model.value(), options), plain);
}

// So many rows, and so many of them at a time, that twice as many leave 32 bits. Nothing is run.
TEST(Chains, CountAnyNumberOfRows) {
  ModelBuilder b;
  const auto add = [&] {
    return b.tensor({.type = Type::kInt8,
                     .shape = Shape::of(1, (1 << 30) + 9, 1, 1),
                     .scales = {1.0f},
                     .zero_points = {0}});
  };
  const OptionsSpec window = {
      fb::BuiltinOptions::Pool2DOptions, [](auto& builder) {
        return fb::CreatePool2DOptions(builder, fb::Padding::SAME, 1, 1, 1, 1).Union();
      }};
  std::vector<int> t = {add()};
  for (int i = 0; i < 3; ++i) {
    t.push_back(add());
    b.builtin_node(fb::BuiltinOperator::MAX_POOL_2D, {t[t.size() - 2]}, {t.back()}, window);
  }
  b.inputs({t.front()});
  b.outputs({t.back()});
  const ModelBytes file = in_memory(b.finish());
  const auto model = Model::parse(file->span());
  ASSERT_TRUE(model.ok());
  Options options;
  options.band_rows = INT32_MAX;
  const Span<uint8_t> pages = reserve_pages(SIZE_MAX >> 31);
  const auto net = Interpreter::create(model.value(), pages, all_operators(), options);
  // Bands that are whole tensors save nothing.
  EXPECT_EQ(net.ok() ? net.value().chains() : 0, 0);
  EXPECT_EQ(net.ok(), sizeof(void*) == 8);
  release_pages(pages);
}

// Pools of rows, which make them narrow at their end; the next are a little narrower, so the first
// chain saves only a tenth. That a short one, which saves nothing, is cheaper is no reason.
TEST(Chains, ThoseThatPayAreNotPassedOverForCheaperOnes) {
  ModelBuilder b;
  const auto add = [&](int32_t width) {
    return b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 512, width, 32)});
  };
  const auto pool = [&](int in, int32_t from, int32_t to) {
    const int out = add(to);
    const auto write = [=](flatbuffers::FlatBufferBuilder& f) {
      const int32_t n = from / to;
      return fb::CreatePool2DOptions(f, fb::Padding::VALID, n, 1, n, 1).Union();
    };
    b.builtin_node(fb::BuiltinOperator::MAX_POOL_2D, {in}, {out},
                   {fb::BuiltinOptions::Pool2DOptions, write});
    return out;
  };
  int last = add(1);
  b.inputs({last});
  for (const int32_t width : {100, 90, 81}) {
    const int pads = b.tensor(
        {.shape = Shape::of(4, 2), .bytes = bytes_of<int32_t>({0, 0, 0, 0, 0, width - 1, 0, 0})});
    const int wide = add(width);
    b.builtin_node(fb::BuiltinOperator::PAD, {last, pads}, {wide});
    last = wide;
    for (int i = 0; i < 9; ++i) last = pool(last, width, width);
    last = pool(last, width, 1);
  }
  b.outputs({last});
  const ModelBytes file = in_memory(b.finish());
  const auto model = Model::parse(file->span());
  ASSERT_TRUE(model.ok());
  const auto activations = [&](Bands bands) {
    Options options;
    options.bands = bands;
    const auto plan = Interpreter::required_memory(model.value(), all_operators(), options);
    return plan.ok() ? plan.value().activation_bytes : 0;
  };
  EXPECT_LT(activations(Bands::kWhereTheyPay), activations(Bands::kNever) * 3 / 4);
}

// A segmentation's end: its largest tensor is read once, and an axis or a size are no weights,
// which calls would read again.
TEST(Chains, TakeNoOperandForWeights) {
  ModelBuilder b;
  const auto add = [&](Type type, const Shape& shape, const std::vector<uint8_t>& bytes = {}) {
    return b.tensor({.type = type, .shape = shape, .bytes = bytes});
  };
  const int small = add(Type::kUInt8, Shape::of(1, 9, 9, 21));
  const int large = add(Type::kUInt8, Shape::of(1, 129, 129, 21));
  const int classes = add(Type::kInt64, Shape::of(1, 129, 129));
  const int size = add(Type::kInt32, Shape::of(2), bytes_of<int32_t>({129, 129}));
  const int axis = add(Type::kInt32, Shape::of(1), bytes_of<int32_t>({3}));
  const auto resize = [](auto& f) { return fb::CreateResizeBilinearOptions(f).Union(); };
  const auto arg_max = [](auto& f) {
    return fb::CreateArgMaxOptions(f, fb::TensorType::INT64).Union();
  };
  b.builtin_node(fb::BuiltinOperator::RESIZE_BILINEAR, {small, size}, {large},
                 {fb::BuiltinOptions::ResizeBilinearOptions, resize});
  b.builtin_node(fb::BuiltinOperator::ARG_MAX, {large, axis}, {classes},
                 {fb::BuiltinOptions::ArgMaxOptions, arg_max});
  b.inputs({small});
  b.outputs({classes});
  const ModelBytes file = in_memory(b.finish());
  const auto model = Model::parse(file->span());
  ASSERT_TRUE(model.ok());
  const auto plan = Interpreter::required_memory(model.value(), all_operators());
  ASSERT_TRUE(plan.ok());
  EXPECT_LT(plan.value().activation_bytes, size_t{129} * 129 * 10);
}

}  // namespace
}  // namespace pipit::test
