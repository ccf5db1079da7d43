// SPDX-License-Identifier: Apache-2.0
// Windows over images, and cuts out of them, whose sizes, strides, dilations and pads nearly leave
// 32 bits, computed once more in 64. Images may be as large as tensors can be: they are address
// space of which only what is read or written takes memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/limits.h"
#include "pipit/interpreter.h"
#include "pipit/team.h"
#include "platform/pages.h"
#include "tests/support/model_builder.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

constexpr int32_t kSizes[] = {1,
                              2,
                              3,
                              4,
                              7,
                              100,
                              32767,
                              46341,
                              65536,
                              (1 << 24) + 1,
                              (1 << 30) - 1,
                              1 << 30,
                              (1 << 30) + 1,
                              INT32_MAX - 1,
                              INT32_MAX};
constexpr int64_t kMostOutputs = 1 << 12;
constexpr int64_t kMostTaps = 1 << 16;  // of all outputs
constexpr size_t kEnds = 1 << 12;       // bytes of an image that are not 0, at either end

int32_t any_size(Random& random) {
  constexpr auto kCount = static_cast<int32_t>(sizeof(kSizes) / sizeof(*kSizes));
  return kSizes[random.between(0, random.one_in(2) ? 3 : kCount - 1)];
}

// Zeros, enough for the largest image where there is the address space.
class Pages {
 public:
  Pages() : bytes_(reserve_pages(sizeof(void*) == 8 ? SIZE_MAX >> 31 : 1u << 28)) {}
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { release_pages(bytes_); }
  Span<uint8_t> span() const { return bytes_; }

 private:
  Span<uint8_t> bytes_;
};

Team* team() {
  static Team* const three = [] {
    static Team made;
    EXPECT_EQ(made.start(3), 3);
    return &made;
  }();
  return three;
}

// One dimension of a window.
struct Axis {
  int32_t in = 1, kernel = 1, stride = 1, dilation = 1;
  fb::Padding padding = fb::Padding::SAME;

  int64_t extent() const { return (int64_t{kernel} - 1) * dilation + 1; }
  int64_t out() const {
    const int64_t room = padding == fb::Padding::SAME ? int64_t{in} : int64_t{in} - extent() + 1;
    return room <= 0 ? 0 : (room + stride - 1) / stride;
  }
  int64_t pad() const { return std::max<int64_t>(0, (out() - 1) * stride + extent() - in) / 2; }
  // The taps [first, end) of output o that lie inside, and where tap t lies.
  int64_t at(int64_t o, int64_t t) const { return o * stride - pad() + t * dilation; }
  int64_t first(int64_t o) const {
    const int64_t before = -at(o, 0);
    return before <= 0 ? 0 : (before + dilation - 1) / dilation;
  }
  int64_t end(int64_t o) const {
    const int64_t left = in - at(o, 0);
    return left <= 0 ? 0 : std::min<int64_t>(kernel, (left + dilation - 1) / dilation);
  }
  int64_t most_taps() const {
    return std::min<int64_t>(kernel, (int64_t{in} + dilation - 1) / dilation);
  }
};

std::string text_of(const Axis& a) {
  return std::to_string(a.in) + " by " + std::to_string(a.kernel) + ", stride " +
         std::to_string(a.stride) + ", dilation " + std::to_string(a.dilation) +
         (a.padding == fb::Padding::SAME ? " same; " : " valid; ");
}

// A model of one operator over an image, planned and fed.
class Hostile {
 public:
  Hostile(const ModelBuilder& b, bool shared) : file_(in_memory(b.finish())) {
    Message why;
    const Result<Model> model = Model::parse(file_->span(), &why);
    if (!model.ok()) return;
    Options options;
    options.team = shared ? team() : nullptr;
    options.least_share = 1;
    options.bands = Bands::kEverywhere;
    options.preserve_inputs = true;  // the answers are checked against them
    const Result<Interpreter> net =
        Interpreter::create(model.value(), arena_.span(), all_operators(), options, &why);
    if (!net.ok()) return;
    net_ = net.value();
    planned_ = true;
  }

  bool planned() const { return planned_; }
  int64_t outputs() const { return net_.output(0)->elements(); }
  const Tensor& in() const { return *net_.input(0); }
  const Tensor& out() const { return *net_.output(0); }
  bool run() { return net_.invoke().ok(); }

  template <class T>
  void feed(Random& random) {
    const auto n = static_cast<size_t>(in().elements());
    for (size_t i = 0; i < std::min(n, kEnds); ++i) {
      in().as<T>()[i] = static_cast<T>(random.between(-3, 3));
      in().as<T>()[n - 1 - i] = static_cast<T>(random.between(-3, 3));
    }
  }

 private:
  ModelBytes file_;
  Pages arena_;
  Interpreter net_;
  bool planned_ = false;
};

// ---- windows of two dimensions, of int8 and float

struct Window2d {
  Axis y, x;
  int32_t channels = 1;
  int64_t outputs() const { return y.out() * x.out(); }
  bool small() const {
    return outputs() <= kMostOutputs && outputs() * y.most_taps() * x.most_taps() <= kMostTaps;
  }
  std::string text() const { return text_of(y) + text_of(x) + std::to_string(channels); }
};

enum class Kind { kMax, kConv, kDepthwise };

Axis random_axis(Random& random, Kind kind) {
  Axis a;
  a.in = any_size(random);
  a.kernel = kind == Kind::kMax ? any_size(random) : random.between(1, 3);
  a.stride = any_size(random);
  a.dilation = kind == Kind::kMax ? 1 : any_size(random);
  return a;
}

// One of the two is small, for the whole has to be addressed.
Window2d random_window(Random& random, Kind kind) {
  Window2d w = {random_axis(random, kind), random_axis(random, kind), random.one_in(2) ? 1 : 9};
  Axis& small = random.one_in(2) ? w.y : w.x;
  small.in = random.between(1, 2);
  w.y.padding = w.x.padding = random.one_in(3) ? fb::Padding::VALID : fb::Padding::SAME;
  return w;
}

constexpr auto kNone = fb::ActivationFunctionType::NONE;

OptionsSpec options_of(const Window2d& w, Kind kind) {
  using Fbb = flatbuffers::FlatBufferBuilder;
  const Axis y = w.y, x = w.x;
  if (kind == Kind::kMax) {
    return {fb::BuiltinOptions::Pool2DOptions, [=](Fbb& b) {
              return fb::CreatePool2DOptions(b, y.padding, x.stride, y.stride, x.kernel, y.kernel)
                  .Union();
            }};
  }
  if (kind == Kind::kConv) {
    return {fb::BuiltinOptions::Conv2DOptions, [=](Fbb& b) {
              return fb::CreateConv2DOptions(b, y.padding, x.stride, y.stride, kNone, x.dilation,
                                             y.dilation)
                  .Union();
            }};
  }
  return {fb::BuiltinOptions::DepthwiseConv2DOptions, [=](Fbb& b) {
            return fb::CreateDepthwiseConv2DOptions(b, y.padding, x.stride, y.stride, 1, kNone,
                                                    x.dilation, y.dilation)
                .Union();
          }};
}

constexpr fb::BuiltinOperator kOperators[] = {fb::BuiltinOperator::MAX_POOL_2D,
                                              fb::BuiltinOperator::CONV_2D,
                                              fb::BuiltinOperator::DEPTHWISE_CONV_2D};

// All weights are 1; a convolution has one output channel, the others as many as the image. What
// follows changes nothing, and makes a chain of both.
template <class T>
ModelBuilder model_of(const Window2d& w, Kind kind) {
  const Type type = sizeof(T) == 1 ? Type::kInt8 : Type::kFloat32;
  ModelBuilder b;
  const auto add = [&](const Shape& shape, const std::vector<uint8_t>& bytes) {
    TensorSpec spec = {.type = type, .shape = shape, .bytes = bytes};
    if (type == Type::kInt8) spec.scales = {1.0f};
    if (type == Type::kInt8) spec.zero_points = {0};
    return b.tensor(spec);
  };
  std::vector<int> inputs = {add(Shape::of(1, w.y.in, w.x.in, w.channels), {})};
  if (kind != Kind::kMax) {
    const std::vector<T> ones(static_cast<size_t>(w.y.kernel * w.x.kernel * w.channels), T{1});
    inputs.push_back(add(Shape::of(1, w.y.kernel, w.x.kernel, w.channels), bytes_of(ones)));
  }
  const int found = add(Shape::of(1, 1, 1, 1), {}), out = add(Shape::of(1, 1, 1, 1), {});
  b.builtin_node(kOperators[static_cast<int>(kind)], inputs, {found}, options_of(w, kind));
  b.builtin_node(fb::BuiltinOperator::MAX_POOL_2D, {found}, {out}, options_of({}, Kind::kMax));
  b.inputs({inputs[0]});
  b.outputs({out});
  return b;
}

// The largest value or the sum of what a window sees of a channel, or of all.
template <class T>
T expected(const Window2d& w, Kind kind, const T* in, int64_t oy, int64_t ox, int32_t channel) {
  int32_t best = INT32_MIN, sum = 0;
  const int32_t from = kind == Kind::kConv ? 0 : channel;
  const int32_t to = kind == Kind::kConv ? w.channels : channel + 1;
  for (int64_t ty = w.y.first(oy); ty < w.y.end(oy); ++ty) {
    for (int64_t tx = w.x.first(ox); tx < w.x.end(ox); ++tx) {
      const int64_t pixel = w.y.at(oy, ty) * w.x.in + w.x.at(ox, tx);
      for (int32_t c = from; c < to; ++c) {
        const auto value = static_cast<int32_t>(in[pixel * w.channels + c]);
        best = std::max(best, value);
        sum += value;
      }
    }
  }
  return static_cast<T>(kind == Kind::kMax ? best : std::clamp(sum, -128, 127));
}

template <class T>
void check_window(const Window2d& w, Kind kind, const Hostile& net) {
  const int32_t channels = kind == Kind::kConv ? 1 : w.channels;
  ASSERT_EQ(net.out().shape, Shape::of(1, w.y.out(), w.x.out(), channels));
  const T* out = net.out().as<T>();
  for (int64_t y = 0; y < w.y.out(); ++y) {
    for (int64_t x = 0; x < w.x.out(); ++x) {
      for (int32_t c = 0; c < channels; ++c) {
        ASSERT_EQ(*out++, expected(w, kind, net.in().as<T>(), y, x, c))
            << y << " " << x << " " << c;
      }
    }
  }
}

template <class T>
void expect_windows(Kind kind) {
  Random random(static_cast<uint64_t>(kind));
  int ran = 0, large = 0;
  for (int round = 0; round < 3000; ++round) {
    const Window2d w = random_window(random, kind);
    const int64_t elements = int64_t{w.y.in} * w.x.in * w.channels;
    if (elements > kMostItems || !w.small()) continue;
    SCOPED_TRACE(w.text());
    Hostile net(model_of<T>(w, kind), random.one_in(2));
    if (!net.planned()) continue;
    net.feed<T>(random);
    ASSERT_TRUE(net.run());
    ASSERT_NO_FATAL_FAILURE(check_window<T>(w, kind, net));
    ++ran;
    large += elements > 1 << 24 ? 1 : 0;
  }
  EXPECT_GT(ran, 300);
  EXPECT_GE(large, sizeof(void*) == 8 ? 10 : 0);
}

TEST(Geometry, MaximaOfBytes) { expect_windows<int8_t>(Kind::kMax); }
TEST(Geometry, MaximaOfFloats) { expect_windows<float>(Kind::kMax); }
TEST(Geometry, ConvolutionsOfBytes) { expect_windows<int8_t>(Kind::kConv); }
TEST(Geometry, ConvolutionsOfFloats) { expect_windows<float>(Kind::kConv); }
TEST(Geometry, DepthwiseConvolutionsOfBytes) { expect_windows<int8_t>(Kind::kDepthwise); }
TEST(Geometry, DepthwiseConvolutionsOfFloats) { expect_windows<float>(Kind::kDepthwise); }

// ---- windows of three dimensions

OptionsSpec options_3d(const Axis (&a)[3]) {
  const Axis z = a[0], y = a[1], x = a[2];
  return {fb::BuiltinOptions::Conv3DOptions, [=](flatbuffers::FlatBufferBuilder& b) {
            return fb::CreateConv3DOptions(b, z.padding, z.stride, x.stride, y.stride, kNone,
                                           z.dilation, x.dilation, y.dilation)
                .Union();
          }};
}

ModelBuilder model_3d(const Axis (&a)[3]) {
  ModelBuilder b;
  const auto add = [&](const Shape& shape, const std::vector<uint8_t>& bytes) {
    return b.tensor({.type = Type::kFloat32, .shape = shape, .bytes = bytes});
  };
  const int in = add(Shape::of(1, a[0].in, a[1].in, a[2].in, 1), {});
  const std::vector<float> ones(static_cast<size_t>(a[0].kernel * a[1].kernel * a[2].kernel), 1.0f);
  const int weights = add(Shape::of(a[0].kernel, a[1].kernel, a[2].kernel, 1, 1), bytes_of(ones));
  const int out = add(Shape::of(1, 1, 1, 1, 1), {});
  b.builtin_node(fb::BuiltinOperator::CONV_3D, {in, weights}, {out}, options_3d(a));
  b.inputs({in});
  b.outputs({out});
  return b;
}

float expected_3d(const Axis (&a)[3], const float* in, const int64_t (&o)[3]) {
  float sum = 0;
  for (int64_t tz = a[0].first(o[0]); tz < a[0].end(o[0]); ++tz) {
    for (int64_t ty = a[1].first(o[1]); ty < a[1].end(o[1]); ++ty) {
      for (int64_t tx = a[2].first(o[2]); tx < a[2].end(o[2]); ++tx) {
        const int64_t line = a[0].at(o[0], tz) * a[1].in + a[1].at(o[1], ty);
        sum += in[line * a[2].in + a[2].at(o[2], tx)];
      }
    }
  }
  return sum;
}

void check_3d(const Axis (&a)[3], const Hostile& net) {
  ASSERT_EQ(net.out().shape, Shape::of(1, a[0].out(), a[1].out(), a[2].out(), 1));
  const float* out = net.out().as<float>();
  for (int64_t z = 0; z < a[0].out(); ++z) {
    for (int64_t y = 0; y < a[1].out(); ++y) {
      for (int64_t x = 0; x < a[2].out(); ++x) {
        ASSERT_EQ(*out++, expected_3d(a, net.in().as<float>(), {z, y, x}));
      }
    }
  }
}

TEST(Geometry, ConvolutionsOfThreeDimensions) {
  Random random(3);
  int ran = 0;
  for (int round = 0; round < 3000; ++round) {
    Axis a[3];
    double elements = 1, outputs = 1;
    for (Axis& axis : a) {
      axis = random_axis(random, Kind::kConv);
      if (random.one_in(2)) axis.in = random.between(1, 3);
      axis.padding = a[0].padding;
      elements *= axis.in;
      outputs *= static_cast<double>(axis.out());
    }
    if (elements > 1 << 29 || outputs > kMostOutputs) continue;
    SCOPED_TRACE(text_of(a[0]) + text_of(a[1]) + text_of(a[2]));
    Hostile net(model_3d(a), false);
    if (!net.planned()) continue;
    net.feed<float>(random);
    ASSERT_TRUE(net.run());
    ASSERT_NO_FATAL_FAILURE(check_3d(a, net));
    ++ran;
  }
  EXPECT_GT(ran, 300);
}

// ---- cuts

struct Cut {
  int32_t size = 1, begin = 0, end = 0, stride = 1;

  // As Python has it.
  int64_t clamped(int64_t at) const {
    if (at < 0) at += size;
    return stride > 0 ? std::clamp<int64_t>(at, 0, size) : std::clamp<int64_t>(at, -1, size - 1);
  }
  int64_t at(int64_t i) const { return clamped(begin) + i * stride; }
  int64_t out() const {
    const int64_t distance = clamped(end) - clamped(begin), step = std::abs(int64_t{stride});
    return std::max<int64_t>(0, (stride > 0 ? distance + step - 1 : -distance + step - 1) / step);
  }
};

Cut random_cut(Random& random) {
  const auto position = [&] {
    const int32_t n = any_size(random);
    return random.one_in(2) ? -n : n;
  };
  return {any_size(random), position(), position(), position()};
}

ModelBuilder model_of(const Cut (&cuts)[2]) {
  ModelBuilder b;
  const auto list = [&](int32_t first, int32_t second) {
    return b.tensor(
        {.shape = Shape::of(2), .bytes = bytes_of(std::vector<int32_t>{first, second})});
  };
  const int in = b.tensor({.type = Type::kInt8, .shape = Shape::of(cuts[0].size, cuts[1].size)});
  const std::vector<int> inputs = {in, list(cuts[0].begin, cuts[1].begin),
                                   list(cuts[0].end, cuts[1].end),
                                   list(cuts[0].stride, cuts[1].stride)};
  const int out = b.tensor({.type = Type::kInt8});
  b.builtin_node(fb::BuiltinOperator::STRIDED_SLICE, inputs, {out},
                 {fb::BuiltinOptions::StridedSliceOptions,
                  [](auto& builder) { return fb::CreateStridedSliceOptions(builder).Union(); }});
  b.inputs({in});
  b.outputs({out});
  return b;
}

TEST(Geometry, Cuts) {
  Random random(4);
  int ran = 0;
  for (int round = 0; round < 10000; ++round) {
    const Cut cuts[2] = {random_cut(random), random_cut(random)};
    const double outputs = static_cast<double>(cuts[0].out()) * static_cast<double>(cuts[1].out());
    if (double{1} * cuts[0].size * cuts[1].size > kMostItems || outputs > kMostOutputs) continue;
    SCOPED_TRACE(round);
    Hostile net(model_of(cuts), false);
    const bool large = double{1} * cuts[0].size * cuts[1].size > 1 << 27;
    ASSERT_TRUE(net.planned() || (large && sizeof(void*) == 4));
    if (!net.planned()) continue;
    ASSERT_EQ(net.out().shape, Shape::of(cuts[0].out(), cuts[1].out()));
    net.feed<int8_t>(random);
    ASSERT_TRUE(net.run());
    for (int64_t y = 0, i = 0; outputs > 0 && y < cuts[0].out(); ++y) {
      for (int64_t x = 0; x < cuts[1].out(); ++x, ++i) {
        ASSERT_EQ(net.out().as<int8_t>()[i],
                  net.in().as<int8_t>()[cuts[0].at(y) * cuts[1].size + cuts[1].at(x)]);
      }
    }
    ran += outputs > 0 ? 1 : 0;
  }
  EXPECT_GT(ran, 300);
}

}  // namespace
}  // namespace pipit::test
