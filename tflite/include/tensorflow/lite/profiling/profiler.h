// SPDX-License-Identifier: Apache-2.0
// The name that older programs know.
#pragma once

#include "tensorflow/lite/profiling/buffered_profiler.h"
#include "tensorflow/lite/profiling/noop_profiler.h"

namespace tflite {
namespace profiling {

class Profiler : public BufferedProfiler {
 public:
  explicit Profiler(uint32_t max_num_entries = 1024) : BufferedProfiler(max_num_entries) {}
};

}  // namespace profiling
}  // namespace tflite
