// SPDX-License-Identifier: Apache-2.0
// Operators of the application, as registrations or as opaque objects.
#include <memory>

#include "tflite/handles.h"

namespace compat = pipit::compat;

namespace pipit::compat {
namespace {

TfLiteOpaqueContext* opaque(TfLiteContext* context) {
  return reinterpret_cast<TfLiteOpaqueContext*>(context);
}

TfLiteOpaqueNode* opaque(TfLiteNode* node) { return reinterpret_cast<TfLiteOpaqueNode*>(node); }

}  // namespace

Kernel kernel_of(const TfLiteRegistration& from) {
  Kernel kernel;
  TfLiteRegistration& to = kernel.registration;
  to.init = from.init;
  to.free = from.free;
  to.prepare = from.prepare;
  to.invoke = from.invoke;
  to.profiling_string = from.profiling_string;
  to.builtin_code = from.builtin_code;
  to.custom_name = from.custom_name;
  to.version = from.version;
  return kernel;
}

void* Kernel::init(TfLiteContext* context, const char* buffer, size_t length) const {
  if (external == nullptr) {
    return registration.init == nullptr ? nullptr : registration.init(context, buffer, length);
  }
  const TfLiteOperator& op = *external;
  if (op.init_with != nullptr) return op.init_with(op.user, opaque(context), buffer, length);
  return op.init == nullptr ? nullptr : op.init(opaque(context), buffer, length);
}

void Kernel::free(TfLiteContext* context, void* data) const {
  if (external == nullptr) {
    if (registration.free != nullptr) registration.free(context, data);
    return;
  }
  const TfLiteOperator& op = *external;
  if (op.free_with != nullptr) return op.free_with(op.user, opaque(context), data);
  if (op.free != nullptr) op.free(opaque(context), data);
}

TfLiteStatus Kernel::prepare(TfLiteContext* context, TfLiteNode* node) const {
  if (external == nullptr) {
    return registration.prepare == nullptr ? kTfLiteOk : registration.prepare(context, node);
  }
  const TfLiteOperator& op = *external;
  if (op.prepare_with != nullptr) return op.prepare_with(op.user, opaque(context), opaque(node));
  return op.prepare == nullptr ? kTfLiteOk : op.prepare(opaque(context), opaque(node));
}

TfLiteStatus Kernel::invoke(TfLiteContext* context, TfLiteNode* node) const {
  if (external == nullptr) {
    return registration.invoke == nullptr ? kTfLiteError : registration.invoke(context, node);
  }
  const TfLiteOperator& op = *external;
  if (op.invoke_with != nullptr) return op.invoke_with(op.user, opaque(context), opaque(node));
  return op.invoke == nullptr ? kTfLiteError : op.invoke(opaque(context), opaque(node));
}

bool Kernel::runs() const {
  if (external == nullptr) return registration.invoke != nullptr;
  return external->invoke != nullptr || external->invoke_with != nullptr;
}

bool Settings::find(const Node& node, Kernel* kernel) const {
  const bool custom = node.code == kTfLiteBuiltinCustom;
  for (auto it = kernels.rbegin(); it != kernels.rend(); ++it) {  // the last one counts
    const OwnKernel& own = *it;
    if (own.code != node.code || (custom && own.name != node.op)) continue;
    if (node.version < own.min_version || node.version > own.max_version) continue;
    *kernel = own.kernel;
    return true;
  }
  const void* found = nullptr;
  if (custom && resolver.find_custom != nullptr) {
    found = resolver.find_custom(resolver.user, node.op, node.version);
  } else if (!custom && resolver.find_builtin != nullptr) {
    found = resolver.find_builtin(resolver.user, static_cast<TfLiteBuiltinOperator>(node.code),
                                  node.version);
  }
  if (found == nullptr) return false;
  *kernel = kernel_of(*static_cast<const TfLiteRegistration*>(found));
  return true;
}

}  // namespace pipit::compat

extern "C" {

TfLiteOperator* TfLiteOperatorCreate(TfLiteBuiltinOperator builtin_code, const char* custom_name,
                                     int version, void* user_data) {
  return compat::guarded<TfLiteOperator*>({}, nullptr, [&] {
    auto made = std::make_unique<TfLiteOperator>();
    made->code = builtin_code;
    made->named = custom_name != nullptr;
    if (made->named) made->name = custom_name;
    made->version = version;
    made->user = user_data;
    return made.release();
  });
}

TfLiteOperator* TfLiteOperatorCreateWithData(TfLiteBuiltinOperator builtin_code,
                                             const char* custom_name, int version,
                                             void* user_data) {
  return TfLiteOperatorCreate(builtin_code, custom_name, version, user_data);
}

void TfLiteOperatorDelete(TfLiteOperator* registration) { delete registration; }

TfLiteBuiltinOperator TfLiteOperatorGetBuiltInCode(const TfLiteOperator* registration) {
  return registration == nullptr ? kTfLiteBuiltinCustom : registration->code;
}

const char* TfLiteOperatorGetCustomName(const TfLiteOperator* registration) {
  return registration == nullptr || !registration->named ? nullptr : registration->name.c_str();
}

int TfLiteOperatorGetVersion(const TfLiteOperator* registration) {
  return registration == nullptr ? -1 : registration->version;
}

void* TfLiteOperatorGetUserData(const TfLiteOperator* registration) {
  return registration == nullptr ? nullptr : registration->user;
}

void TfLiteOperatorSetInit(TfLiteOperator* registration,
                           void* (*init)(TfLiteOpaqueContext*, const char*, size_t)) {
  if (registration != nullptr) registration->init = init;
}

TfLiteStatus TfLiteOperatorSetInitWithData(TfLiteOperator* registration,
                                           void* (*init)(void*, TfLiteOpaqueContext*, const char*,
                                                         size_t)) {
  if (registration == nullptr) return kTfLiteError;
  registration->init_with = init;
  return kTfLiteOk;
}

void TfLiteOperatorSetFree(TfLiteOperator* registration,
                           void (*free)(TfLiteOpaqueContext*, void*)) {
  if (registration != nullptr) registration->free = free;
}

TfLiteStatus TfLiteOperatorSetFreeWithData(TfLiteOperator* registration,
                                           void (*free)(void*, TfLiteOpaqueContext*, void*)) {
  if (registration == nullptr) return kTfLiteError;
  registration->free_with = free;
  return kTfLiteOk;
}

void TfLiteOperatorSetPrepare(TfLiteOperator* registration,
                              TfLiteStatus (*prepare)(TfLiteOpaqueContext*, TfLiteOpaqueNode*)) {
  if (registration != nullptr) registration->prepare = prepare;
}

TfLiteStatus TfLiteOperatorSetPrepareWithData(TfLiteOperator* registration,
                                              TfLiteStatus (*prepare)(void*, TfLiteOpaqueContext*,
                                                                      TfLiteOpaqueNode*)) {
  if (registration == nullptr) return kTfLiteError;
  registration->prepare_with = prepare;
  return kTfLiteOk;
}

void TfLiteOperatorSetInvoke(TfLiteOperator* registration,
                             TfLiteStatus (*invoke)(TfLiteOpaqueContext*, TfLiteOpaqueNode*)) {
  if (registration != nullptr) registration->invoke = invoke;
}

TfLiteStatus TfLiteOperatorSetInvokeWithData(TfLiteOperator* registration,
                                             TfLiteStatus (*invoke)(void*, TfLiteOpaqueContext*,
                                                                    TfLiteOpaqueNode*)) {
  if (registration == nullptr) return kTfLiteError;
  registration->invoke_with = invoke;
  return kTfLiteOk;
}

void TfLiteOperatorSetAsyncKernel(TfLiteOperator*,
                                  TfLiteAsyncKernel* (*)(TfLiteOpaqueContext*, TfLiteOpaqueNode*)) {
}

TfLiteStatus TfLiteOperatorSetAsyncKernelWithData(TfLiteOperator* registration,
                                                  TfLiteAsyncKernel* (*)(void*,
                                                                         TfLiteOpaqueContext*,
                                                                         TfLiteOpaqueNode*)) {
  return registration == nullptr ? kTfLiteError : kTfLiteOk;
}

void TfLiteOperatorSetInplaceOperator(TfLiteOperator* registration, uint64_t inplace_operator) {
  if (registration != nullptr) registration->inplace = inplace_operator;
}

TfLiteOperator* TfLiteRegistrationExternalCreate(TfLiteBuiltinOperator builtin_code,
                                                 const char* custom_name, int version) {
  return TfLiteOperatorCreate(builtin_code, custom_name, version, nullptr);
}

void TfLiteRegistrationExternalDelete(TfLiteOperator* registration) {
  TfLiteOperatorDelete(registration);
}

TfLiteBuiltinOperator TfLiteRegistrationExternalGetBuiltInCode(const TfLiteOperator* registration) {
  return TfLiteOperatorGetBuiltInCode(registration);
}

const char* TfLiteRegistrationExternalGetCustomName(const TfLiteOperator* registration) {
  return TfLiteOperatorGetCustomName(registration);
}

int TfLiteRegistrationExternalGetVersion(const TfLiteOperator* registration) {
  return TfLiteOperatorGetVersion(registration);
}

void TfLiteRegistrationExternalSetInit(TfLiteOperator* registration,
                                       void* (*init)(TfLiteOpaqueContext*, const char*, size_t)) {
  TfLiteOperatorSetInit(registration, init);
}

void TfLiteRegistrationExternalSetFree(TfLiteOperator* registration,
                                       void (*free)(TfLiteOpaqueContext*, void*)) {
  TfLiteOperatorSetFree(registration, free);
}

void TfLiteRegistrationExternalSetPrepare(TfLiteOperator* registration,
                                          TfLiteStatus (*prepare)(TfLiteOpaqueContext*,
                                                                  TfLiteOpaqueNode*)) {
  TfLiteOperatorSetPrepare(registration, prepare);
}

void TfLiteRegistrationExternalSetInvoke(TfLiteOperator* registration,
                                         TfLiteStatus (*invoke)(TfLiteOpaqueContext*,
                                                                TfLiteOpaqueNode*)) {
  TfLiteOperatorSetInvoke(registration, invoke);
}

void TfLiteRegistrationExternalSetAsyncKernel(TfLiteOperator*,
                                              TfLiteAsyncKernel* (*)(TfLiteOpaqueContext*,
                                                                     TfLiteOpaqueNode*)) {}

void TfLiteRegistrationExternalSetInplaceOperator(TfLiteOperator* registration,
                                                  uint64_t inplace_operator) {
  TfLiteOperatorSetInplaceOperator(registration, inplace_operator);
}

}  // extern "C"
