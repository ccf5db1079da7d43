// SPDX-License-Identifier: Apache-2.0
// What an interpreter is made with.
#include "tflite/handles.h"

namespace compat = pipit::compat;
using compat::Kernel;
using compat::Settings;

namespace pipit::compat {
namespace {

// Runs f on the settings of options that are there.
template <class F>
void change(TfLiteInterpreterOptions* options, const F& f) {
  if (options == nullptr) return;
  guarded(options->settings.reporter, 0, [&] {
    f(options->settings);
    return 0;
  });
}

// All layouts of a registration start alike; kernel_of() reads no more than that.
template <class Registration>
void set_resolver(TfLiteInterpreterOptions* options,
                  const Registration* (*find_builtin)(void*, TfLiteBuiltinOperator, int),
                  const Registration* (*find_custom)(void*, const char*, int), void* user) {
  change(options, [&](Settings& s) {
    s.resolver.find_builtin = reinterpret_cast<decltype(s.resolver.find_builtin)>(find_builtin);
    s.resolver.find_custom = reinterpret_cast<decltype(s.resolver.find_custom)>(find_custom);
    s.resolver.user = user;
  });
}

}  // namespace
}  // namespace pipit::compat

extern "C" {

TfLiteInterpreterOptions* TfLiteInterpreterOptionsCreate(void) {
  return compat::guarded<TfLiteInterpreterOptions*>({}, nullptr,
                                                    [] { return new TfLiteInterpreterOptions; });
}

TfLiteInterpreterOptions* TfLiteInterpreterOptionsCopy(const TfLiteInterpreterOptions* from) {
  if (from == nullptr) return nullptr;
  return compat::guarded<TfLiteInterpreterOptions*>(
      {}, nullptr, [&] { return new TfLiteInterpreterOptions(*from); });
}

void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions* options) { delete options; }

void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions* options, int32_t num_threads) {
  compat::change(options, [&](Settings& s) { s.threads = num_threads; });
}

void TfLiteInterpreterOptionsAddDelegate(TfLiteInterpreterOptions* options,
                                         TfLiteDelegate* delegate) {
  if (delegate == nullptr) return;
  compat::change(options, [&](Settings& s) { s.delegates.push_back(delegate); });
}

void TfLiteInterpreterOptionsSetErrorReporter(TfLiteInterpreterOptions* options,
                                              void (*reporter)(void*, const char*, va_list),
                                              void* user_data) {
  compat::change(options, [&](Settings& s) { s.reporter = {reporter, user_data}; });
}

void TfLiteInterpreterOptionsAddOperator(TfLiteInterpreterOptions* options,
                                         TfLiteOperator* registration) {
  if (registration == nullptr) return;
  compat::change(options, [&](Settings& s) {
    Kernel kernel;
    kernel.external = registration;
    const int version = registration->version;
    s.kernels.push_back({registration->code, registration->name, version, version, kernel});
  });
}

void TfLiteInterpreterOptionsAddRegistrationExternal(TfLiteInterpreterOptions* options,
                                                     TfLiteOperator* registration) {
  TfLiteInterpreterOptionsAddOperator(options, registration);
}

TfLiteStatus TfLiteInterpreterOptionsEnableCancellation(TfLiteInterpreterOptions* options,
                                                        bool enable) {
  if (options == nullptr) return kTfLiteError;
  options->settings.cancellable = enable;
  return kTfLiteOk;
}

void TfLiteInterpreterOptionsAddBuiltinOp(TfLiteInterpreterOptions* options,
                                          TfLiteBuiltinOperator op,
                                          const TfLiteRegistration* registration,
                                          int32_t min_version, int32_t max_version) {
  if (registration == nullptr) return;
  compat::change(options, [&](Settings& s) {
    s.kernels.push_back({op, "", min_version, max_version, compat::kernel_of(*registration)});
  });
}

void TfLiteInterpreterOptionsAddCustomOp(TfLiteInterpreterOptions* options, const char* name,
                                         const TfLiteRegistration* registration,
                                         int32_t min_version, int32_t max_version) {
  if (registration == nullptr || name == nullptr) return;
  compat::change(options, [&](Settings& s) {
    s.kernels.push_back(
        {kTfLiteBuiltinCustom, name, min_version, max_version, compat::kernel_of(*registration)});
  });
}

void TfLiteInterpreterOptionsSetOpResolver(
    TfLiteInterpreterOptions* options,
    const TfLiteRegistration* (*find_builtin_op)(void*, TfLiteBuiltinOperator, int),
    const TfLiteRegistration* (*find_custom_op)(void*, const char*, int),
    void* op_resolver_user_data) {
  compat::set_resolver(options, find_builtin_op, find_custom_op, op_resolver_user_data);
}

void TfLiteInterpreterOptionsSetOpResolverV1(
    TfLiteInterpreterOptions* options,
    const TfLiteRegistration_V1* (*find_builtin_op)(void*, TfLiteBuiltinOperator, int),
    const TfLiteRegistration_V1* (*find_custom_op)(void*, const char*, int),
    void* op_resolver_user_data) {
  compat::set_resolver(options, find_builtin_op, find_custom_op, op_resolver_user_data);
}

void TfLiteInterpreterOptionsSetOpResolverV2(
    TfLiteInterpreterOptions* options,
    const TfLiteRegistration_V2* (*find_builtin_op)(void*, TfLiteBuiltinOperator, int),
    const TfLiteRegistration_V2* (*find_custom_op)(void*, const char*, int),
    void* op_resolver_user_data) {
  compat::set_resolver(options, find_builtin_op, find_custom_op, op_resolver_user_data);
}

void TfLiteInterpreterOptionsSetOpResolverV3(
    TfLiteInterpreterOptions* options,
    const TfLiteRegistration_V3* (*find_builtin_op)(void*, TfLiteBuiltinOperator, int),
    const TfLiteRegistration_V3* (*find_custom_op)(void*, const char*, int),
    void* op_resolver_user_data) {
  compat::set_resolver(options, find_builtin_op, find_custom_op, op_resolver_user_data);
}

void TfLiteInterpreterOptionsSetUseNNAPI(TfLiteInterpreterOptions*, bool) {}

void TfLiteInterpreterOptionsSetEnableDelegateFallback(TfLiteInterpreterOptions* options,
                                                       bool enable) {
  compat::change(options, [&](Settings& s) { s.fallback = enable; });
}

void TfLiteInterpreterOptionsSetTelemetryProfiler(TfLiteInterpreterOptions*,
                                                  TfLiteTelemetryProfilerStruct*) {}

}  // extern "C"
