// SPDX-License-Identifier: Apache-2.0
// Events as a profiler keeps them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensorflow/lite/core/api/profiler.h"
#include "tensorflow/lite/profiling/memory_info.h"
#include "tensorflow/lite/profiling/time.h"

namespace tflite {
namespace profiling {

constexpr uint32_t kInvalidEventHandle = ~uint32_t{0} - 1;

struct ProfileEvent {
  using EventType = tflite::Profiler::EventType;

  std::string tag;
  uint64_t begin_timestamp_us = 0;
  uint64_t end_timestamp_us = 0;                       // 0 while it goes on
  uint64_t elapsed_time = 0;                           // microseconds
  memory::MemoryUsage begin_mem_usage, end_mem_usage;  // of what is no operator
  EventType event_type = EventType::DEFAULT;
  int64_t event_metadata = 0;        // an operator's node...
  int64_t extra_event_metadata = 0;  // ...and its subgraph
};

// As many events as there is room for; what comes then is dropped, unless the room may grow.
class ProfileBuffer {
 public:
  ProfileBuffer(uint32_t max_num_entries, bool enabled, bool allow_dynamic_expansion = false)
      : enabled_(enabled), grows_(allow_dynamic_expansion), most_(max_num_entries) {
    events_.reserve(most_);
  }

  uint32_t BeginEvent(const char* tag, ProfileEvent::EventType event_type, int64_t metadata1,
                      int64_t metadata2) {
    ProfileEvent* event = add(tag, event_type, metadata1, metadata2);
    if (event == nullptr) return kInvalidEventHandle;
    if (!is_operator(*event)) event->begin_mem_usage = memory::GetMemoryUsage();
    event->begin_timestamp_us = time::NowMicros();
    return static_cast<uint32_t>(events_.size() - 1);
  }
  void EndEvent(uint32_t handle, const int64_t* metadata1 = nullptr,
                const int64_t* metadata2 = nullptr) {
    const uint64_t now = time::NowMicros();
    if (!enabled_ || handle >= events_.size()) return;
    ProfileEvent& event = events_[handle];
    event.end_timestamp_us = now;
    event.elapsed_time = now - event.begin_timestamp_us;
    if (!is_operator(event)) event.end_mem_usage = memory::GetMemoryUsage();
    if (metadata1 != nullptr) event.event_metadata = *metadata1;
    if (metadata2 != nullptr) event.extra_event_metadata = *metadata2;
  }
  void AddEvent(const char* tag, ProfileEvent::EventType event_type, uint64_t elapsed_time,
                int64_t metadata1, int64_t metadata2) {
    ProfileEvent* event = add(tag, event_type, metadata1, metadata2);
    if (event != nullptr) event->elapsed_time = event->end_timestamp_us = elapsed_time;
  }

  void SetEnabled(bool enabled) { enabled_ = enabled; }
  size_t Size() const { return events_.size(); }
  // nullptr when there is none. Lasts until there are more.
  const ProfileEvent* At(size_t index) const {
    return index < events_.size() ? &events_[index] : nullptr;
  }
  // Forgets all, and waits until it is enabled again.
  void Reset() {
    enabled_ = false;
    events_.clear();
  }

 private:
  static bool is_operator(const ProfileEvent& event) {
    return event.event_type == ProfileEvent::EventType::OPERATOR_INVOKE_EVENT;
  }
  ProfileEvent* add(const char* tag, ProfileEvent::EventType type, int64_t metadata1,
                    int64_t metadata2) {
    if (!enabled_ || (events_.size() >= most_ && !grows_)) return nullptr;
    events_.emplace_back();
    ProfileEvent& event = events_.back();
    event.tag = tag == nullptr ? "" : tag;
    event.event_type = type;
    event.event_metadata = metadata1;
    event.extra_event_metadata = metadata2;
    return &event;
  }

  bool enabled_, grows_;
  size_t most_;
  std::vector<ProfileEvent> events_;
};

}  // namespace profiling
}  // namespace tflite
