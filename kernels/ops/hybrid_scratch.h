// SPDX-License-Identifier: Apache-2.0
// Scratch memory for rows of activations that are quantized on the fly.
#pragma once

#include "kernels/contracts/hybrid.h"
#include "kernels/ops/scratch.h"

namespace pipit {

// Offsets of values [rows][depth], scale [rows] and zero_point [rows]: what HybridRows has as
// addresses while the step runs.
struct HybridScratch {
  size_t values = 0, scale = 0, zero_point = 0;

  static HybridScratch add(ScratchLayout* layout, int64_t rows, int64_t depth) {
    HybridScratch at;
    at.values = layout->add(rows * depth, sizeof(int8_t));
    at.scale = layout->add(rows, sizeof(float));
    at.zero_point = layout->add(rows, sizeof(int32_t));
    return at;
  }

  HybridRows rows(const Step& s, int32_t count, int32_t depth) const {
    HybridRows r;
    r.values = scratch_at<int8_t>(s, values);
    r.scale = scratch_at<float>(s, scale);
    r.zero_point = scratch_at<int32_t>(s, zero_point);
    r.rows = count;
    r.depth = depth;
    return r;
  }
};

}  // namespace pipit
