// SPDX-License-Identifier: Apache-2.0
// Delegates as objects: empty ones, opaque ones, and what an operator's `init` says when it fails.
#include "tflite/handles.h"

namespace compat = pipit::compat;

namespace {

// A delegate that is made of opaque functions, and a copy of them.
struct Opaque {
  TfLiteDelegate delegate = {};
  TfLiteOpaqueDelegateBuilder builder = {};
};

}  // namespace

extern "C" {

void* TfLiteKernelInitFailed(void) {
  static char failed;
  return &failed;
}

TfLiteDelegate TfLiteDelegateCreate(void) { return {}; }

TfLiteDelegate* TfLiteOpaqueDelegateCreate(const TfLiteOpaqueDelegateBuilder* builder) {
  if (builder == nullptr) return nullptr;
  return compat::guarded<TfLiteDelegate*>({}, nullptr, [&] {
    auto* made = new Opaque;
    made->builder = *builder;
    made->delegate.data_ = made;
    made->delegate.flags = builder->flags;
    made->delegate.opaque_delegate_builder = &made->builder;
    return &made->delegate;
  });
}

void TfLiteOpaqueDelegateDelete(TfLiteDelegate* delegate) {
  if (delegate != nullptr) delete static_cast<Opaque*>(delegate->data_);
}

void* TfLiteOpaqueDelegateGetData(const TfLiteDelegate* delegate) {
  if (delegate == nullptr) return nullptr;
  const bool opaque = delegate->Prepare == nullptr && delegate->opaque_delegate_builder != nullptr;
  return opaque ? delegate->opaque_delegate_builder->data : delegate->data_;
}

}  // extern "C"
