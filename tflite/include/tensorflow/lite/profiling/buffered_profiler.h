// SPDX-License-Identifier: Apache-2.0
// A profiler that keeps what it is told, from StartProfiling() to StopProfiling().
#pragma once

#include <vector>

#include "tensorflow/lite/profiling/profile_buffer.h"

namespace tflite {
namespace profiling {

class BufferedProfiler : public tflite::Profiler {
 public:
  explicit BufferedProfiler(uint32_t max_num_entries) : BufferedProfiler(max_num_entries, false) {}
  BufferedProfiler(uint32_t max_num_initial_entries, bool allow_dynamic_buffer_increase)
      : buffer_(max_num_initial_entries, false, allow_dynamic_buffer_increase) {}

  using tflite::Profiler::BeginEvent;
  uint32_t BeginEvent(const char* tag, EventType event_type, int64_t event_metadata1,
                      int64_t event_metadata2) override {
    if (!wants(event_type)) return kInvalidEventHandle;
    return buffer_.BeginEvent(tag, event_type, event_metadata1, event_metadata2);
  }
  void EndEvent(uint32_t event_handle) override { buffer_.EndEvent(event_handle); }
  void EndEvent(uint32_t event_handle, int64_t event_metadata1, int64_t event_metadata2) override {
    buffer_.EndEvent(event_handle, &event_metadata1, &event_metadata2);
  }
  using tflite::Profiler::AddEvent;
  void AddEvent(const char* tag, EventType event_type, uint64_t elapsed_time,
                int64_t event_metadata1, int64_t event_metadata2) override {
    if (!wants(event_type)) return;
    buffer_.AddEvent(tag, event_type, elapsed_time, event_metadata1, event_metadata2);
  }

  void StartProfiling() { buffer_.SetEnabled(true); }
  void StopProfiling() { buffer_.SetEnabled(false); }
  void Reset() { buffer_.Reset(); }
  // They last until there are more.
  std::vector<const ProfileEvent*> GetProfileEvents() {
    std::vector<const ProfileEvent*> events;
    for (size_t i = 0; i < buffer_.Size(); ++i) events.push_back(buffer_.At(i));
    return events;
  }

 private:
  static bool wants(EventType type) {
    return type != EventType::GENERAL_RUNTIME_INSTRUMENTATION_EVENT;
  }

  ProfileBuffer buffer_;
};

}  // namespace profiling
}  // namespace tflite
