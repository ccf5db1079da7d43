// SPDX-License-Identifier: Apache-2.0
// Functions under the names of older versions, in their other forms, and those that are kept for
// programs that call them.
#include <cstdlib>

#include "tensorflow/lite/c/c_api_opaque.h"
#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tensorflow/lite/core/c/registration_external.h"
#include "tensorflow/lite/delegates/external/external_delegate.h"
#include "tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h"
#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

using Context = TfLiteOpaqueContext;
using Node = TfLiteOpaqueNode;
using Floats = std::vector<float>;

ModelBuilder one() {
  ModelBuilder b;
  const int in = b.tensor(kFour), out = b.tensor(kFour);
  b.node("Own", {in}, {out}, {5});
  b.inputs({in});
  b.outputs({out});
  return b;
}

int alive = 0;

void* init(Context*, const char* buffer, size_t length) {
  ++alive;
  return new float(length == 1 ? static_cast<float>(buffer[0]) : 0);
}

void end(Context*, void* data) {
  --alive;
  delete static_cast<float*>(data);
}

TfLiteStatus prepare(Context*, Node* n) {
  return TfLiteOpaqueNodeNumberOfInputs(n) == 1 ? kTfLiteOk : kTfLiteError;
}

TfLiteStatus invoke(Context* c, Node* n) {
  const auto* in = static_cast<float*>(TfLiteOpaqueTensorData(TfLiteOpaqueNodeGetInput(c, n, 0)));
  auto* out = static_cast<float*>(TfLiteOpaqueTensorData(TfLiteOpaqueNodeGetOutput(c, n, 0)));
  for (int i = 0; i < 4; ++i) out[i] = in[i] * *static_cast<float*>(TfLiteOpaqueNodeGetUserData(n));
  return kTfLiteOk;
}

TfLiteAsyncKernel* no_kernel(Context*, Node*) { return nullptr; }
TfLiteAsyncKernel* no_kernel_with(void*, Context*, Node*) { return nullptr; }

void runs(Client& c) {
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{5, 10, 15, 20})) << c.lines.text;
  EXPECT_EQ(alive, 1);
  c.net.reset();
  EXPECT_EQ(alive, 0);
}

TEST(TfLiteOlder, RegistrationsAreOperators) {
  TfLiteRegistrationExternal* op = TfLiteRegistrationExternalCreate(kTfLiteBuiltinCustom, "Own", 1);
  EXPECT_EQ(TfLiteRegistrationExternalGetBuiltInCode(op), kTfLiteBuiltinCustom);
  EXPECT_STREQ(TfLiteRegistrationExternalGetCustomName(op), "Own");
  EXPECT_EQ(TfLiteRegistrationExternalGetVersion(op), 1);
  EXPECT_EQ(TfLiteRegistrationExternalGetVersion(nullptr), -1);
  TfLiteRegistrationExternalSetInit(op, init);
  TfLiteRegistrationExternalSetFree(op, end);
  TfLiteRegistrationExternalSetPrepare(op, prepare);
  TfLiteRegistrationExternalSetInvoke(op, invoke);
  TfLiteRegistrationExternalSetAsyncKernel(op, no_kernel);
  TfLiteRegistrationExternalSetInplaceOperator(op, kTfLiteInplaceOpNone);
  {
    Client c(one());
    TfLiteInterpreterOptionsAddRegistrationExternal(c.options.get(), op);
    runs(c);
  }
  TfLiteRegistrationExternalDelete(op);
  TfLiteRegistrationExternalDelete(nullptr);
}

TEST(TfLiteOlder, OperatorsWithoutData) {
  Own<TfLiteOperator> op(TfLiteOperatorCreate(kTfLiteBuiltinCustom, "Own", 1, nullptr));
  TfLiteOperatorSetInit(op.get(), init);
  TfLiteOperatorSetFree(op.get(), end);
  TfLiteOperatorSetPrepare(op.get(), prepare);
  TfLiteOperatorSetInvoke(op.get(), invoke);
  TfLiteOperatorSetAsyncKernel(op.get(), no_kernel);
  EXPECT_EQ(TfLiteOperatorSetAsyncKernelWithData(op.get(), no_kernel_with), kTfLiteOk);
  EXPECT_EQ(TfLiteOperatorSetAsyncKernelWithData(nullptr, no_kernel_with), kTfLiteError);
  TfLiteOperatorSetInplaceOperator(op.get(), kTfLiteInplaceOpDataUnmodified);
  TfLiteOperatorSetInit(nullptr, init);
  TfLiteOperatorSetFree(nullptr, end);
  TfLiteOperatorSetPrepare(nullptr, prepare);
  TfLiteOperatorSetInvoke(nullptr, invoke);
  Client c(one());
  TfLiteInterpreterOptionsAddOperator(c.options.get(), op.get());
  runs(c);
}

template <class Registration>
Registration scale() {
  Registration r = {};
  r.version = 1;
  r.invoke = [](TfLiteContext* c, TfLiteNode* n) {
    for (int i = 0; i < 4; ++i) {
      c->tensors[n->outputs->data[0]].data.f[i] = 5 * c->tensors[n->inputs->data[0]].data.f[i];
    }
    return kTfLiteOk;
  };
  return r;
}

template <class Registration, class Set>
void resolves(const Set& set) {
  static const Registration own = scale<Registration>();
  Client c(one());
  set(
      c.options.get(),
      [](void*, TfLiteBuiltinOperator, int) -> const Registration* { return nullptr; },
      [](void* user, const char* name, int) -> const Registration* {
        return *static_cast<bool*>(user) && std::string(name) == "Own" ? &own : nullptr;
      });
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{5, 10, 15, 20})) << c.lines.text;
}

TEST(TfLiteOlder, ResolversOfEachLayout) {
  static bool there = true;
  resolves<TfLiteRegistration_V1>([](auto* options, auto builtin, auto custom) {
    TfLiteInterpreterOptionsSetOpResolverV1(options, builtin, custom, &there);
  });
  resolves<TfLiteRegistration_V2>([](auto* options, auto builtin, auto custom) {
    TfLiteInterpreterOptionsSetOpResolverV2(options, builtin, custom, &there);
  });
  resolves<TfLiteRegistration_V3>([](auto* options, auto builtin, auto custom) {
    TfLiteInterpreterOptionsSetOpResolverV3(options, builtin, custom, &there);
  });
  resolves<TfLiteRegistration>([](auto* options, auto builtin, auto custom) {
    TfLiteInterpreterOptionsSetOpResolver(options, builtin, custom, &there);
  });
}

TEST(TfLiteOlder, XnnpackAndItsCaches) {
  TfLiteDelegate* d = TfLiteXNNPackDelegateCreateWithThreadpool(nullptr, nullptr);
  ASSERT_NE(d, nullptr);
  TfLiteXNNPackDelegateDelete(d);
  TfLiteXNNPackDelegateWeightsCache* cache = TfLiteXNNPackDelegateWeightsCacheCreateWithSize(1000);
  ASSERT_NE(cache, nullptr);
  EXPECT_TRUE(TfLiteXNNPackDelegateWeightsCacheFinalizeSoft(cache));
  EXPECT_TRUE(TfLiteXNNPackDelegateWeightsCacheFinalizeHard(cache));
  EXPECT_FALSE(TfLiteXNNPackDelegateWeightsCacheFinalizeSoft(nullptr));
  TfLiteXNNPackDelegateWeightsCacheDelete(cache);
}

TEST(TfLiteOlder, BytesOfTensorsAreFreed) {
  TfLiteTensor t = {};
  t.allocation_type = kTfLiteDynamic;
  t.data.raw = static_cast<char*>(std::malloc(8));
  TfLiteTensorDataFree(&t);
  EXPECT_EQ(t.data.raw, nullptr);
  TfLiteTensorDataFree(nullptr);
}

TEST(TfLiteOlder, OptionsOfExternalDelegatesAreCounted) {
  TfLiteExternalDelegateOptions options = TfLiteExternalDelegateOptionsDefault("/nowhere.so");
  for (int i = 0; i < kExternalDelegateMaxOptions; ++i) {
    EXPECT_EQ(TfLiteExternalDelegateOptionsInsert(&options, "key", "value"), kTfLiteOk);
  }
  EXPECT_EQ(TfLiteExternalDelegateOptionsInsert(&options, "key", "value"), kTfLiteError);
  EXPECT_EQ(TfLiteExternalDelegateOptionsInsert(nullptr, "key", "value"), kTfLiteError);
}

TEST(TfLiteOlder, SignatureRunnersAreCancelled) {
  Client c(one());
  EXPECT_EQ(TfLiteInterpreterOptionsEnableCancellation(c.options.get(), true), kTfLiteOk);
  ASSERT_NE(c.create(), nullptr);
  Own<TfLiteSignatureRunner> runner(TfLiteInterpreterGetSignatureRunner(c.net.get(), nullptr));
  ASSERT_NE(runner, nullptr);
  EXPECT_EQ(TfLiteSignatureRunnerCancel(runner.get()), kTfLiteOk);  // nothing runs
  EXPECT_EQ(TfLiteSignatureRunnerCancel(nullptr), kTfLiteError);
}

// What Pipit's Python packages call.
TEST(TfLiteOlder, InterpretersHaveAHandle) {
  Client c(one());
  std::string said;
  TfLitePipitOptionsSetLineReporter(
      c.options.get(), [](void* to, const char* line) { *static_cast<std::string*>(to) += line; },
      &said);
  TfLitePipitOptionsSetPlanning(c.options.get(), 7, 100, true);
  ASSERT_NE(c.create(), nullptr);
  EXPECT_EQ(TfLitePipitInterpreterGetHandle(c.net.get()), nullptr);
  EXPECT_EQ(c.allocate(), kTfLiteUnresolvedOps);
  EXPECT_EQ(said, "custom operators that nobody computes: 'Own'");
  const int two[] = {2};
  EXPECT_EQ(TfLitePipitInterpreterResizeInput(c.net.get(), 1, 0, two, 1), kTfLiteError);
  EXPECT_EQ(TfLitePipitInterpreterResizeInput(c.net.get(), 0, 1, two, 1), kTfLiteError);
  EXPECT_EQ(TfLitePipitInterpreterResizeInput(nullptr, 0, 0, two, 1), kTfLiteError);
  EXPECT_EQ(TfLitePipitInterpreterGetHandle(nullptr), nullptr);
  TfLitePipitOptionsSetPlanning(nullptr, 0, 0, false);
  TfLitePipitOptionsSetLineReporter(nullptr, nullptr, nullptr);
}

}  // namespace
}  // namespace pipit::test
