// SPDX-License-Identifier: Apache-2.0
// A profiler that keeps nothing.
#pragma once

#include <vector>

#include "tensorflow/lite/profiling/profile_buffer.h"

namespace tflite {
namespace profiling {

class NoopProfiler : public tflite::Profiler {
 public:
  NoopProfiler() = default;
  explicit NoopProfiler(uint32_t) {}

  using tflite::Profiler::BeginEvent;
  uint32_t BeginEvent(const char*, EventType, int64_t, int64_t) override {
    return kInvalidEventHandle;
  }
  using tflite::Profiler::EndEvent;
  void EndEvent(uint32_t) override {}

  void StartProfiling() {}
  void StopProfiling() {}
  void Reset() {}
  std::vector<const ProfileEvent*> GetProfileEvents() { return {}; }
};

}  // namespace profiling
}  // namespace tflite
