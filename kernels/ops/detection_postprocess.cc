// SPDX-License-Identifier: Apache-2.0
// TFLite_Detection_PostProcess: boxes out of encodings and anchors, and the best of them that do
// not overlap ("non-maximum suppression").
//
// The regular way suppresses in each class; the fast way only once, by each box's best class.
//
//   decode boxes -> those with a score of at least the threshold, best first -> the best stays, and
//   those that overlap it by more than the other threshold go -> the next best, ...
//
// Outputs have room for max_detections * classes_per_detection boxes, zeros where fewer are found.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/ops.h"
#include "kernels/ops/custom_options.h"
#include "kernels/ops/detection_box.h"
#include "kernels/ops/scratch.h"

namespace pipit {
namespace {

constexpr int kEncodings = 0, kScores = 1, kAnchors = 2;
constexpr int kBoxes = 0, kClasses = 1, kBoxScores = 2, kCount = 3;
constexpr int32_t kDetectionsPerClass = 100;  // unless the options say something else

struct Detection {
  int32_t box;
  int32_t label;  // column of the scores
  float score;
};

struct Params {
  int32_t boxes;
  int32_t box_values;  // of an encoding; only the first four count
  int32_t classes;
  int32_t columns;  // of the scores: the classes, perhaps behind one for the background
  int32_t max_detections;
  int32_t classes_per_detection;
  int32_t detections_per_class;
  float score_threshold;
  float overlap_threshold;
  CenterSize scale;
  bool regular;

  int32_t first_label() const { return columns - classes; }
};

// What run() works in; `at` is where its arrays begin.
struct Work {
  Box* boxes;
  float* scores;     // of all boxes and columns, if they are quantized
  float* by_box;     // one score for each box
  int32_t* order;    // candidates, best first
  int32_t* picked;   // those selected
  uint8_t* active;   // of candidates
  int32_t* labels;   // of one box, best first
  Detection* found;  // best first
};

template <class T>
T* carve(uint8_t* base, ScratchLayout* layout, int64_t n) {
  const size_t at = layout->add(n, sizeof(T));
  return base == nullptr ? nullptr : scratch_at<T>(base, at);
}

// The arrays in scratch memory, and how much of it they take.
Work lay_out(const Params& p, bool quantized, uint8_t* base, ScratchLayout* layout) {
  const int64_t n = p.boxes;
  Work w;
  w.boxes = carve<Box>(base, layout, n);
  w.scores = carve<float>(base, layout, quantized ? n * p.columns : 0);
  w.by_box = carve<float>(base, layout, n);
  w.order = carve<int32_t>(base, layout, n);
  w.picked = carve<int32_t>(base, layout, n);
  w.active = carve<uint8_t>(base, layout, n);
  w.labels = carve<int32_t>(base, layout, p.classes);
  // The best of all classes so far, and behind them those of one more.
  w.found = carve<Detection>(base, layout, int64_t{p.max_detections} + p.detections_per_class);
  return w;
}

Status decode_boxes(const Step& s, Run& run, const Params& p, Box* boxes) {
  for (int32_t i = 0; i < p.boxes; ++i) {
    // Encodings may have more than four values, for keypoints say; anchors are rows of four.
    boxes[i] = decode(center_size(s.input(kEncodings), i * p.box_values),
                      center_size(s.input(kAnchors), i * 4), p.scale);
    if (boxes[i].ymin > boxes[i].ymax || boxes[i].xmin > boxes[i].xmax) {
      return run.fail(s, "box ", i, " ends before it begins");
    }
  }
  return {};
}

// ---- suppression

// Sorts numbers by what they score, best first; equal ones by number. NaN counts as the worst.
void sort_by(const float* scores, int32_t* order, int32_t n, int32_t sorted) {
  const auto better = [scores](int32_t a, int32_t b) {
    const float x = scores[a], y = scores[b];
    if (x > y || x < y) return x > y;
    const bool x_is_nan = x != x, y_is_nan = y != y;
    return x_is_nan != y_is_nan ? y_is_nan : a < b;
  };
  std::partial_sort(order, order + sorted, order + n, better);
}

// Picks up to `most` boxes by their scores in w.by_box; returns how many.
int32_t suppress(const Params& p, int32_t most, const Work& w) {
  int32_t n = 0, picked = 0;
  for (int32_t i = 0; i < p.boxes; ++i) {
    if (w.by_box[i] >= p.score_threshold) w.order[n++] = i;
  }
  sort_by(w.by_box, w.order, n, n);
  std::fill(w.active, w.active + n, uint8_t{1});
  for (int32_t i = 0; i < n && picked < most; ++i) {
    if (w.active[i] == 0) continue;
    const int32_t box = w.order[i];
    w.picked[picked++] = box;
    for (int32_t j = i + 1; j < n; ++j) {
      if (w.active[j] != 0 && overlap(w.boxes[box], w.boxes[w.order[j]]) > p.overlap_threshold) {
        w.active[j] = 0;
      }
    }
  }
  return picked;
}

// Merges `more` detections behind the first `n` into these; both are sorted already, and of equal
// scores the earlier one comes first.
void merge(Detection* found, int32_t n, int32_t more) {
  for (int32_t i = n; i < n + more; ++i) {
    const Detection d = found[i];
    int32_t at = i;
    for (; at > 0 && found[at - 1].score < d.score; --at) found[at] = found[at - 1];
    found[at] = d;
  }
}

int32_t detect_by_class(const Params& p, const float* scores, const Work& w) {
  int32_t n = 0;
  for (int32_t label = p.first_label(); label < p.columns; ++label) {
    for (int32_t i = 0; i < p.boxes; ++i) w.by_box[i] = scores[i * p.columns + label];
    const int32_t picked = suppress(p, p.detections_per_class, w);
    for (int32_t i = 0; i < picked; ++i) {
      w.found[n + i] = {w.picked[i], label, w.by_box[w.picked[i]]};
    }
    merge(w.found, n, picked);
    // What has fallen behind max_detections cannot come back.
    n = std::min(n + picked, p.max_detections);
  }
  return n;
}

// ---- outputs

void put(const Step& s, int32_t i, const Box& box, int32_t label, float score) {
  reinterpret_cast<Box*>(s.output(kBoxes).data)[i] = box;
  s.output(kClasses).as<float>()[i] = static_cast<float>(label);
  s.output(kBoxScores).as<float>()[i] = score;
}

int32_t run_regular(const Step& s, const Params& p, const float* scores, const Work& w) {
  const int32_t n = detect_by_class(p, scores, w);
  for (int32_t i = 0; i < n; ++i) {
    const Detection& d = w.found[i];
    put(s, i, w.boxes[d.box], d.label - p.first_label(), d.score);
  }
  return n;
}

void sort_labels(const Params& p, const float* of_box, int32_t sorted, const Work& w) {
  std::iota(w.labels, w.labels + p.classes, 0);
  sort_by(of_box, w.labels, p.classes, sorted);
}

int32_t run_fast(const Step& s, const Params& p, const float* scores, const Work& w) {
  const int32_t labels = std::min(p.classes_per_detection, p.classes);
  const auto of_box = [&](int32_t i) { return scores + i * p.columns + p.first_label(); };
  for (int32_t i = 0; i < p.boxes; ++i) {
    sort_labels(p, of_box(i), 1, w);
    w.by_box[i] = of_box(i)[w.labels[0]];
  }
  const int32_t n = suppress(p, p.max_detections, w);
  for (int32_t i = 0; i < n; ++i) {
    const int32_t box = w.picked[i];
    sort_labels(p, of_box(box), labels, w);
    for (int32_t k = 0; k < labels; ++k) {
      const int32_t label = w.labels[k];
      put(s, i * p.classes_per_detection + k, w.boxes[box], label, of_box(box)[label]);
    }
  }
  return n;
}

Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const Tensor& given = s.input(kScores);
  const bool quantized = given.type != Type::kFloat32;
  ScratchLayout layout;
  const Work w = lay_out(p, quantized, s.scratch, &layout);
  PIPIT_TRY(decode_boxes(s, run, p, w.boxes));
  if (quantized) {
    for (int32_t i = 0; i < given.elements(); ++i) w.scores[i] = real_value(given, i);
  }
  for (const int i : {kBoxes, kClasses, kBoxScores}) {
    std::fill(s.output(i).as<float>(), s.output(i).as<float>() + s.output(i).elements(), 0.0f);
  }
  const float* scores = quantized ? w.scores : given.as<float>();
  const int32_t n = p.regular ? run_regular(s, p, scores, w) : run_fast(s, p, scores, w);
  s.output(kCount).as<float>()[0] = static_cast<float>(n);
  return {};
}

// ---- prepare

Params read_options(const Prepare& p) {
  const Flex o = Flex::root(p.custom_options());
  const auto real_option = [&](const char* key) { return static_cast<float>(o[key].real()); };
  Params r = {};
  r.max_detections = integer_option(p, "max_detections");
  r.classes_per_detection = integer_option(p, "max_classes_per_detection");
  r.detections_per_class = o["detections_per_class"].is_null()
                               ? kDetectionsPerClass
                               : integer_option(p, "detections_per_class");
  // So that the work area's bounds hold: no class can add more than are wanted in all.
  r.detections_per_class = std::min(r.detections_per_class, r.max_detections);
  r.regular = o["use_regular_nms"].boolean();
  r.score_threshold = real_option("nms_score_threshold");
  r.overlap_threshold = real_option("nms_iou_threshold");
  r.classes = integer_option(p, "num_classes");
  r.scale = {real_option("y_scale"), real_option("x_scale"), real_option("h_scale"),
             real_option("w_scale")};
  return r;
}

Status check_options(const Prepare& p, const Params& o) {
  constexpr int32_t kMost = 1 << 20;
  if (o.max_detections < 0 || o.max_detections > kMost || o.classes_per_detection < 1 ||
      o.classes_per_detection > kMost) {
    return p.bad("asks for ", o.max_detections, " detections of ", o.classes_per_detection,
                 " classes each");
  }
  if (o.regular && o.detections_per_class < 1) {
    return p.bad("asks for ", o.detections_per_class, " detections of each class");
  }
  if (!(o.overlap_threshold > 0 && o.overlap_threshold <= 1)) {
    return p.bad("nms_iou_threshold is ", static_cast<double>(o.overlap_threshold));
  }
  if (o.classes < 1) return p.bad("num_classes is ", o.classes);
  return {};
}

Status check_inputs(const Prepare& p) {
  const TypeSet accepted = types(Type::kFloat32, Type::kUInt8);
  for (const int i : {kEncodings, kScores, kAnchors}) {
    PIPIT_TRY(need_type(p, p.input(i), accepted));
    if (p.input(i).type == Type::kUInt8) PIPIT_TRY(need_scale(p, p.input(i)));
  }
  PIPIT_TRY(same_type(p, p.input(kAnchors), p.input(kEncodings)));
  const Shape& boxes = p.input(kEncodings).shape;
  const Shape& scores = p.input(kScores).shape;
  const Shape& anchors = p.input(kAnchors).shape;
  if (boxes.rank != 3 || boxes[0] != 1 || boxes[2] < 4) {
    return p.bad(p.input(kEncodings), " is not [1, boxes, at least 4]");
  }
  if (scores.rank != 3 || scores[0] != 1 || scores[1] != boxes[1]) {
    return p.bad(p.input(kScores), " has not one row for each of ", boxes[1], " boxes");
  }
  if (anchors.rank != 2 || int64_t{anchors[0]} * anchors[1] < int64_t{boxes[1]} * 4) {
    return p.bad(p.input(kAnchors), " has no anchor for each of ", boxes[1], " boxes");
  }
  return {};
}

Status set_outputs(Prepare& p, const Params& o) {
  const int64_t n = int64_t{o.max_detections} * o.classes_per_detection;
  if (n > INT32_MAX / 16) return p.bad("asks for ", n, " boxes");
  for (int i = 0; i < p.outputs(); ++i) p.set_output_type(i, Type::kFloat32);
  PIPIT_TRY(p.set_output(kBoxes, Shape::of(1, n, 4)));
  PIPIT_TRY(p.set_output(kClasses, Shape::of(1, n)));
  PIPIT_TRY(p.set_output(kBoxScores, Shape::of(1, n)));
  return p.set_output(kCount, Shape::of(1));
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 4));
  PIPIT_TRY(check_inputs(p));
  Params o = read_options(p);
  PIPIT_TRY(check_options(p, o));
  o.boxes = p.input(kEncodings).shape[1];
  o.box_values = p.input(kEncodings).shape[2];
  o.columns = p.input(kScores).shape[2];
  if (o.columns != o.classes && o.columns - 1 != o.classes) {
    return p.bad(p.input(kScores), " has not num_classes columns, which is ", o.classes);
  }
  PIPIT_TRY(set_outputs(p, o));
  ScratchLayout layout;
  (void)lay_out(o, p.input(kScores).type != Type::kFloat32, nullptr, &layout);
  p.scratch(layout.bytes());
  const Params* kept = keep(p, o);
  return kept == nullptr ? Status(Code::kArenaTooSmall) : p.run(run, kept, "portable");
}

}  // namespace

const Op kDetectionPostprocess = {kCustomOp, "TFLite_Detection_PostProcess", prepare};

}  // namespace pipit
