// SPDX-License-Identifier: Apache-2.0
// Operators that a program brings.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/lite/core/c/common.h"
#include "tensorflow/lite/schema/classes.h"

namespace tflite {

// Pipit has all builtin operators. Those of the program come first.
class OpResolver {
 public:
  struct Own {
    int code;
    std::string name;  // of a custom operator
    TfLiteRegistration registration;
    int min_version, max_version;
  };
  virtual ~OpResolver() = default;
  const std::vector<Own>& own() const { return own_; }

  const TfLiteRegistration* FindOp(const char* op, int version) const {
    return find(kTfLiteBuiltinCustom, op, version);
  }
  const TfLiteRegistration* FindOp(BuiltinOperator op, int version) const {
    const TfLiteRegistration* own = find(op, "", version);
    return own != nullptr ? own : builtin(op);
  }

 protected:
  void add(int code, const char* name, const TfLiteRegistration* registration, int min_version,
           int max_version) {
    if (registration == nullptr || registration == builtin(code)) return;
    own_.push_back({code, name, *registration, min_version, max_version});
  }

 private:
  // An operator of Pipit's, by its code alone: nobody but the library calls its functions.
  static const TfLiteRegistration* builtin(int code) {
    constexpr int kCount = kTfLiteBuiltinStablehloCase + 1;
    struct Table {
      TfLiteRegistration of[kCount] = {};
      Table() {
        for (int i = 0; i < kCount; ++i) {
          of[i].builtin_code = i;
          of[i].version = 1;
        }
      }
    };
    static const Table table;
    const bool known = code >= 0 && code < kCount && code != kTfLiteBuiltinCustom;
    return known ? &table.of[code] : nullptr;
  }
  const TfLiteRegistration* find(int code, const std::string& name, int version) const {
    for (auto it = own_.rbegin(); it != own_.rend(); ++it) {
      if (it->code == code && it->name == name && version >= it->min_version &&
          version <= it->max_version) {
        return &it->registration;
      }
    }
    return nullptr;
  }

  std::vector<Own> own_;
};

class MutableOpResolver : public OpResolver {
 public:
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
    for (const Own& o : other.own()) {
      add(o.code, o.name.c_str(), &o.registration, o.min_version, o.max_version);
    }
  }
};

}  // namespace tflite
