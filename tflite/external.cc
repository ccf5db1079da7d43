// SPDX-License-Identifier: Apache-2.0
// Delegates from shared libraries.
#include <dlfcn.h>

#include <memory>

#include "tensorflow/lite/delegates/external/external_delegate.h"
#include "tflite/delegation.h"

namespace compat = pipit::compat;

namespace {

// What such a library exports.
using Create = TfLiteDelegate* (*)(char** keys, char** values, size_t count,
                                   void (*report_error)(const char*));
using Destroy = void (*)(TfLiteDelegate*);

// Stands before the library's delegate; passes everything on.
struct External {
  TfLiteDelegate delegate = {};
  TfLiteDelegate* theirs = nullptr;
  Destroy destroy = nullptr;
  void* library = nullptr;

  ~External() {
    if (theirs != nullptr) destroy(theirs);
    if (library != nullptr) dlclose(library);
  }
};

TfLiteDelegate* theirs(TfLiteDelegate* delegate) {
  return static_cast<External*>(delegate->data_)->theirs;
}

TfLiteStatus prepare(TfLiteContext* context, TfLiteDelegate* delegate) {
  return compat::prepare_delegate(context, theirs(delegate));
}

void report(const char* text) { compat::Reporter().line("%s", text); }

bool load(const TfLiteExternalDelegateOptions& options, External* made) {
  const compat::Reporter line;
  const char* path = options.lib_path == nullptr ? "" : options.lib_path;
  made->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (made->library == nullptr) return line.line("cannot load a delegate: %s", dlerror()), false;
  const auto create =
      reinterpret_cast<Create>(dlsym(made->library, "tflite_plugin_create_delegate"));
  made->destroy = reinterpret_cast<Destroy>(dlsym(made->library, "tflite_plugin_destroy_delegate"));
  if (create == nullptr || made->destroy == nullptr) {
    line.line("'%s' is no delegate: tflite_plugin_%s_delegate is missing", path,
              create == nullptr ? "create" : "destroy");
    return false;
  }
  made->theirs = create(const_cast<char**>(options.keys), const_cast<char**>(options.values),
                        static_cast<size_t>(options.count), report);
  if (made->theirs == nullptr) line.line("'%s' makes no delegate of these options", path);
  return made->theirs != nullptr;
}

}  // namespace

extern "C" {

TfLiteStatus TfLiteExternalDelegateOptionsInsert(TfLiteExternalDelegateOptions* options,
                                                 const char* key, const char* value) {
  if (options == nullptr || options->count >= kExternalDelegateMaxOptions) return kTfLiteError;
  options->keys[options->count] = key;
  options->values[options->count] = value;
  ++options->count;
  return kTfLiteOk;
}

TfLiteExternalDelegateOptions TfLiteExternalDelegateOptionsDefault(const char* lib_path) {
  TfLiteExternalDelegateOptions options = {};
  options.lib_path = lib_path;
  options.insert = TfLiteExternalDelegateOptionsInsert;
  return options;
}

TfLiteDelegate* TfLiteExternalDelegateCreate(const TfLiteExternalDelegateOptions* options) {
  const bool usable =
      options != nullptr && options->count >= 0 && options->count <= kExternalDelegateMaxOptions;
  if (!usable) return nullptr;
  return compat::guarded<TfLiteDelegate*>({}, nullptr, [&]() -> TfLiteDelegate* {
    auto made = std::make_unique<External>();
    if (!load(*options, made.get())) return nullptr;
    made->delegate.data_ = made.get();
    made->delegate.Prepare = prepare;
    made->delegate.flags = compat::flags_of(*made->theirs);
    return &made.release()->delegate;
  });
}

void TfLiteExternalDelegateDelete(TfLiteDelegate* delegate) {
  if (delegate != nullptr) delete static_cast<External*>(delegate->data_);
}

}  // extern "C"
