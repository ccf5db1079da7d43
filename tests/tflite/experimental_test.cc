// SPDX-License-Identifier: Apache-2.0
// What programs use beyond c_api.h: variables, allocations of their own, XNNPACK's name.
#include <cstring>

#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h"
#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

using Floats = std::vector<float>;

// A variable that adds up what comes in.
ModelBuilder counting() {
  ModelBuilder b;
  const int in = b.tensor(kFour);
  TensorSpec variable = kFour;
  variable.variable = true;
  const int sum = b.tensor(variable), out = b.tensor(kFour);
  b.node("AddUp", {in, sum}, {out});
  b.inputs({in});
  b.outputs({out});
  return b;
}

TfLiteRegistration add_up() {
  TfLiteRegistration r = {};
  r.invoke = [](TfLiteContext* c, TfLiteNode* n) {
    TfLiteTensor& sum = c->tensors[n->inputs->data[1]];
    EXPECT_TRUE(sum.is_variable);
    EXPECT_EQ(sum.allocation_type, kTfLiteArenaRwPersistent);
    for (int i = 0; i < 4; ++i) {
      sum.data.f[i] += c->tensors[n->inputs->data[0]].data.f[i];
      c->tensors[n->outputs->data[0]].data.f[i] = sum.data.f[i];
    }
    return kTfLiteOk;
  };
  return r;
}

TEST(TfLiteExperimental, VariablesAreReset) {
  Client c(counting());
  const TfLiteRegistration r = add_up();
  TfLiteInterpreterOptionsAddCustomOp(c.options.get(), "AddUp", &r, 1, 1);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{1, 2, 3, 4})) << c.lines.text;
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{2, 4, 6, 8})) << c.lines.text;
  ASSERT_EQ(TfLiteInterpreterResetVariableTensors(c.net.get()), kTfLiteOk);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{1, 2, 3, 4})) << c.lines.text;
  // Another number of threads leaves everything as it is.
  ASSERT_EQ(TfLitePipitInterpreterSetNumThreads(c.net.get(), 3), kTfLiteOk);
  EXPECT_EQ(c.invoke(), kTfLiteOk);
  EXPECT_EQ(c.get<float>(), (Floats{2, 4, 6, 8}));
  EXPECT_EQ(TfLitePipitInterpreterSetNumThreads(c.net.get(), -2), kTfLiteError);
  EXPECT_EQ(TfLiteInterpreterResetVariableTensors(nullptr), kTfLiteError);
  ASSERT_EQ(TfLiteInterpreterGetVariableTensorCount(c.net.get()), 1);
  EXPECT_TRUE(TfLiteInterpreterGetVariableTensor(c.net.get(), 0)->is_variable);
  EXPECT_EQ(TfLiteInterpreterGetVariableTensor(c.net.get(), 1), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetVariableTensor(c.net.get(), -1), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetVariableTensorCount(nullptr), 0);
}

TEST(TfLiteExperimental, TensorsLieWhereTheApplicationSays) {
  Client c(chain(1));
  ASSERT_NE(c.create(), nullptr);
  alignas(64) float in[5] = {}, out[4] = {};
  const auto give = [&](int tensor, void* data, size_t bytes, int64_t flags = 0) {
    const TfLiteCustomAllocation allocation = {data, bytes};
    return TfLiteInterpreterSetCustomAllocationForTensor(c.net.get(), tensor, &allocation, flags);
  };
  EXPECT_EQ(give(0, in, 15), kTfLiteError);
  EXPECT_EQ(give(0, in + 1, 16), kTfLiteError);
  EXPECT_EQ(give(0, nullptr, 16), kTfLiteError);
  EXPECT_EQ(give(9, in, 16), kTfLiteError);
  ASSERT_EQ(give(0, in + 1, 16, kTfLiteCustomAllocationFlagsSkipAlignCheck), kTfLiteOk);
  ASSERT_EQ(give(0, in, 16), kTfLiteOk);
  ASSERT_EQ(give(1, out, 16), kTfLiteOk);
  ASSERT_EQ(c.allocate(), kTfLiteOk) << c.lines.text;
  EXPECT_EQ(TfLiteTensorData(c.input()), in);
  EXPECT_EQ(c.input()->allocation_type, kTfLiteCustom);
  in[2] = 5;
  ASSERT_EQ(c.invoke(), kTfLiteOk) << c.lines.text;
  EXPECT_EQ(out[2], -5);
  const int more[] = {5};
  ASSERT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, more, 1), kTfLiteOk);
  EXPECT_EQ(c.allocate(), kTfLiteError);  // too few bytes now
  EXPECT_EQ(c.invoke(), kTfLiteError);
}

// Programs write addresses into tensors; the original looks there, too.
TEST(TfLiteExperimental, TensorsMayBePointedElsewhere) {
  Client c(chain(1));
  ASSERT_NE(c.create(), nullptr);
  ASSERT_EQ(c.allocate(), kTfLiteOk);
  float mine[4] = {1, 2, 3, 4}, others[4] = {5, 6, 7, 8};
  c.input()->data.f = mine;
  ASSERT_EQ(c.invoke(), kTfLiteOk);
  EXPECT_EQ(c.get<float>(), (Floats{-1, -2, -3, -4}));
  c.input()->data.f = others;
  ASSERT_EQ(c.invoke(), kTfLiteOk);
  EXPECT_EQ(c.get<float>(), (Floats{-5, -6, -7, -8}));
}

TEST(TfLiteExperimental, IndicesOfTensors) {
  Client c(chain(2));
  ASSERT_NE(c.create(), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetInputTensorIndex(c.net.get(), 0), 0);
  EXPECT_EQ(TfLiteInterpreterGetOutputTensorIndex(c.net.get(), 0), 2);
  EXPECT_EQ(TfLiteInterpreterGetInputTensorIndex(c.net.get(), 1), -1);
  EXPECT_EQ(TfLiteInterpreterGetOutputTensorIndex(nullptr, 0), -1);
  EXPECT_EQ(TfLitePipitInterpreterGetTensorCount(c.net.get()), 3);
  EXPECT_EQ(TfLitePipitInterpreterGetSubgraphCount(c.net.get()), 1);
  TfLiteNode* node = nullptr;
  TfLiteRegistration* op = nullptr;
  ASSERT_EQ(TfLitePipitInterpreterGetNode(c.net.get(), 0, 1, &node, &op), kTfLiteOk);
  EXPECT_EQ(node->outputs->data[0], 2);
  EXPECT_EQ(op->builtin_code, kTfLiteBuiltinNeg);
  const int two[] = {2};
  EXPECT_EQ(TfLitePipitInterpreterResizeTensor(c.net.get(), 2, two, 1, false), kTfLiteError);
  EXPECT_EQ(TfLitePipitInterpreterResizeTensor(c.net.get(), 0, two, 1, true), kTfLiteError);
  EXPECT_EQ(TfLitePipitInterpreterResizeTensor(c.net.get(), 0, two, 1, false), kTfLiteOk);
}

TEST(TfLiteExperimental, AllTensorsCanBeKept) {
  Client c(chain(3));
  TfLitePipitOptionsSetPreserveAllTensors(c.options.get(), true);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{-1, -2, -3, -4}));
  EXPECT_EQ(TfLiteInterpreterGetTensor(c.net.get(), 2)->data.f[3], 4);
}

TEST(TfLiteExperimental, XnnpackIsAName) {
  TfLiteXNNPackDelegateOptions options = TfLiteXNNPackDelegateOptionsDefault();
  options.num_threads = 2;
  TfLiteDelegate* d = TfLiteXNNPackDelegateCreate(&options);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(TfLiteXNNPackDelegateGetThreadPool(d), nullptr);
  EXPECT_EQ(TfLiteXNNPackDelegateGetOptions(d)->num_threads, 2);
  EXPECT_NE(TfLiteXNNPackDelegateGetFlags(d), 0);
  EXPECT_FALSE(TfLiteXNNPackDelegateCanUseInMemoryWeightCacheProvider());
  EXPECT_STREQ(TfLiteXNNPackDelegateInMemoryFilePath(), ":memory");
  Client c(chain(1));
  TfLiteInterpreterOptionsSetNumThreads(c.options.get(), -1);
  TfLiteInterpreterOptionsAddDelegate(c.options.get(), d);
  TfLiteInterpreterOptionsSetUseNNAPI(c.options.get(), true);
  TfLiteInterpreterOptionsSetTelemetryProfiler(c.options.get(), nullptr);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{-1, -2, -3, -4})) << c.lines.text;
  EXPECT_EQ(TfLiteInterpreterModifyGraphWithDelegate(c.net.get(), d), kTfLiteOk);
  c.net.reset();
  TfLiteXNNPackDelegateDelete(d);
  TfLiteXNNPackDelegateDelete(nullptr);
  auto* cache = TfLiteXNNPackDelegateWeightsCacheCreate();
  EXPECT_TRUE(TfLiteXNNPackDelegateWeightsCacheFinalizeHard(cache));
  TfLiteXNNPackDelegateWeightsCacheDelete(cache);
}

}  // namespace
}  // namespace pipit::test
