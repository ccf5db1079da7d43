// SPDX-License-Identifier: Apache-2.0
// What an interpreter tells profilers while it runs, and what it asks the program meanwhile.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tensorflow/lite/profiling/root_profiler.h"

namespace tflite {
namespace detail {

class InterpreterEvents {
 public:
  InterpreterEvents() = default;
  InterpreterEvents(const InterpreterEvents&) = delete;

  template <class Profilers>  // a pointer of either kind
  void add(Profilers profiler) {
    profilers_.AddProfiler(std::move(profiler));
    tell();
  }
  void remove_all() {
    profilers_.RemoveChildProfilers();
    tell();
  }
  Profiler* profiler() { return profilers_.empty() ? nullptr : &profilers_; }
  void set_cancelling(void* data, bool (*is_cancelled)(void*)) {
    data_ = data;
    is_cancelled_ = is_cancelled;
    tell();
  }
  // As soon as there is an interpreter.
  void watch(TfLiteInterpreter* net) {
    net_ = net;
    tell();
  }

 private:
  struct Open {
    int subgraph, node;
    uint32_t handle;
  };

  void tell() {
    if (net_ == nullptr) return;
    if (is_cancelled_ != nullptr) TfLitePipitInterpreterEnableCancellation(net_, true);
    const bool any = is_cancelled_ != nullptr || !profilers_.empty();
    TfLitePipitInterpreterSetProfiler(net_, any ? event : nullptr, this, profiler());
  }
  // The library that calls it knows no exceptions.
  static void event(void* self, const char* tag, int subgraph, int node, bool begins) noexcept {
    auto& events = *static_cast<InterpreterEvents*>(self);
    if (begins) {
      events.begin(tag, subgraph, node);
    } else {
      events.end(subgraph, node);
    }
  }
  void begin(const char* tag, int subgraph, int node) {
    if (is_cancelled_ != nullptr && is_cancelled_(data_)) TfLiteInterpreterCancel(net_);
    const bool step = node >= 0;
    const auto type =
        step ? Profiler::EventType::OPERATOR_INVOKE_EVENT : Profiler::EventType::DEFAULT;
    open_.push_back({subgraph, node, profilers_.BeginEvent(tag, type, step ? node : 0, subgraph)});
  }
  // And what has begun inside and failed.
  void end(int subgraph, int node) {
    bool found = false;
    while (!found && !open_.empty()) {
      const Open last = open_.back();
      open_.pop_back();
      profilers_.EndEvent(last.handle);
      found = last.subgraph == subgraph && last.node == node;
    }
  }

  TfLiteInterpreter* net_ = nullptr;
  profiling::RootProfiler profilers_;
  std::vector<Open> open_;
  void* data_ = nullptr;
  bool (*is_cancelled_)(void*) = nullptr;
};

}  // namespace detail
}  // namespace tflite
