// SPDX-License-Identifier: Apache-2.0
// XNNPACK's delegate in name only: it claims nothing, for Pipit's own kernels are quick.
#include "tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h"
#include "tflite/interpreter.h"

struct TfLiteXNNPackDelegateWeightsCache {};

namespace {

struct NamedOnly {
  TfLiteDelegate delegate = {};
  TfLiteXNNPackDelegateOptions options = {};
  uint8_t more[128] = {};  // newer programs look for options there
};

TfLiteStatus claim_nothing(TfLiteContext*, TfLiteDelegate*) { return kTfLiteOk; }

NamedOnly* named_only(TfLiteDelegate* delegate) {
  const bool is = delegate != nullptr && delegate->Prepare == claim_nothing;
  return is ? static_cast<NamedOnly*>(delegate->data_) : nullptr;
}

}  // namespace

namespace pipit::compat {

int32_t threads_of(const TfLiteDelegate& delegate) {
  const NamedOnly* named = named_only(const_cast<TfLiteDelegate*>(&delegate));
  return named == nullptr || named->options.num_threads < 1 ? -1 : named->options.num_threads;
}

bool is_named_only(const TfLiteDelegate& delegate) { return delegate.Prepare == claim_nothing; }

}  // namespace pipit::compat

extern "C" {

bool TfLiteXNNPackDelegateCanUseInMemoryWeightCacheProvider(void) { return false; }

const char* TfLiteXNNPackDelegateInMemoryFilePath(void) { return ":memory"; }

TfLiteXNNPackDelegateOptions TfLiteXNNPackDelegateOptionsDefault(void) {
  TfLiteXNNPackDelegateOptions options = {};
  options.flags = TFLITE_XNNPACK_DELEGATE_FLAG_QS8 | TFLITE_XNNPACK_DELEGATE_FLAG_QU8;
  return options;
}

TfLiteDelegate* TfLiteXNNPackDelegateCreate(const TfLiteXNNPackDelegateOptions* options) {
  return pipit::compat::guarded<TfLiteDelegate*>({}, nullptr, [&] {
    auto* made = new NamedOnly;
    made->options = TfLiteXNNPackDelegateOptionsDefault();
    if (options != nullptr) made->options.num_threads = options->num_threads;
    made->delegate.data_ = made;
    made->delegate.Prepare = claim_nothing;
    made->delegate.flags = kTfLiteDelegateFlagsAllowDynamicTensors;
    return &made->delegate;
  });
}

TfLiteDelegate* TfLiteXNNPackDelegateCreateWithThreadpool(
    const TfLiteXNNPackDelegateOptions* options, TfLiteContext*) {
  return TfLiteXNNPackDelegateCreate(options);
}

void* TfLiteXNNPackDelegateGetThreadPool(TfLiteDelegate*) { return nullptr; }

const TfLiteXNNPackDelegateOptions* TfLiteXNNPackDelegateGetOptions(TfLiteDelegate* delegate) {
  const NamedOnly* named = named_only(delegate);
  return named == nullptr ? nullptr : &named->options;
}

int TfLiteXNNPackDelegateGetFlags(TfLiteDelegate* delegate) {
  const NamedOnly* named = named_only(delegate);
  return named == nullptr ? 0 : static_cast<int>(named->options.flags);
}

void TfLiteXNNPackDelegateDelete(TfLiteDelegate* delegate) { delete named_only(delegate); }

TfLiteXNNPackDelegateWeightsCache* TfLiteXNNPackDelegateWeightsCacheCreate(void) {
  return pipit::compat::guarded<TfLiteXNNPackDelegateWeightsCache*>(
      {}, nullptr, [] { return new TfLiteXNNPackDelegateWeightsCache; });
}

TfLiteXNNPackDelegateWeightsCache* TfLiteXNNPackDelegateWeightsCacheCreateWithSize(size_t) {
  return TfLiteXNNPackDelegateWeightsCacheCreate();
}

bool TfLiteXNNPackDelegateWeightsCacheFinalizeSoft(TfLiteXNNPackDelegateWeightsCache* cache) {
  return cache != nullptr;
}

bool TfLiteXNNPackDelegateWeightsCacheFinalizeHard(TfLiteXNNPackDelegateWeightsCache* cache) {
  return cache != nullptr;
}

void TfLiteXNNPackDelegateWeightsCacheDelete(TfLiteXNNPackDelegateWeightsCache* cache) {
  delete cache;
}

}  // extern "C"
