// SPDX-License-Identifier: Apache-2.0
// Who wants to know when operators begin and end, and scopes that tell it. The functions of
// Profiler are in the order of versions 2.12 to 2.20, so that delegates built with those find them.
#pragma once

#include <cstdint>

namespace tflite {

class Profiler {
 public:
  // One bit each.
  enum class EventType {
    DEFAULT = 1,
    OPERATOR_INVOKE_EVENT = 2,           // of a node of a subgraph: the two numbers
    DELEGATE_OPERATOR_INVOKE_EVENT = 4,  // inside a delegate, by its own numbers
    DELEGATE_PROFILED_OPERATOR_INVOKE_EVENT = 8,
    GENERAL_RUNTIME_INSTRUMENTATION_EVENT = 16,
    TELEMETRY_EVENT = 32,
    TELEMETRY_REPORT_SETTINGS = 64,
    TELEMETRY_DELEGATE_EVENT = 128,
    TELEMETRY_DELEGATE_REPORT_SETTINGS = 256,
  };

  virtual ~Profiler() = default;

  // Returns a handle for EndEvent().
  virtual uint32_t BeginEvent(const char* tag, EventType event_type, int64_t event_metadata1,
                              int64_t event_metadata2) = 0;
  uint32_t BeginEvent(const char* tag, EventType event_type, int64_t event_metadata) {
    return BeginEvent(tag, event_type, event_metadata, 0);
  }
  // With other numbers than it began with.
  virtual void EndEvent(uint32_t event_handle, int64_t, int64_t) { EndEvent(event_handle); }
  virtual void EndEvent(uint32_t event_handle) = 0;
  // What has been measured already, in microseconds.
  virtual void AddEvent(const char*, EventType, uint64_t, int64_t, int64_t) {}
  void AddEvent(const char* tag, EventType event_type, uint64_t elapsed_time,
                int64_t event_metadata) {
    AddEvent(tag, event_type, elapsed_time, event_metadata, 0);
  }
  virtual void AddEventWithData(const char*, EventType, const void*) {}
};

// From its construction to the end of its scope. Without a profiler it does nothing.
class ScopedProfile {
 public:
  ScopedProfile(Profiler* profiler, const char* tag,
                Profiler::EventType event_type = Profiler::EventType::DEFAULT,
                int64_t event_metadata = 0)
      : profiler_(profiler) {
    if (profiler_ != nullptr) handle_ = profiler_->BeginEvent(tag, event_type, event_metadata);
  }
  ScopedProfile(const ScopedProfile&) = delete;
  ~ScopedProfile() {
    if (profiler_ != nullptr) profiler_->EndEvent(handle_);
  }

 protected:
  Profiler* profiler_;
  uint32_t handle_ = 0;
};

class ScopedOperatorProfile : public ScopedProfile {
 public:
  ScopedOperatorProfile(Profiler* profiler, const char* tag, int node_index)
      : ScopedProfile(profiler, tag, Profiler::EventType::OPERATOR_INVOKE_EVENT, node_index) {}
};

class ScopedDelegateOperatorProfile : public ScopedProfile {
 public:
  ScopedDelegateOperatorProfile(Profiler* profiler, const char* tag, int node_index)
      : ScopedProfile(profiler, tag, Profiler::EventType::DELEGATE_OPERATOR_INVOKE_EVENT,
                      node_index) {}
};

}  // namespace tflite

#define TFLITE_VARNAME_UNIQ_IMPL(name, ctr) name##ctr
#define TFLITE_VARNAME_UNIQ(name, ctr) TFLITE_VARNAME_UNIQ_IMPL(name, ctr)
#define TFLITE_SCOPED_TAGGED_DEFAULT_PROFILE(profiler, tag) \
  ::tflite::ScopedProfile TFLITE_VARNAME_UNIQ(profile_of_scope_, __COUNTER__)((profiler), (tag))
#define TFLITE_SCOPED_TAGGED_OPERATOR_PROFILE(profiler, tag, node_index)               \
  ::tflite::ScopedOperatorProfile TFLITE_VARNAME_UNIQ(profile_of_scope_, __COUNTER__)( \
      (profiler), (tag), (node_index))
#define TFLITE_SCOPED_DELEGATE_OPERATOR_PROFILE(profiler, tag, node_index)                     \
  ::tflite::ScopedDelegateOperatorProfile TFLITE_VARNAME_UNIQ(profile_of_scope_, __COUNTER__)( \
      (profiler), (tag), (node_index))
