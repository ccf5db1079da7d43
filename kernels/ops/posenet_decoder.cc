// SPDX-License-Identifier: Apache-2.0
// PosenetDecoderOp, as Coral's models have it: the poses of people out of what a network says of
// each cell of an image: how likely it shows a keypoint (a logit for each of 17), how far from the
// cell that is ("short" offsets), how far from there to the next keypoint along the skeleton
// ("mid"), and, if there is a fourth input, to every keypoint of the person it shows ("long").
//
//   peaks of the heatmaps, most likely first -> each that no pose has yet begins one
//   -> from keypoint to keypoint along the skeleton -> poses, scored without what better ones have
#include <algorithm>
#include <cmath>

#include "core/flexbuffer.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"
#include "kernels/ops/pose_field.h"
#include "kernels/ops/scratch.h"

namespace pipit {
namespace {

constexpr int kHeatmaps = 0, kShort = 1, kMid = 2, kLong = 3;
constexpr int kPoints = 0, kPointScores = 1, kPoseScores = 2, kCount = 3, kMasks = 4;
constexpr int32_t kShortSteps = 5, kLongSteps = 3;
constexpr int32_t kMostPoses = 1024;
constexpr int32_t kMaskSide = 33;

struct Params {
  int32_t most, stride;
  float threshold, radius;  // radius: in cells
  size_t candidates, poses, order;
};

// A keypoint that may belong to a person.
struct Candidate {
  PosePoint at;
  float score;
  int32_t keypoint;
  bool operator<(const Candidate& o) const { return score < o.score; }
};

struct Pose {
  PosePoint points[kKeypoints];
  float scores[kKeypoints];
  float score;
};

// ---- one pose

// The long way by the edge's offset, then some steps by the keypoint's own, which are exact near
// it.
PosePoint follow_edge(const PoseField& mid, const PoseField& near, PosePoint from, int32_t edge) {
  PosePoint p = follow(mid, from, edge_channel(edge), kEdges);
  for (int32_t i = 0; i < kShortSteps; ++i) p = follow(near, p, edge_to(edge), kKeypoints);
  return p;
}

// The queue gives the most likely keypoint first; from there it is known where others must be.
class Queue {
 public:
  explicit Queue(Candidate* items) : items_(items) {}
  bool empty() const { return size_ == 0; }
  void push(const Candidate& c) {
    items_[size_++] = c;
    std::push_heap(items_, items_ + size_);
  }
  Candidate pop() {
    std::pop_heap(items_, items_ + size_);
    return items_[--size_];
  }

 private:
  Candidate* items_;
  int32_t size_ = 0;
};

struct Inputs {
  PoseField heat, near, mid;
};

void decode_pose(const Inputs& in, Candidate root, Pose* pose) {
  // The root, and at most one candidate for each direction of an edge.
  Candidate items[2 * kEdges + 1];
  Queue queue(items);
  bool done[kKeypoints] = {};
  root.score = sample(in.heat, root.at, root.keypoint);
  queue.push(root);
  while (!queue.empty()) {
    const Candidate c = queue.pop();
    if (done[c.keypoint]) continue;
    done[c.keypoint] = true;
    pose->points[c.keypoint] = c.at;
    pose->scores[c.keypoint] = real::logistic(c.score);
    for (int32_t e = 0; e < 2 * kEdges; ++e) {
      const int32_t to = edge_to(e);
      if (edge_from(e) != c.keypoint || done[to]) continue;
      const PosePoint at = follow_edge(in.mid, in.near, c.at, e);
      queue.push({at, sample(in.heat, at, to), to});
    }
  }
}

// Brings `order` to where scores[order[i]] does not rise. Equal ones keep their order.
template <class Score>
void sort_by(const Score& score, int32_t* order, int32_t n) {
  for (int32_t i = 0; i < n; ++i) {
    int32_t at = i;
    for (; at > 0 && score(order[at - 1]) < score(i); --at) order[at] = order[at - 1];
    order[at] = i;
  }
}

// The mean score of the keypoints, 0 for those that are hidden. They are added in falling order, as
// Coral's kernel does: the order of a sum of floats shows in its last bits.
float mean_score(const Pose& pose, const bool* hidden) {
  int32_t order[kKeypoints];
  sort_by([&](int32_t k) { return pose.scores[k]; }, order, kKeypoints);
  float sum = 0;
  for (const int32_t k : order) sum += hidden[k] ? 0 : pose.scores[k];
  return sum / kKeypoints;
}

// ---- all poses

bool is_peak(const PoseField& heat, int32_t y, int32_t x, int32_t c, float score) {
  for (int32_t i = std::max(y - 1, 0); i <= std::min(y + 1, heat.height - 1); ++i) {
    for (int32_t j = std::max(x - 1, 0); j <= std::min(x + 1, heat.width - 1); ++j) {
      if (heat.at(i, j, c) > score) return false;
    }
  }
  return true;
}

void find_peaks(const Inputs& in, float least, Queue* queue) {
  for (int32_t y = 0; y < in.heat.height; ++y) {
    for (int32_t x = 0; x < in.heat.width; ++x) {
      for (int32_t k = 0; k < kKeypoints; ++k) {
        const float score = in.heat.at(y, x, k);
        if (!(score >= least) || !is_peak(in.heat, y, x, k, score)) continue;
        const float dy = in.near.at(y, x, k), dx = in.near.at(y, x, k + kKeypoints);
        queue->push({{inside(static_cast<float>(y) + dy, in.heat.height),
                      inside(static_cast<float>(x) + dx, in.heat.width)},
                     score,
                     k});
      }
    }
  }
}

int32_t decode_poses(const Params& p, const Inputs& in, Queue* queue, Pose* poses) {
  constexpr bool kHidden[kKeypoints] = {};
  int32_t n = 0;
  while (n < p.most && !queue->empty()) {
    const Candidate root = queue->pop();
    const bool known = std::any_of(poses, poses + n, [&](const Pose& pose) {
      return squared_distance(root.at, pose.points[root.keypoint]) <= p.radius * p.radius;
    });
    if (known) continue;
    decode_pose(in, root, &poses[n]);
    poses[n].score = mean_score(poses[n], kHidden);
    if (poses[n].score >= p.threshold) ++n;
  }
  return n;
}

// Scores poses anew without the keypoints that lie where a better pose has them.
void suppress_shared(const Params& p, Pose* poses, int32_t n, int32_t* order) {
  const auto score = [&](int32_t i) { return poses[i].score; };
  sort_by(score, order, n);
  for (int32_t i = 0; i < n; ++i) {
    Pose& pose = poses[order[i]];
    bool hidden[kKeypoints] = {};
    for (int32_t j = 0; j < i; ++j) {
      for (int32_t k = 0; k < kKeypoints; ++k) {
        const float distance = squared_distance(pose.points[k], poses[order[j]].points[k]);
        hidden[k] = hidden[k] || distance <= p.radius * p.radius;
      }
    }
    pose.score = mean_score(pose, hidden);
  }
  sort_by(score, order, n);
}

// Those that are still good enough, in pixels.
int32_t write_poses(const Step& s, const Params& p, const Pose* poses, const int32_t* order,
                    int32_t n) {
  auto* points = static_cast<PosePoint*>(s.output(kPoints).data);
  float* scores = s.output(kPointScores).as<float>();
  const auto stride = static_cast<float>(p.stride);
  int32_t written = 0;
  for (; written < n && poses[order[written]].score >= p.threshold; ++written) {
    const Pose& pose = poses[order[written]];
    for (const PosePoint at : pose.points) *points++ = {at.y * stride, at.x * stride};
    scores = std::copy_n(pose.scores, kKeypoints, scores);
    s.output(kPoseScores).as<float>()[written] = pose.score;
  }
  return written;
}

// ---- masks: each cell belongs to the pose whose keypoints it points at best

int32_t nearest_pose(const Params& p, const PoseField& far, PosePoint cell, const PosePoint* points,
                     int32_t n) {
  PosePoint seen[kKeypoints];
  const auto stride = static_cast<float>(p.stride);
  for (int32_t k = 0; k < kKeypoints; ++k) {
    PosePoint at = cell;
    for (int32_t i = 0; i < kLongSteps; ++i) at = follow(far, at, k, kKeypoints);
    seen[k] = {at.y * stride, at.x * stride};
  }
  int32_t best = 0;
  float least = 0;
  for (int32_t i = 0; i < n; ++i, points += kKeypoints) {
    float sum = 0;
    for (int32_t k = 0; k < kKeypoints; ++k) sum += squared_distance(seen[k], points[k]);
    if (i > 0 && !(sum < least)) continue;
    best = i;
    least = sum;
  }
  return best;
}

// The output has room for masks of 33 x 33 cells and is filled from its beginning.
Status write_masks(const Step& s, Run& run, const Params& p, int32_t n) {
  const PoseField far(s.input(kLong), p.stride);
  const int64_t last = int64_t{n - 1} * far.width * far.height +
                       int64_t{far.height - 1} * far.height + far.width - 1;
  if (n > 0 && last >= s.output(kMasks).elements()) {
    return run.fail(s, n, " masks of ", far.height, " x ", far.width, " cells do not fit");
  }
  const auto* points = static_cast<const PosePoint*>(s.output(kPoints).data);
  float* masks = s.output(kMasks).as<float>();
  for (int32_t y = 0; n > 0 && y < far.height; ++y) {
    for (int32_t x = 0; x < far.width; ++x) {
      const PosePoint cell = {static_cast<float>(y), static_cast<float>(x)};
      const int32_t pose = nearest_pose(p, far, cell, points, n);
      // Width and height change places, as in Coral's kernel: only square masks are what they seem.
      masks[(ptrdiff_t{pose} * far.width + y) * far.height + x] = 1;
    }
  }
  return {};
}

Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  for (int i = 0; i < s.outputs; ++i) {
    std::fill_n(s.output(i).as<float>(), s.output(i).elements(), 0.0f);
  }
  const Inputs in = {PoseField(s.input(kHeatmaps), 1), PoseField(s.input(kShort), p.stride),
                     PoseField(s.input(kMid), p.stride)};
  Queue queue(scratch_at<Candidate>(s, p.candidates));
  Pose* poses = scratch_at<Pose>(s, p.poses);
  int32_t* order = scratch_at<int32_t>(s, p.order);
  // The threshold as a logit: heatmaps hold logits. (ln(t / (1 - t)) is -ln(1 / t - 1); a threshold
  // of 0 does not divide by it.)
  const auto least = static_cast<float>(-real::log(1.0 / (double{p.threshold} + 1e-6) - 1.0));
  find_peaks(in, least, &queue);
  const int32_t found = decode_poses(p, in, &queue, poses);
  suppress_shared(p, poses, found, order);
  const int32_t n = write_poses(s, p, poses, order, found);
  *s.output(kCount).as<float>() = static_cast<float>(n);
  return s.inputs > kLong ? write_masks(s, run, p, n) : Status();
}

Status check_input(const Prepare& p, int i, int32_t channels) {
  const Tensor& t = p.input(i);
  PIPIT_TRY(need_type(p, t, types(Type::kFloat32, Type::kUInt8)));
  if (t.type == Type::kUInt8) PIPIT_TRY(need_scale(p, t));
  const Shape& heat = p.input(kHeatmaps).shape;
  if (t.shape.rank != 4 || t.shape[0] != 1 || t.shape[3] != channels ||
      (i != kLong && (t.shape[1] != heat[1] || t.shape[2] != heat[2]))) {
    return p.bad(t, " is not [1,height,width,", channels, "]");
  }
  return {};
}

Status read_options(const Prepare& p, Params* params) {
  const Flex o = Flex::root(p.custom_options());
  const int64_t most = o["max_detections"].integer(), stride = o["stride"].integer();
  if (most < 0 || most > kMostPoses) return p.bad("max_detections is ", most);
  if (stride < 1 || stride > INT16_MAX) return p.bad("stride is ", stride);
  params->most = static_cast<int32_t>(most);
  params->stride = static_cast<int32_t>(stride);
  params->threshold = static_cast<float>(o["score_threshold"].real());
  params->radius = static_cast<float>(o["nms_radius"].real()) / static_cast<float>(params->stride);
  return {};
}

Status prepare(Prepare& p) {
  const bool masks = p.inputs() > kLong;
  PIPIT_TRY(p.arity(masks ? 4 : 3, 4, masks ? 5 : 4));
  PIPIT_TRY(check_input(p, kHeatmaps, kKeypoints));
  PIPIT_TRY(check_input(p, kShort, 2 * kKeypoints));
  PIPIT_TRY(check_input(p, kMid, 4 * kEdges));
  if (masks) PIPIT_TRY(check_input(p, kLong, 2 * kKeypoints));
  Params* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(read_options(p, params));
  for (int i = 0; i < p.outputs(); ++i) p.set_output_type(i, Type::kFloat32);
  PIPIT_TRY(p.set_output(kPoints, Shape::of(1, params->most, kKeypoints, 2)));
  PIPIT_TRY(p.set_output(kPointScores, Shape::of(1, params->most, kKeypoints)));
  PIPIT_TRY(p.set_output(kPoseScores, Shape::of(1, params->most)));
  PIPIT_TRY(p.set_output(kCount, Shape::of(1)));
  if (masks) PIPIT_TRY(p.set_output(kMasks, Shape::of(1, params->most, kMaskSide, kMaskSide)));
  ScratchLayout scratch;
  params->candidates = scratch.add(p.input(kHeatmaps).elements(), sizeof(Candidate));
  params->poses = scratch.add(params->most, sizeof(Pose));
  params->order = scratch.add(params->most, sizeof(int32_t));
  p.scratch(scratch.bytes());
  return p.run(run, params, "portable");
}

}  // namespace

const Op kPosenetDecoder = {kCustomOp, "PosenetDecoderOp", prepare};

}  // namespace pipit
