// SPDX-License-Identifier: Apache-2.0
// Who finds operators for a model: those that a program brings come first.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/lite/library_ops.h"
#include "tensorflow/lite/schema/classes.h"

namespace tflite {

// What it does not find, the library may have all the same.
class OpResolver {
 public:
  virtual ~OpResolver() = default;
  // nullptr when there is none.
  virtual const TfLiteRegistration* FindOp(BuiltinOperator op, int version) const = 0;
  virtual const TfLiteRegistration* FindOp(const char* op, int version) const = 0;
};

class MutableOpResolver : public OpResolver {
 public:
  const TfLiteRegistration* FindOp(BuiltinOperator op, int version) const override {
    return find(op, "", version);
  }
  const TfLiteRegistration* FindOp(const char* op, int version) const override {
    return find(kTfLiteBuiltinCustom, op, version);
  }

  void AddBuiltin(BuiltinOperator op, const TfLiteRegistration* registration, int version = 1) {
    add(op, "", registration, version, version);
  }
  void AddBuiltin(BuiltinOperator op, const TfLiteRegistration* registration, int min_version,
                  int max_version) {
    add(op, "", registration, min_version, max_version);
  }
  void AddCustom(const char* name, const TfLiteRegistration* registration, int version = 1) {
    add(kTfLiteBuiltinCustom, name, registration, version, version);
  }
  void AddCustom(const char* name, const TfLiteRegistration* registration, int min_version,
                 int max_version) {
    add(kTfLiteBuiltinCustom, name, registration, min_version, max_version);
  }
  void AddAll(const MutableOpResolver& other) {
    const auto others = other.own_;  // it may be this one
    own_.insert(own_.end(), others.begin(), others.end());
  }

 private:
  struct Own {
    int code;
    std::string name;  // of a custom operator
    TfLiteRegistration registration;
    int min_version, max_version;
  };

  void add(int code, const char* name, const TfLiteRegistration* registration, int min_version,
           int max_version) {
    if (registration == nullptr || name == nullptr) return;
    auto own = std::make_shared<Own>(Own{code, name, *registration, min_version, max_version});
    own->registration.builtin_code = code;
    own->registration.version = min_version;
    own->registration.custom_name = code == kTfLiteBuiltinCustom ? own->name.c_str() : nullptr;
    own_.push_back(std::move(own));
  }
  const TfLiteRegistration* find(int code, const char* name, int version) const {
    if (name == nullptr) return nullptr;
    for (auto it = own_.rbegin(); it != own_.rend(); ++it) {
      const Own& own = **it;
      if (own.code == code && own.name == name && version >= own.min_version &&
          version <= own.max_version) {
        return &own.registration;
      }
    }
    return nullptr;
  }

  std::vector<std::shared_ptr<const Own>> own_;  // registrations stay where they are
};

}  // namespace tflite
