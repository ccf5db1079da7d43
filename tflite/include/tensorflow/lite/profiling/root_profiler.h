// SPDX-License-Identifier: Apache-2.0
// Several profilers as one.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "tensorflow/lite/core/api/profiler.h"

namespace tflite {
namespace profiling {

class RootProfiler : public tflite::Profiler {
 public:
  // It stays the caller's.
  void AddProfiler(tflite::Profiler* profiler) {
    if (profiler != nullptr) all_.push_back(profiler);
  }
  void AddProfiler(std::unique_ptr<tflite::Profiler>&& profiler) {
    AddProfiler(profiler.get());
    if (profiler != nullptr) kept_.push_back(std::move(profiler));
  }
  // What has begun and not ended ends nowhere.
  void RemoveChildProfilers() {
    open_.clear();
    all_.clear();
    kept_.clear();
  }
  bool empty() const { return all_.empty(); }

  using tflite::Profiler::BeginEvent;
  uint32_t BeginEvent(const char* tag, EventType event_type, int64_t event_metadata1,
                      int64_t event_metadata2) override {
    std::vector<uint32_t>& handles = open_[++last_];
    for (tflite::Profiler* p : all_) {
      handles.push_back(p->BeginEvent(tag, event_type, event_metadata1, event_metadata2));
    }
    return last_;
  }
  void EndEvent(uint32_t event_handle) override {
    end(event_handle, [](tflite::Profiler* p, uint32_t handle) { p->EndEvent(handle); });
  }
  void EndEvent(uint32_t event_handle, int64_t event_metadata1, int64_t event_metadata2) override {
    end(event_handle, [&](tflite::Profiler* p, uint32_t handle) {
      p->EndEvent(handle, event_metadata1, event_metadata2);
    });
  }
  using tflite::Profiler::AddEvent;
  void AddEvent(const char* tag, EventType event_type, uint64_t metric, int64_t event_metadata1,
                int64_t event_metadata2) override {
    for (tflite::Profiler* p : all_) {
      p->AddEvent(tag, event_type, metric, event_metadata1, event_metadata2);
    }
  }
  void AddEventWithData(const char* tag, EventType event_type, const void* data) override {
    for (tflite::Profiler* p : all_) p->AddEventWithData(tag, event_type, data);
  }

 private:
  // Those that came later have not been told that it began.
  template <class F>
  void end(uint32_t event, const F& f) {
    const auto found = open_.find(event);
    if (found == open_.end()) return;
    for (size_t i = 0; i < found->second.size(); ++i) f(all_[i], found->second[i]);
    open_.erase(found);
  }

  std::vector<tflite::Profiler*> all_;
  std::vector<std::unique_ptr<tflite::Profiler>> kept_;
  std::map<uint32_t, std::vector<uint32_t>> open_;
  uint32_t last_ = 0;
};

}  // namespace profiling
}  // namespace tflite
