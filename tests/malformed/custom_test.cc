// SPDX-License-Identifier: Apache-2.0
// Options of custom operators that nobody can work with.
#include "tests/kernels/one_operator.h"
#include "tests/malformed/malformed.h"

namespace pipit::test {
namespace {

std::vector<uint8_t> detection_options(const IntegerOptions& change) {
  IntegerOptions o = {{"max_detections", 2}, {"max_classes_per_detection", 1}, {"num_classes", 2}};
  for (const auto& [key, value] : change) o[key] = value;
  flexbuffers::Builder b;
  b.Map([&] {
    for (const auto& [key, value] : o) b.Int(key.c_str(), value);
    for (const char* scale : {"y_scale", "x_scale", "h_scale", "w_scale"}) b.Float(scale, 1);
    b.Float("nms_iou_threshold", 0.5f);
  });
  b.Finish();
  return b.GetBuffer();
}

std::string detection(const IntegerOptions& change) {
  ModelBuilder b;
  const int boxes = b.tensor(floats(Shape::of(1, 3, 4)));
  const int scores = b.tensor(floats(Shape::of(1, 3, 3)));
  const int anchors = b.tensor(filled(floats(Shape::of(3, 4)), 48));
  std::vector<int> out;
  for (const Shape& s : {Shape::of(1, 2, 4), Shape::of(1, 2), Shape::of(1, 2), Shape::of(1)}) {
    out.push_back(b.tensor(floats(s)));
  }
  b.node("TFLite_Detection_PostProcess", {boxes, scores, anchors}, out, detection_options(change));
  b.inputs({boxes, scores});
  b.outputs(out);
  return verdict(b.finish());
}

TEST(Malformed, TF_111638_DetectionsTimesClassesWrap) {
  EXPECT_EQ(detection({}), "runs");
  const char* const kOperator = "TFLite_Detection_PostProcess (operator 0): ";
  EXPECT_THAT(detection({{"max_detections", 65536}, {"max_classes_per_detection", 65536}}),
              HasSubstr(kOperator));
  for (const int64_t n : {int64_t{0}, int64_t{-1}, int64_t{INT32_MAX}, INT64_MAX, INT64_MIN}) {
    if (n != 0) {
      EXPECT_THAT(detection({{"max_detections", n}}), HasSubstr(kOperator)) << n;
    }
    EXPECT_THAT(detection({{"num_classes", n}}), HasSubstr(kOperator)) << n;
  }
}

}  // namespace
}  // namespace pipit::test
