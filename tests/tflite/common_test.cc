// SPDX-License-Identifier: Apache-2.0
// common.h: lists, and tensors that belong to nobody's interpreter.
#include <cstdlib>
#include <cstring>

#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

TEST(TfLiteCommon, Lists) {
  Own<TfLiteIntArray> a(TfLiteIntArrayCreate(3));
  ASSERT_EQ(a->size, 3);
  for (int i = 0; i < 3; ++i) a->data[i] = i * i;
  EXPECT_EQ(TfLiteIntArrayGetSizeInBytes(3), 16u);
  Own<TfLiteIntArray> b(TfLiteIntArrayCopy(a.get()));
  EXPECT_NE(a, b);
  EXPECT_TRUE(TfLiteIntArrayEqual(a.get(), b.get()));
  b->data[2] = 5;
  EXPECT_FALSE(TfLiteIntArrayEqual(a.get(), b.get()));
  const int same[] = {0, 1, 4};
  EXPECT_TRUE(TfLiteIntArrayEqualsArray(a.get(), 3, same));
  EXPECT_FALSE(TfLiteIntArrayEqualsArray(a.get(), 2, same));
  EXPECT_TRUE(TfLiteIntArrayEqualsArray(nullptr, 0, nullptr));
  EXPECT_FALSE(TfLiteIntArrayEqual(a.get(), nullptr));
  EXPECT_EQ(TfLiteIntArrayCreate(-1), nullptr);
  EXPECT_EQ(TfLiteIntArrayCopy(nullptr), nullptr);
  Own<TfLiteIntArray> none(TfLiteIntArrayCreate(0));
  EXPECT_EQ(none->size, 0);

  TfLiteFloatArray* f = TfLiteFloatArrayCreate(2);
  f->data[0] = 1.5f;
  f->data[1] = 2.5f;
  TfLiteFloatArray* g = TfLiteFloatArrayCopy(f);
  EXPECT_EQ(g->data[1], 2.5f);
  EXPECT_EQ(TfLiteFloatArrayGetSizeInBytes(2), 12);
  TfLiteFloatArrayFree(f);
  TfLiteFloatArrayFree(g);
}

TEST(TfLiteCommon, NamesOfTypes) {
  EXPECT_STREQ(TfLiteTypeGetName(kTfLiteFloat32), "FLOAT32");
  EXPECT_STREQ(TfLiteTypeGetName(kTfLiteInt8), "INT8");
  EXPECT_STREQ(TfLiteTypeGetName(kTfLiteBFloat16), "BFLOAT16");
  EXPECT_STREQ(TfLiteTypeGetName(kTfLiteNoType), "NOTYPE");
  EXPECT_STREQ(TfLiteTypeGetName(static_cast<TfLiteType>(31)), "Unknown type");
}

// A dynamic tensor of floats with a scale.
TfLiteTensor make_tensor(const std::vector<float>& values) {
  TfLiteTensor t = {};
  TfLiteIntArray* dims = TfLiteIntArrayCreate(1);
  dims->data[0] = static_cast<int>(values.size());
  const size_t bytes = values.size() * sizeof(float);
  auto* data = static_cast<char*>(std::malloc(bytes));
  std::memcpy(data, values.data(), bytes);
  TfLiteTensorReset(kTfLiteFloat32, "t", dims, {0.5f, 3}, data, bytes, kTfLiteDynamic, nullptr,
                    false, &t);
  auto* q = static_cast<TfLiteAffineQuantization*>(std::malloc(sizeof(TfLiteAffineQuantization)));
  *q = {TfLiteFloatArrayCreate(1), TfLiteIntArrayCreate(1), 0};
  q->scale->data[0] = 0.5f;
  q->zero_point->data[0] = 3;
  t.quantization = {kTfLiteAffineQuantization, q};
  return t;
}

TEST(TfLiteCommon, TensorsAreCopied) {
  TfLiteTensor a = make_tensor({1, 2, 3}), b = make_tensor({7, 8, 9}), c = make_tensor({1});
  EXPECT_EQ(TfLiteTensorCopy(&a, &b), kTfLiteOk);
  EXPECT_EQ(b.data.f[1], 2);
  EXPECT_EQ(TfLiteTensorCopy(&a, &c), kTfLiteError);
  EXPECT_EQ(TfLiteTensorCopy(nullptr, &c), kTfLiteOk);
  TfLiteTensor d = TfLiteTensorClone(a);
  EXPECT_NE(d.data.raw, a.data.raw);
  EXPECT_NE(d.dims, a.dims);
  EXPECT_EQ(d.data.f[2], 3);
  const auto* q = static_cast<const TfLiteAffineQuantization*>(d.quantization.params);
  ASSERT_NE(q, a.quantization.params);
  EXPECT_EQ(q->zero_point->data[0], 3);
  for (TfLiteTensor* t : {&a, &b, &c, &d}) TfLiteTensorFree(t);
  EXPECT_EQ(a.data.raw, nullptr);
  EXPECT_EQ(a.dims, nullptr);
}

TEST(TfLiteCommon, DynamicTensorsAreReallocated) {
  TfLiteTensor t = make_tensor({1, 2});
  ASSERT_EQ(TfLiteTensorRealloc(400, &t), kTfLiteOk);
  EXPECT_EQ(t.bytes, 400u);
  EXPECT_EQ(t.data.f[1], 2);
  ASSERT_EQ(TfLiteTensorResizeMaybeCopy(800, &t, false), kTfLiteOk);
  EXPECT_EQ(t.bytes, 800u);
  EXPECT_EQ(TfLiteTensorRealloc(0, &t), kTfLiteOk);
  EXPECT_EQ(t.data.raw, nullptr);
  t.allocation_type = kTfLiteArenaRw;
  EXPECT_EQ(TfLiteTensorRealloc(8, &t), kTfLiteOk);
  EXPECT_EQ(t.data.raw, nullptr);
  EXPECT_EQ(TfLiteTensorRealloc(8, nullptr), kTfLiteError);
  TfLiteTensorFree(&t);
}

TEST(TfLiteCommon, SparsityIsCopiedAndFreed) {
  TfLiteTensor t = make_tensor({1});
  t.sparsity = static_cast<TfLiteSparsity*>(std::calloc(1, sizeof(TfLiteSparsity)));
  t.sparsity->traversal_order = TfLiteIntArrayCreate(1);
  t.sparsity->traversal_order->data[0] = 0;
  t.sparsity->dim_metadata =
      static_cast<TfLiteDimensionMetadata*>(std::calloc(1, sizeof(TfLiteDimensionMetadata)));
  t.sparsity->dim_metadata_size = 1;
  t.sparsity->dim_metadata[0] = {kTfLiteDimSparseCSR, 1, TfLiteIntArrayCreate(0),
                                 TfLiteIntArrayCreate(0)};
  TfLiteTensor copy = TfLiteTensorClone(t);
  ASSERT_NE(copy.sparsity, nullptr);
  EXPECT_NE(copy.sparsity, t.sparsity);
  EXPECT_EQ(copy.sparsity->dim_metadata[0].format, kTfLiteDimSparseCSR);
  TfLiteTensorFree(&t);
  TfLiteTensorFree(&copy);
  TfLiteSparsityFree(nullptr);
  TfLiteQuantizationFree(nullptr);
  TfLiteTensorFree(nullptr);
}

TEST(TfLiteCommon, SaysHowStableATensorIs) {
  TfLiteTensor t = {};
  t.allocation_type = kTfLiteMmapRo;
  EXPECT_EQ(TfLiteTensorGetAllocationStrategy(&t), kTfLiteAllocationStrategyMMap);
  EXPECT_EQ(TfLiteTensorGetDataStability(&t), kTfLiteRunStabilityAcrossRuns);
  EXPECT_EQ(TfLiteTensorGetDataKnownStep(&t), kTfLiteRunStepInit);
  t.allocation_type = kTfLiteArenaRw;
  EXPECT_EQ(TfLiteTensorGetAllocationStrategy(&t), kTfLiteAllocationStrategyArena);
  EXPECT_EQ(TfLiteTensorGetBufferAddressStability(&t), kTfLiteRunStabilityAcrossRuns);
  EXPECT_EQ(TfLiteTensorGetDataStability(&t), kTfLiteRunStabilitySingleRun);
  EXPECT_EQ(TfLiteTensorGetShapeKnownStep(&t), kTfLiteRunStepPrepare);
  t.allocation_type = kTfLiteDynamic;
  EXPECT_EQ(TfLiteTensorGetAllocationStrategy(&t), kTfLiteAllocationStrategyMalloc);
  EXPECT_EQ(TfLiteTensorGetBufferAddressStability(&t), kTfLiteRunStabilitySingleRun);
  EXPECT_EQ(TfLiteTensorGetShapeKnownStep(&t), kTfLiteRunStepEval);
}

TEST(TfLiteCommon, DelegateObjects) {
  const TfLiteDelegate empty = TfLiteDelegateCreate();
  EXPECT_EQ(empty.Prepare, nullptr);
  TfLiteOpaqueDelegateBuilder builder = {};
  int data = 0;
  builder.data = &data;
  builder.flags = kTfLiteDelegateFlagsAllowDynamicTensors;
  TfLiteDelegate* d = TfLiteOpaqueDelegateCreate(&builder);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(TfLiteOpaqueDelegateGetData(d), &data);
  EXPECT_EQ(d->flags, builder.flags);
  TfLiteOpaqueDelegateDelete(d);
  EXPECT_EQ(TfLiteOpaqueDelegateCreate(nullptr), nullptr);
  EXPECT_NE(TfLiteKernelInitFailed(), nullptr);
}

}  // namespace
}  // namespace pipit::test
