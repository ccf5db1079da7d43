// SPDX-License-Identifier: Apache-2.0
// Models from files and from memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tensorflow/lite/allocation.h"
#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tensorflow/lite/schema/classes.h"
#include "tensorflow/lite/stderr_reporter.h"

namespace tflite {

// Passed where the original takes another check of the file; the one that every file passes here is
// thorough.
class TfLiteVerifier {
 public:
  virtual ~TfLiteVerifier() = default;
  virtual bool Verify(const char* data, int length, ErrorReporter* reporter) = 0;
};

namespace detail {

// Hands what the library reports to an ErrorReporter.
inline void report(void* reporter, const char* format, va_list args) {
  static_cast<ErrorReporter*>(reporter)->Report(format, args);
}

// The models that are there, by the root of each one's bytes: programs pass that on, too.
class Roots {
 public:
  static void add(const Model* root, const TfLiteModel* model) { change(root, model, true); }
  static void remove(const Model* root, const TfLiteModel* model) { change(root, model, false); }
  // nullptr when it is no FlatBufferModel's.
  static const TfLiteModel* find(const Model* root) {
    const std::lock_guard<std::mutex> lock(mutex());
    const auto found = all().find(root);
    return found == all().end() ? nullptr : found->second;
  }

 private:
  using Map = std::multimap<const Model*, const TfLiteModel*>;
  static Map& all() {
    static Map* map = new Map;  // models may go after what is static
    return *map;
  }
  static std::mutex& mutex() {
    static std::mutex* m = new std::mutex;
    return *m;
  }
  static void change(const Model* root, const TfLiteModel* model, bool added) {
    const std::lock_guard<std::mutex> lock(mutex());
    if (added) {
      all().emplace(root, model);
      return;
    }
    for (auto it = all().lower_bound(root); it != all().upper_bound(root); ++it) {
      if (it->second == model) return void(all().erase(it));
    }
  }
};

}  // namespace detail

class FlatBufferModel {
 public:
  FlatBufferModel(const FlatBufferModel&) = delete;
  FlatBufferModel& operator=(const FlatBufferModel&) = delete;
  ~FlatBufferModel() {
    detail::Roots::remove(GetModel(), model_);
    TfLiteModelDelete(model_);
  }

  // nullptr when there is no such model.
  static std::unique_ptr<FlatBufferModel> BuildFromFile(
      const char* filename, ErrorReporter* error_reporter = DefaultErrorReporter()) {
    return adopt(TfLiteModelCreateFromFileWithErrorReporter(filename, detail::report,
                                                            reporter_of(error_reporter)),
                 error_reporter);
  }
  static std::unique_ptr<FlatBufferModel> VerifyAndBuildFromFile(
      const char* filename, TfLiteVerifier* = nullptr,
      ErrorReporter* error_reporter = DefaultErrorReporter()) {
    return BuildFromFile(filename, error_reporter);
  }
  // The bytes stay the caller's, and as they are.
  static std::unique_ptr<FlatBufferModel> BuildFromBuffer(
      const char* caller_owned_buffer, size_t buffer_size,
      ErrorReporter* error_reporter = DefaultErrorReporter()) {
    return adopt(TfLiteModelCreateWithErrorReporter(caller_owned_buffer, buffer_size,
                                                    detail::report, reporter_of(error_reporter)),
                 error_reporter);
  }
  static std::unique_ptr<FlatBufferModel> VerifyAndBuildFromBuffer(
      const char* caller_owned_buffer, size_t buffer_size, TfLiteVerifier* = nullptr,
      ErrorReporter* error_reporter = DefaultErrorReporter()) {
    return BuildFromBuffer(caller_owned_buffer, buffer_size, error_reporter);
  }

  bool initialized() const { return model_ != nullptr; }
  ErrorReporter* error_reporter() const { return reporter_; }
  const TfLiteModel* handle() const { return model_; }
  const Allocation* allocation() const { return &allocation_; }
  // For programs that include tensorflow/lite/schema/schema_generated.h, and for
  // InterpreterBuilder.
  const Model* GetModel() const { return root_; }
  const Model* operator->() const { return root_; }
  bool CheckModelIdentifier() const { return true; }  // it would not have been built

  std::map<std::string, std::string> ReadAllMetadata() const {
    std::map<std::string, std::string> all;
    const char* name = nullptr;
    const void* data = nullptr;
    size_t bytes = 0;
    for (int i = 0; TfLitePipitModelGetMetadata(model_, i, &name, &data, &bytes); ++i) {
      all[name] = std::string(static_cast<const char*>(data), bytes);
    }
    return all;
  }
  // "" when the model does not say.
  std::string GetMinimumRuntime() const {
    const std::map<std::string, std::string> all = ReadAllMetadata();
    const auto found = all.find("min_runtime_version");
    return found == all.end() ? "" : found->second.substr(0, found->second.find('\0'));
  }

 private:
  FlatBufferModel(TfLiteModel* model, ErrorReporter* reporter)
      : model_(model),
        reporter_(reporter),
        allocation_(content(model)),
        root_(root(allocation_.base())) {
    detail::Roots::add(root_, model_);
  }

  static Allocation content(const TfLiteModel* model) {
    size_t bytes = 0;
    const void* base = TfLitePipitModelGetContent(model, &bytes);
    return {base, bytes};
  }
  // The file begins with how far away its root is.
  static const Model* root(const void* base) {
    uint8_t b[4];
    std::memcpy(b, base, sizeof(b));
    const uint32_t offset = b[0] | b[1] << 8 | b[2] << 16 | uint32_t{b[3]} << 24;
    return reinterpret_cast<const Model*>(static_cast<const char*>(base) + offset);
  }

  static ErrorReporter* reporter_of(ErrorReporter* reporter) {
    return reporter == nullptr ? DefaultErrorReporter() : reporter;
  }
  static std::unique_ptr<FlatBufferModel> adopt(TfLiteModel* model, ErrorReporter* reporter) {
    if (model == nullptr) return nullptr;
    return std::unique_ptr<FlatBufferModel>(new FlatBufferModel(model, reporter_of(reporter)));
  }

  TfLiteModel* model_;
  ErrorReporter* reporter_;
  Allocation allocation_;
  const Model* root_;
};

}  // namespace tflite
