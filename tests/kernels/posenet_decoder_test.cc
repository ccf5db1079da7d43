// SPDX-License-Identifier: Apache-2.0
// PosenetDecoderOp on fields that are drawn for poses that are known.
#include <flatbuffers/flexbuffers.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/net.h"

namespace pipit::test {
namespace {

using std::vector;

constexpr int kSide = 9, kKeypoints = 17, kEdges = 16, kStride = 16;
constexpr int kParent[kEdges] = {0, 1, 0, 2, 0, 5, 7, 5, 11, 13, 0, 6, 8, 6, 12, 14};
constexpr int kChild[kEdges] = {1, 3, 2, 4, 5, 7, 9, 11, 13, 15, 6, 8, 10, 12, 14, 16};

struct Settings {
  int most = 3;
  float threshold = 0.3f;
  float radius = 20;
  int stride = kStride;
};

// Where the person's keypoint is: cells that are two apart.
constexpr int row(int k) { return k / 5 * 2; }
constexpr int column(int k) { return k % 5 * 2; }

struct Fields {
  vector<float> heat = vector<float>(kSide * kSide * kKeypoints, -10);
  vector<float> near = vector<float>(kSide * kSide * kKeypoints * 2);
  vector<float> mid = vector<float>(kSide * kSide * kEdges * 4);
  vector<float> far = vector<float>(kSide * kSide * kKeypoints * 2);

  static float& at(vector<float>& field, int y, int x, int c) {
    const size_t channels = field.size() / (kSide * kSide);
    return field[static_cast<size_t>(y * kSide + x) * channels + static_cast<size_t>(c)];
  }
};

// A person who is seen clearly, the nose most of all, and offsets in pixels that lead from each
// keypoint to the next one.
Fields person() {
  Fields f;
  for (int k = 0; k < kKeypoints; ++k) Fields::at(f.heat, row(k), column(k), k) = k == 0 ? 5 : 4;
  for (int e = 0; e < kEdges; ++e) {
    const int from = kParent[e], to = kChild[e];
    Fields::at(f.mid, row(from), column(from), e) =
        static_cast<float>(kStride * (row(to) - row(from)));
    Fields::at(f.mid, row(from), column(from), kEdges + e) =
        static_cast<float>(kStride * (column(to) - column(from)));
  }
  return f;
}

ModelBuilder model(const Settings& s, bool masks, Type heat_type = Type::kFloat32) {
  flexbuffers::Builder o;
  o.Map([&] {
    o.Int("max_detections", s.most);
    o.Float("score_threshold", s.threshold);
    o.Int("stride", s.stride);
    o.Float("nms_radius", s.radius);
  });
  o.Finish();
  ModelBuilder b;
  const auto field = [&](int channels, Type type) {
    TensorSpec t = {.type = type, .shape = Shape::of(1, kSide, kSide, channels)};
    if (type == Type::kUInt8) {
      t.scales = {0.5f};
      t.zero_points = {128};
    }
    return b.tensor(t);
  };
  vector<int> in = {field(kKeypoints, heat_type), field(2 * kKeypoints, Type::kFloat32),
                    field(4 * kEdges, Type::kFloat32)};
  if (masks) in.push_back(field(2 * kKeypoints, Type::kFloat32));
  vector<int> out;
  for (int i = 0; i < (masks ? 5 : 4); ++i) out.push_back(b.tensor({.type = Type::kFloat32}));
  b.node("PosenetDecoderOp", in, out, o.GetBuffer());
  b.inputs(in);
  b.outputs(out);
  return b;
}

void decode(Net& net, const Fields& f) {
  net.set(0, f.heat);
  net.set(1, f.near);
  net.set(2, f.mid);
  if (net.interpreter().inputs() > 3) net.set(3, f.far);
  ASSERT_TRUE(net.invoke()) << net.why();
}

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

void expect_person(Net& net, size_t pose) {
  const auto points = net.get<float>(0), scores = net.get<float>(1);
  for (int k = 0; k < kKeypoints; ++k) {
    const size_t i = pose * kKeypoints + static_cast<size_t>(k);
    EXPECT_EQ(points[2 * i], kStride * row(k)) << k;
    EXPECT_EQ(points[2 * i + 1], kStride * column(k)) << k;
    EXPECT_NEAR(scores[i], sigmoid(k == 0 ? 5 : 4), 1e-6) << k;
  }
  EXPECT_NEAR(net.get<float>(2)[pose], (sigmoid(5) + 16 * sigmoid(4)) / 17, 1e-6);
}

TEST(PosenetDecoder, FollowsTheSkeleton) {
  Net net(model({}, false));
  ASSERT_TRUE(net.ok()) << net.why();
  decode(net, person());
  EXPECT_EQ(net.get<float>(3), vector<float>{1});
  expect_person(net, 0);
  EXPECT_EQ(net.interpreter().output(0)->shape, Shape::of(1, 3, kKeypoints, 2));
  EXPECT_EQ(net.get<float>(2)[1], 0);
}

TEST(PosenetDecoder, ReadsQuantizedFields) {
  Net net(model({}, false, Type::kUInt8));
  const Fields f = person();
  vector<uint8_t> heat;
  for (const float v : f.heat) heat.push_back(static_cast<uint8_t>(v * 2 + 128));
  net.set(0, heat);
  net.set(1, f.near);
  net.set(2, f.mid);
  ASSERT_TRUE(net.invoke()) << net.why();
  expect_person(net, 0);
}

TEST(PosenetDecoder, RefinesByShortOffsets) {
  Fields f = person();
  // Half a cell down in each of five steps, as far as the last row.
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) Fields::at(f.near, y, x, 16) = kStride * 0.5f;
  }
  Net net(model({}, false));
  decode(net, f);
  EXPECT_EQ(net.get<float>(0)[2 * 16], kStride * 8);
  EXPECT_EQ(net.get<float>(0)[2 * 16 + 1], kStride * column(16));
  EXPECT_NEAR(net.get<float>(1)[16], sigmoid(-10), 1e-6);
}

// Somebody of whom only the nose is seen: the other keypoints seem to lie there too.
Fields person_and_nose() {
  Fields f = person();
  Fields::at(f.heat, 8, 8, 0) = 4.5f;
  return f;
}

TEST(PosenetDecoder, DropsPosesThatAreUnlikely) {
  const float unlikely = (sigmoid(4.5f) + 16 * sigmoid(-10)) / 17;
  for (const bool drop : {true, false}) {
    Net net(model({.threshold = drop ? unlikely + 0.01f : unlikely - 0.01f}, false));
    decode(net, person_and_nose());
    EXPECT_EQ(net.get<float>(3)[0], drop ? 1 : 2);
    expect_person(net, 0);
    EXPECT_NEAR(net.get<float>(2)[1], drop ? 0 : unlikely, 1e-6);
  }
}

TEST(PosenetDecoder, FindsNoMorePosesThanAskedFor) {
  Net net(model({.most = 1, .threshold = 0.01f}, false));
  decode(net, person_and_nose());
  EXPECT_EQ(net.get<float>(3)[0], 1);
  expect_person(net, 0);
}

TEST(PosenetDecoder, GivesEachCellToAPose) {
  Net net(model({.threshold = 0.05f}, true));
  decode(net, person_and_nose());
  ASSERT_EQ(net.get<float>(3)[0], 2);
  // Long offsets of zero: a cell looks like a person all of whose keypoints are there.
  const auto points = net.get<float>(0), masks = net.get<float>(4);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      float sums[2] = {};
      for (size_t i = 0; i < 2 * kKeypoints; ++i) {
        const float dy = points[2 * i] - static_cast<float>(kStride * y);
        const float dx = points[2 * i + 1] - static_cast<float>(kStride * x);
        sums[i / kKeypoints] += dy * dy + dx * dx;
      }
      const auto cell = static_cast<size_t>(y * kSide + x);
      EXPECT_EQ(masks[cell], sums[0] <= sums[1]) << y << ' ' << x;
      EXPECT_EQ(masks[cell + kSide * kSide], sums[0] > sums[1]) << y << ' ' << x;
    }
  }
}

TEST(PosenetDecoder, SurvivesNumbersThatAreNone) {
  for (const float x : {NAN, INFINITY, -INFINITY}) {
    for (vector<float> Fields::*field :
         {&Fields::heat, &Fields::near, &Fields::mid, &Fields::far}) {
      Fields f = person();
      (f.*field).assign((f.*field).size(), x);
      Net net(model({}, true));
      decode(net, f);
      EXPECT_LE(net.get<float>(3)[0], 3);
    }
  }
}

TEST(PosenetDecoder, RefusesOptionsThatMakeNoSense) {
  for (const Settings& s : {Settings{.most = -1}, Settings{.most = 100000}, Settings{.stride = 0},
                            Settings{.stride = -16}}) {
    EXPECT_FALSE(Net(model(s, false)).ok());
  }
}

}  // namespace
}  // namespace pipit::test
