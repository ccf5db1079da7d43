// SPDX-License-Identifier: Apache-2.0
// What the handles of models, options and operators are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipit/file.h"
#include "pipit/model.h"
#include "tensorflow/lite/c/c_api_experimental.h"
#include "tflite/report.h"
#include "tflite/shared.h"

namespace pipit::compat {

// The checked bytes of a model, kept by the model's handle and by its interpreters.
struct ModelFile : Counted {
  struct alignas(16) Block {
    uint8_t bytes[16];
  };
  MappedFile file;
  std::vector<Block> copy;  // of bytes that are not aligned
  Span<const uint8_t> bytes;
  Model model;
};

// An operator as four functions, in either form.
struct Kernel {
  TfLiteRegistration registration = {};      // nothing behind `version` is the application's
  const TfLiteOperator* external = nullptr;  // takes precedence

  void* init(TfLiteContext* context, const char* buffer, size_t length) const;
  void free(TfLiteContext* context, void* data) const;
  TfLiteStatus prepare(TfLiteContext* context, TfLiteNode* node) const;
  TfLiteStatus invoke(TfLiteContext* context, TfLiteNode* node) const;
  bool runs() const;
};

// A kernel of the application for some versions of an operator.
struct OwnKernel {
  int32_t code = 0;
  std::string name;  // of a custom operator
  int32_t min_version = 1;
  int32_t max_version = 1;
  Kernel kernel;
};

// Functions of the application that find kernels.
struct Resolver {
  const void* (*find_builtin)(void* user, TfLiteBuiltinOperator op, int version) = nullptr;
  const void* (*find_custom)(void* user, const char* op, int version) = nullptr;
  void* user = nullptr;
};

// What options say; interpreters keep a copy.
struct Settings {
  Reporter reporter;
  int32_t threads = -1;
  std::vector<TfLiteDelegate*> delegates;
  std::vector<OwnKernel> kernels;
  Resolver resolver;
  bool cancellable = false;
  bool fallback = false;       // when a delegate fails
  bool selected_only = false;  // no operators but these
  bool preserve_all = false;   // every tensor can be read after an invocation
  bool main_may_fail = false;  // as in pipit/interpreter.h, like those that follow
  uint64_t random_seed = 0;
  int64_t max_calls = 0;  // 0: the default

  // The kernel of the application for a node, if it has one.
  bool find(const Node& node, Kernel* kernel) const;
};

// A model with bytes of its own; nullptr, and a line, when it is none.
TfLiteModel* copied_model(const void* data, size_t size, const Reporter& report);

// A registration as it came, of any version's layout.
Kernel kernel_of(const TfLiteRegistration& registration);

}  // namespace pipit::compat

struct TfLiteModel {
  pipit::compat::Shared<pipit::compat::ModelFile> file;
};

struct TfLiteInterpreterOptions {
  pipit::compat::Settings settings;
};

struct TfLiteOperator {
  TfLiteBuiltinOperator code = kTfLiteBuiltinCustom;
  std::string name;
  bool named = false;
  int version = 1;
  void* user = nullptr;
  uint64_t inplace = 0;
  void* (*init)(TfLiteOpaqueContext*, const char*, size_t) = nullptr;
  void* (*init_with)(void*, TfLiteOpaqueContext*, const char*, size_t) = nullptr;
  void (*free)(TfLiteOpaqueContext*, void*) = nullptr;
  void (*free_with)(void*, TfLiteOpaqueContext*, void*) = nullptr;
  TfLiteStatus (*prepare)(TfLiteOpaqueContext*, TfLiteOpaqueNode*) = nullptr;
  TfLiteStatus (*prepare_with)(void*, TfLiteOpaqueContext*, TfLiteOpaqueNode*) = nullptr;
  TfLiteStatus (*invoke)(TfLiteOpaqueContext*, TfLiteOpaqueNode*) = nullptr;
  TfLiteStatus (*invoke_with)(void*, TfLiteOpaqueContext*, TfLiteOpaqueNode*) = nullptr;
};
