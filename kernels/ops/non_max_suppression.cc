// SPDX-License-Identifier: Apache-2.0
// NON_MAX_SUPPRESSION_V4 and NON_MAX_SUPPRESSION_V5: of boxes with scores those that lie over no
// better one. With a sigma, an overlap lowers the score of a box instead of removing it.
#include <algorithm>
#include <cmath>

#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

constexpr int kBoxes = 0, kScores = 1, kMostBoxes = 2, kIouThreshold = 3, kScoreThreshold = 4,
              kSigma = 5;

// Corners may come in any order.
struct Box {
  explicit Box(const float* corners)
      : top(std::min(corners[0], corners[2])),
        left(std::min(corners[1], corners[3])),
        bottom(std::max(corners[0], corners[2])),
        right(std::max(corners[1], corners[3])) {}
  float area() const { return (bottom - top) * (right - left); }

  float top, left, bottom, right;
};

// The common part of two boxes as a part of all that they cover.
float overlap(const Box& a, const Box& b) {
  if (a.area() <= 0 || b.area() <= 0) return 0;
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float common = std::max(height, 0.0f) * std::max(width, 0.0f);
  return common / (a.area() + b.area() - common);
}

// Scores fall while a candidate waits, so it is compared again when its turn comes, but only with
// what was selected since.
struct Candidate {
  int32_t box;
  float score;
  int32_t compared;  // with so many of the selected boxes
};

bool worse(const Candidate& a, const Candidate& b) { return a.score < b.score; }

class Suppression {
 public:
  explicit Suppression(const Step& s)
      : boxes_(s.input(kBoxes).as<float>()),
        iou_threshold_(*s.input(kIouThreshold).as<float>()),
        score_threshold_(*s.input(kScoreThreshold).as<float>()),
        selected_(s.output(0).as<int32_t>()),
        heap_(reinterpret_cast<Candidate*>(s.scratch)) {
    const float sigma = s.has_input(kSigma) ? *s.input(kSigma).as<float>() : 0.0f;
    soft_ = sigma > 0;
    scale_ = soft_ ? static_cast<float>(-0.5 / static_cast<double>(sigma)) : 0.0f;
    const float* scores = s.input(kScores).as<float>();
    for (int32_t i = 0; i < s.input(kScores).elements(); ++i) {
      if (scores[i] > score_threshold_) push({i, scores[i], 0});
    }
  }

  // Returns how many boxes were selected. Their scores are stored unless `scores` is nullptr.
  // A selected box waits on and meets itself, as in TensorFlow Lite: that removes it, unless it has
  // no area.
  int32_t select(int32_t most, float* scores) {
    most = std::min(most, waiting_);
    while (count_ < most && waiting_ > 0) {
      Candidate c = pop();
      const float before = c.score;
      if (!lower(&c)) continue;
      c.compared = count_;
      if (c.score == before) {
        if (scores != nullptr) scores[count_] = c.score;
        selected_[count_++] = c.box;
      }
      if (c.score > score_threshold_) push(c);
    }
    return count_;
  }

 private:
  // Compares with the boxes selected since the last time. False when one of them removes this one.
  bool lower(Candidate* c) const {
    const Box box(boxes_ + ptrdiff_t{c->box} * 4);
    for (int32_t i = count_ - 1; i >= c->compared; --i) {
      const float iou = overlap(box, Box(boxes_ + ptrdiff_t{selected_[i]} * 4));
      if (iou >= iou_threshold_) return false;
      // exp(-iou^2 / (2 * sigma)): Bodla et al., "Soft-NMS", ICCV 2017.
      if (soft_) c->score *= real::exp(scale_ * iou * iou);
      if (c->score <= score_threshold_) return true;
    }
    return true;
  }

  void push(const Candidate& c) {
    heap_[waiting_++] = c;
    std::push_heap(heap_, heap_ + waiting_, worse);
  }

  Candidate pop() {
    std::pop_heap(heap_, heap_ + waiting_, worse);
    return heap_[--waiting_];
  }

  const float* boxes_;
  float iou_threshold_, score_threshold_, scale_;
  bool soft_;
  int32_t* selected_;
  Candidate* heap_;
  int32_t waiting_ = 0;
  int32_t count_ = 0;
};

Status run(const Step& s, Run& run) {
  const int32_t most = s.output(0).elements();
  if (s.has_input(kSigma) && *s.input(kSigma).as<float>() < 0) {
    return run.fail(s, "sigma is negative");
  }
  float* scores = s.outputs == 3 ? s.output(1).as<float>() : nullptr;
  const int32_t count = Suppression(s).select(most, scores);
  // Outputs are as long as `most`; what is not used is 0.
  std::fill(s.output(0).as<int32_t>() + count, s.output(0).as<int32_t>() + most, 0);
  if (scores != nullptr) std::fill(scores + count, scores + most, 0.0f);
  *s.output(s.outputs - 1).as<int32_t>() = count;
  return {};
}

Status check_inputs(const Prepare& p) {
  for (int i = 0; i < p.inputs(); ++i) {
    PIPIT_TRY(need_type(p, p.input(i), types(i == kMostBoxes ? Type::kInt32 : Type::kFloat32)));
    if (i >= kMostBoxes && p.input(i).shape.rank != 0) {
      return p.bad("input ", i, ", ", p.input(i), ", is no scalar");
    }
  }
  const Shape& boxes = p.input(kBoxes).shape;
  if (boxes.rank != 2 || boxes[1] != 4) return p.bad("boxes ", p.input(kBoxes), " are not [n,4]");
  if (p.input(kScores).shape == Shape::of(boxes[0])) return {};
  return p.bad("scores ", p.input(kScores), " are not one for each of ", boxes[0], " boxes");
}

Status prepare(Prepare& p) {
  const bool soft = p.inputs() == 6;
  PIPIT_TRY(p.arity(soft ? 6 : 5, soft ? 6 : 5, soft ? 3 : 2));
  PIPIT_TRY(check_inputs(p));
  p.set_output_type(0, Type::kInt32);
  if (soft) p.set_output_type(1, Type::kFloat32);
  p.set_output_type(p.outputs() - 1, Type::kInt32);
  const int32_t* most = p.values<int32_t>(kMostBoxes);
  if (most == nullptr) return p.defer();
  if (*most < 0) return p.bad("at most ", *most, " boxes are wanted");
  for (int i = 0; i < p.outputs() - 1; ++i) PIPIT_TRY(p.set_output(i, Shape::of(*most)));
  PIPIT_TRY(p.set_output(p.outputs() - 1, Shape()));
  // No box waits twice at a time.
  p.scratch(ByteCount(p.input(kScores).elements()) * sizeof(Candidate));
  return p.run(run, nullptr, "portable");
}

}  // namespace

const Op kNonMaxSuppressionV4 = {builtin(fb::BuiltinOperator::NON_MAX_SUPPRESSION_V4),
                                 "NON_MAX_SUPPRESSION_V4", prepare};
const Op kNonMaxSuppressionV5 = {builtin(fb::BuiltinOperator::NON_MAX_SUPPRESSION_V5),
                                 "NON_MAX_SUPPRESSION_V5", prepare};

}  // namespace pipit
