// SPDX-License-Identifier: Apache-2.0
// Operators of TensorFlow that stand in files as Flex operators, against their definitions.
#include <flatbuffers/flexbuffers.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <string>

#include "tests/support/net.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

using std::string;
using std::vector;

// ---- a node in the encoding of protocol buffers

string field(int number, const string& bytes) {
  return string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}

string attribute(const string& name, const string& value) {
  return field(5, field(1, name) + field(2, value));
}

string text_value(const string& text) { return field(2, text); }

string real_value(float value) {
  string bits(4, '\0');
  std::memcpy(bits.data(), &value, 4);
  return string(1, 4 << 3 | 5) + bits;
}

const string kFloatType = string(1, 6 << 3) + '\1';

string node(const string& op, const string& attributes) {
  return field(1, "a/node") + field(2, op) + field(3, "input") + attributes;
}

vector<uint8_t> options(const string& op, const string& node) {
  flexbuffers::Builder b;
  b.Vector([&] {
    b.String(op);
    b.String(node);
  });
  b.Finish();
  return b.GetBuffer();
}

// ---- FlexRFFT

ModelBuilder rfft(const Shape& in, int length, const vector<uint8_t>& options) {
  ModelBuilder b;
  const int signal = b.tensor({.type = Type::kFloat32, .shape = in});
  const int n = b.tensor({.shape = Shape::of(1), .bytes = bytes_of(vector<int32_t>{length})});
  const int out = b.tensor({.type = Type::kComplex64});
  b.node("FlexRFFT", {signal, n}, {out}, options);
  b.inputs({signal});
  b.outputs({out});
  return b;
}

vector<uint8_t> rfft_options() {
  return options("RFFT", node("RFFT", attribute("Treal", kFloatType)));
}

TEST(FlexRfft, TransformsEachRow) {
  constexpr int kRows = 6, kGiven = 19;
  Random random(3);
  vector<float> in(kRows * kGiven);
  for (float& v : in) v = static_cast<float>(random.unit());
  for (const int n : {1, 2, 4, 16}) {
    Net net(rfft(Shape::of(2, 3, kGiven), n, rfft_options()));
    net.set(0, in);
    const auto got = net.run<std::complex<float>>();
    ASSERT_EQ(net.interpreter().output(0)->shape, Shape::of(2, 3, n / 2 + 1));
    for (size_t i = 0; i < got.size(); ++i) {
      const size_t columns = static_cast<size_t>(n) / 2 + 1, row = i / columns, k = i % columns;
      std::complex<double> want = 0;
      for (size_t t = 0; t < static_cast<size_t>(n); ++t) {
        want += static_cast<double>(in[row * kGiven + t]) *
                std::polar(1.0, -2 * M_PI * static_cast<double>(k * t) / n);
      }
      EXPECT_NEAR(got[i].real(), want.real(), 1e-5) << n << ' ' << i;
      EXPECT_NEAR(got[i].imag(), want.imag(), 1e-5) << n << ' ' << i;
    }
  }
}

void expect_refused(const ModelBuilder& b, const char* why) {
  Net net(b);
  EXPECT_FALSE(net.ok());
  EXPECT_NE(string(net.why()).find(why), string::npos) << net.why();
}

TEST(FlexRfft, RefusesLengthsThatItCannotTransform) {
  expect_refused(rfft(Shape::of(12), 12, rfft_options()), "length 12");
  expect_refused(rfft(Shape::of(12), 0, rfft_options()), "length 0");
  expect_refused(rfft(Shape::of(12), 16, rfft_options()), "less than 16");
}

// ---- options

TEST(NodeDef, IsRefusedUnlessItIsWhole) {
  const auto expect = [](const vector<uint8_t>& options) {
    expect_refused(rfft(Shape::of(16), 16, options), "NodeDef of RFFT");
  };
  const string good = node("RFFT", attribute("Treal", kFloatType));
  expect({});
  expect(options("FFT", good));
  expect(options("RFFT", ""));
  expect(options("RFFT", node("FFT", "")));
  expect(options("RFFT", good + '\x0b'));                             // a group, which no node has
  expect(options("RFFT", good + string("\x2a\x7f", 2)));              // longer than the node
  expect(options("RFFT", good + string(11, '\xff')));                 // a number without an end
  expect(options("RFFT", node("RFFT", field(5, "\x12\x05"))));        // an attribute
  expect(options("RFFT", node("RFFT", attribute("Treal", "\x25"))));  // its value
  // Cut anywhere, it is either shorter or refused, and nothing behind its end is read.
  for (size_t n = 0; n < good.size(); ++n) {
    Net net(rfft(Shape::of(16), 16, options("RFFT", good.substr(0, n))));
  }
}

// ---- FlexCropAndResize

struct Crop {
  vector<float> boxes;
  int height, width;
  string attributes = attribute("method", text_value("bilinear"));
};

template <class T>
ModelBuilder crop_model(Type type, const Crop& crop) {
  ModelBuilder b;
  const auto n = static_cast<int>(crop.boxes.size() / 4);
  const int image = b.tensor({.type = type, .shape = Shape::of(2, 2, 2, 1)});
  const int boxes = b.tensor({.type = Type::kFloat32, .shape = Shape::of(n, 4)});
  const int indices = b.tensor({.shape = Shape::of(n)});
  const int size = b.tensor(
      {.shape = Shape::of(2), .bytes = bytes_of(vector<int32_t>{crop.height, crop.width})});
  const int out = b.tensor({.type = Type::kFloat32});
  b.node("FlexCropAndResize", {image, boxes, indices, size}, {out},
         options("CropAndResize", node("CropAndResize", crop.attributes)));
  b.inputs({image, boxes, indices});
  b.outputs({out});
  return b;
}

// Of two images: [[1, 2], [3, 4]] and [[10, 20], [30, 40]].
template <class T>
vector<float> crop(Type type, const Crop& crop, const vector<int32_t>& indices) {
  Net net(crop_model<T>(type, crop));
  net.set<T>(0, {1, 2, 3, 4, 10, 20, 30, 40});
  net.set(1, crop.boxes);
  net.set(2, indices);
  return net.run<float>();
}

TEST(FlexCropAndResize, InterpolatesBetweenPixels) {
  const Crop two = {{0, 0, 1, 1, 1, 1, 0, 0}, 3, 3};
  const vector<float> want = {1,  1.5f, 2,  2,  2.5f, 3,  3,  3.5f, 4,
                              40, 35,   30, 30, 25,   20, 20, 15,   10};
  EXPECT_EQ(crop<float>(Type::kFloat32, two, {0, 1}), want);
  EXPECT_EQ(crop<uint8_t>(Type::kUInt8, two, {0, 1}), want);
  EXPECT_EQ(crop<int8_t>(Type::kInt8, two, {0, 1}), want);
  EXPECT_EQ(crop<uint16_t>(Type::kUInt16, two, {0, 1}), want);
  EXPECT_EQ(crop<int16_t>(Type::kInt16, two, {0, 1}), want);
  EXPECT_EQ(crop<int32_t>(Type::kInt32, two, {0, 1}), want);
  EXPECT_EQ(crop<int64_t>(Type::kInt64, two, {0, 1}), want);
  EXPECT_EQ(crop<double>(Type::kFloat64, two, {0, 1}), want);
}

TEST(FlexCropAndResize, TakesTheMiddleForASinglePixel) {
  EXPECT_EQ(crop<float>(Type::kFloat32, {{0, 0, 1, 1, 0, 0, 0.5f, 0}, 1, 1}, {1, 0}),
            (vector<float>{25, 1.5f}));
}

TEST(FlexCropAndResize, FillsWhatLiesOutside) {
  const string attributes = attribute("extrapolation_value", real_value(-7));
  EXPECT_EQ(crop<float>(Type::kFloat32, {{-1, -1, 1, 1}, 3, 3, attributes}, {0}),
            (vector<float>{-7, -7, -7, -7, 1, 2, -7, 3, 4}));
}

TEST(FlexCropAndResize, TakesTheNearestPixel) {
  const string attributes = attribute("method", text_value("nearest"));
  EXPECT_EQ(crop<float>(Type::kFloat32, {{0, 0, 1, 1}, 3, 3, attributes}, {0}),
            (vector<float>{1, 2, 2, 3, 4, 4, 3, 4, 4}));
}

TEST(FlexCropAndResize, RefusesWhatItCannotCrop) {
  const string cubic = attribute("method", text_value("cubic"));
  expect_refused(crop_model<float>(Type::kFloat32, {{0, 0, 1, 1}, 3, 3, cubic}), "method");
  expect_refused(crop_model<float>(Type::kFloat32, {{0, 0, 1, 1}, 0, 3}), "0 x 3");
  expect_refused(crop_model<float>(Type::kBool, {{0, 0, 1, 1}, 3, 3}), "bool");
  Net net(crop_model<float>(Type::kFloat32, {{0, 0, 1, 1}, 3, 3}));
  net.set<float>(1, {0, 0, 1, 1});
  net.set<int32_t>(2, {2});
  EXPECT_FALSE(net.invoke());
  EXPECT_NE(string(net.why()).find("image 2 of 2"), string::npos) << net.why();
  net.set<int32_t>(2, {0});
  net.set<float>(1, {0, 0, INFINITY, 1});
  EXPECT_FALSE(net.invoke());
}

}  // namespace
}  // namespace pipit::test
