// SPDX-License-Identifier: Apache-2.0
// Operators and delegates that know tensors, nodes and contexts by functions alone.
#include <cstdlib>
#include <cstring>
#include <functional>

#include "tensorflow/lite/c/c_api_opaque.h"
#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

using Context = TfLiteOpaqueContext;
using Node = TfLiteOpaqueNode;
using Floats = std::vector<float>;

ModelBuilder one(const TensorSpec& spec = kFour, const std::vector<uint8_t>& options = {}) {
  ModelBuilder b;
  const int in = b.tensor(spec), out = b.tensor(spec);
  b.node("Own", {in}, {out}, options);
  b.inputs({in});
  b.outputs({out});
  return b;
}

// An operator whose functions a test writes.
struct Own1 {
  std::function<TfLiteStatus(Context*, Node*)> prepare, invoke;
  Own<TfLiteOperator> op;

  explicit Own1(const char* name = "Own") {
    op.reset(TfLiteOperatorCreateWithData(kTfLiteBuiltinCustom, name, 1, this));
    TfLiteOperatorSetPrepareWithData(op.get(), [](void* self, Context* c, Node* n) {
      const auto& f = static_cast<Own1*>(self)->prepare;
      return f == nullptr ? kTfLiteOk : f(c, n);
    });
    TfLiteOperatorSetInvokeWithData(op.get(), [](void* self, Context* c, Node* n) {
      const auto& f = static_cast<Own1*>(self)->invoke;
      return f == nullptr ? kTfLiteOk : f(c, n);
    });
  }
};

void add(Client& c, Own1& own) {
  TfLiteInterpreterOptionsAddOperator(c.options.get(), own.op.get());
}

TfLiteStatus same_shape(Context* c, Node* n) {
  const TfLiteOpaqueTensor* in = TfLiteOpaqueNodeGetInput(c, n, 0);
  TfLiteIntArray* dims = TfLiteIntArrayCreate(TfLiteOpaqueTensorNumDims(in));
  for (int i = 0; i < dims->size; ++i) dims->data[i] = TfLiteOpaqueTensorDim(in, i);
  return TfLiteOpaqueContextResizeTensor(c, TfLiteOpaqueNodeGetOutput(c, n, 0), dims);
}

// out = in + by
TfLiteStatus add_to(Context* c, Node* n, float by) {
  const TfLiteOpaqueTensor* in = TfLiteOpaqueNodeGetInput(c, n, 0);
  TfLiteOpaqueTensor* out = TfLiteOpaqueNodeGetOutput(c, n, 0);
  Floats values(TfLiteOpaqueTensorByteSize(in) / sizeof(float));
  TF_LITE_ENSURE_STATUS(
      TfLiteOpaqueTensorCopyToBuffer(in, values.data(), values.size() * sizeof(float)));
  for (float& v : values) v += by;
  return TfLiteOpaqueTensorCopyFromBuffer(out, values.data(), values.size() * sizeof(float));
}

TEST(TfLiteOpaque, OperatorsRunInAnyShape) {
  Own1 own;
  own.prepare = same_shape;
  own.invoke = [](Context* c, Node* n) { return add_to(c, n, 10); };
  Client c(one());
  add(c, own);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{11, 12, 13, 14})) << c.lines.text;
  const int two[] = {2};
  ASSERT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, two, 1), kTfLiteOk);
  EXPECT_EQ(c.run<float>({5, 6}), (Floats{15, 16})) << c.lines.text;
}

TEST(TfLiteOpaque, TensorsTellAll) {
  ModelBuilder b;
  const TensorSpec bytes = {.type = Type::kInt8,
                            .shape = Shape::of(2, 3),
                            .name = "open",
                            .scales = {0.5f},
                            .zero_points = {3},
                            .signature = {-1, 3}};
  const int in = b.tensor(bytes),
            weights = b.tensor(
                {.type = Type::kInt8, .shape = Shape::of(1), .bytes = {7}, .name = "fixed"});
  const int out = b.tensor(bytes);
  b.node("Own", {in, -1, weights}, {out}, {1, 2, 3});
  b.inputs({in});
  b.outputs({out});
  Own1 own;
  own.prepare = [&](Context* c, Node* n) {
    const TfLiteOpaqueTensor* t = TfLiteOpaqueNodeGetInput(c, n, 0);
    const TfLiteOpaqueTensor* fixed = TfLiteOpaqueNodeGetInput(c, n, 2);
    int32_t number = 0;
    EXPECT_EQ(TfLiteOpaqueTensorType(t), kTfLiteInt8);
    EXPECT_STREQ(TfLiteOpaqueTensorName(t), "open");
    EXPECT_EQ(TfLiteOpaqueTensorNumDims(t), 2);
    EXPECT_EQ(TfLiteOpaqueTensorDim(t, 1), 3);
    EXPECT_EQ(TfLiteOpaqueTensorDim(t, 2), -1);
    EXPECT_EQ(TfLiteOpaqueTensorGetNumDimsSignature(t, &number), kTfLiteOk);
    EXPECT_EQ(number, 2);
    EXPECT_EQ(TfLiteOpaqueTensorGetDimSignature(t, 0, &number), kTfLiteOk);
    EXPECT_EQ(number, -1);
    EXPECT_EQ(TfLiteOpaqueTensorGetDimSignature(t, 2, &number), kTfLiteError);
    EXPECT_EQ(TfLiteOpaqueTensorGetNumDimsSignature(fixed, &number), kTfLiteOk);
    EXPECT_EQ(number, -1);
    EXPECT_EQ(TfLiteOpaqueTensorGetDimSignature(fixed, 0, &number), kTfLiteOk);
    EXPECT_EQ(number, 1);
    EXPECT_EQ(TfLiteOpaqueTensorIsVariable(t), 0);
    EXPECT_EQ(TfLiteOpaqueTensorByteSize(t), 6u);
    EXPECT_EQ(TfLiteOpaqueTensorGetAllocationType(fixed), kTfLiteMmapRo);
    EXPECT_EQ(TfLiteOpaqueTensorGetAllocationStrategy(fixed), kTfLiteAllocationStrategyMMap);
    EXPECT_EQ(TfLiteOpaqueTensorGetBufferAddressStability(fixed), kTfLiteRunStabilityAcrossRuns);
    EXPECT_EQ(TfLiteOpaqueTensorGetDataStability(fixed), kTfLiteRunStabilityAcrossRuns);
    EXPECT_EQ(TfLiteOpaqueTensorGetDataKnownStep(fixed), kTfLiteRunStepInit);
    EXPECT_EQ(TfLiteOpaqueTensorGetShapeKnownStep(fixed), kTfLiteRunStepInit);
    EXPECT_EQ(*static_cast<int8_t*>(TfLiteOpaqueTensorData(fixed)), 7);
    EXPECT_EQ(TfLiteOpaqueTensorGetQuantization(t).type, kTfLiteAffineQuantization);
    EXPECT_EQ(TfLiteOpaqueTensorGetQuantizationParams(t).scale, 0.5f);
    EXPECT_EQ(TfLiteOpaqueTensorGetQuantizationParams(t).zero_point, 3);
    EXPECT_EQ(TfLiteOpaqueTensorGetStringCount(t), -1);
    return kTfLiteOk;
  };
  own.invoke = [&](Context* c, Node* n) {
    EXPECT_EQ(TfLiteOpaqueNodeNumberOfInputs(n), 3);
    EXPECT_EQ(TfLiteOpaqueNodeNumberOfOutputs(n), 1);
    EXPECT_EQ(TfLiteOpaqueNodeGetInput(c, n, 1), nullptr);
    EXPECT_EQ(TfLiteOpaqueNodeGetInput(c, n, 3), nullptr);
    EXPECT_EQ(TfLiteOpaqueNodeGetOutput(c, n, -1), nullptr);
    EXPECT_EQ(TfLiteOpaqueNodeGetInputTensorIndex(n, 2), weights);
    EXPECT_EQ(TfLiteOpaqueNodeGetInputTensorIndex(n, 3), -1);
    EXPECT_EQ(TfLiteOpaqueNodeGetOutputTensorIndex(n, 0), out);
    EXPECT_EQ(TfLiteOpaqueNodeGetOutputTensorIndex(n, -1), -1);
    EXPECT_EQ(TfLiteOpaqueNodeGetBuiltinData(n), nullptr);
    EXPECT_EQ(TfLiteOpaqueNodeGetUserData(n), nullptr);
    const void* options = nullptr;
    const int* list = nullptr;
    int count = 0;
    EXPECT_EQ(TfLiteOpaqueNodeGetCustomInitialData(n, &options, &count), kTfLiteOk);
    EXPECT_EQ(std::vector<uint8_t>(static_cast<const uint8_t*>(options),
                                   static_cast<const uint8_t*>(options) + count),
              (std::vector<uint8_t>{1, 2, 3}));
    EXPECT_EQ(TfLiteOpaqueNodeInputs(n, &list, &count), kTfLiteOk);
    EXPECT_EQ(std::vector<int>(list, list + count), (std::vector<int>{in, -1, weights}));
    EXPECT_EQ(TfLiteOpaqueNodeOutputs(n, &list, &count), kTfLiteOk);
    EXPECT_EQ(std::vector<int>(list, list + count), std::vector<int>{out});
    int8_t six[6] = {};
    EXPECT_EQ(TfLiteOpaqueTensorCopyFromBuffer(TfLiteOpaqueNodeGetOutput(c, n, 0), six, 5),
              kTfLiteError);
    return TfLiteOpaqueTensorCopyFromBuffer(TfLiteOpaqueNodeGetOutput(c, n, 0), six, 6);
  };
  Client c(b);
  add(c, own);
  EXPECT_EQ(c.run<int8_t>({1, 2, 3, 4, 5, 6}), std::vector<int8_t>(6)) << c.lines.text;
}

TEST(TfLiteOpaque, ContextsTellAll) {
  ModelBuilder b = one();
  TensorSpec kept = kFour;
  kept.variable = true;
  const int variable = b.tensor(kept);
  Own1 own;
  own.prepare = [&](Context* c, Node* n) {
    const int* list = nullptr;
    int count = 0;
    EXPECT_EQ(TfLiteOpaqueContextGetInputs(c, &list, &count), kTfLiteOk);
    EXPECT_EQ(std::vector<int>(list, list + count), std::vector<int>{0});
    EXPECT_EQ(TfLiteOpaqueContextGetOutputs(c, &list, &count), kTfLiteOk);
    EXPECT_EQ(std::vector<int>(list, list + count), std::vector<int>{1});
    EXPECT_EQ(TfLiteOpaqueContextGetVariables(c, &list, &count), kTfLiteOk);
    EXPECT_EQ(std::vector<int>(list, list + count), std::vector<int>{variable});
    EXPECT_EQ(TfLiteOpaqueTensorIsVariable(TfLiteOpaqueContextGetOpaqueTensor(c, variable)), 1);
    EXPECT_EQ(TfLiteOpaqueContextGetOpaqueTensor(c, 99), nullptr);
    EXPECT_EQ(TfLiteOpaqueContextGetNumNodes(c), 1u);
    EXPECT_GE(TfLiteOpaqueContextGetNumTensors(c), 3u);
    EXPECT_STREQ(TfLiteOpaqueContextGetName(c), "");
    size_t bytes = 0;
    EXPECT_EQ(TfLiteOpaqueContextGetSizeOfType(c, kTfLiteFloat32, &bytes), kTfLiteOk);
    EXPECT_EQ(bytes, 4u);
    for (const TfLiteType t : {kTfLiteString, kTfLiteNoType, kTfLiteVariant}) {
      EXPECT_EQ(TfLiteOpaqueContextGetSizeOfType(c, t, &bytes), kTfLiteError);
    }
    const char* text = nullptr;
    EXPECT_EQ(TfLiteOpaqueContextGetMetadata(c, "none", &text, &bytes), kTfLiteError);
    void* external = &bytes;
    EXPECT_EQ(TfLiteOpaqueContextGetExternalContext(c, &external, kTfLiteEdgeTpuContext),
              kTfLiteOk);
    EXPECT_EQ(external, nullptr);
    int64_t offset = 0, size = 0;
    EXPECT_EQ(TfLiteOpaqueContextGetNodeInitDataMmapInfo(c, n, &count, &offset, &size),
              kTfLiteError);
    // What is for delegates alone.
    TfLiteIntArray* plan = nullptr;
    Node* node = nullptr;
    TfLiteOperator* op = nullptr;
    Context* acquired = nullptr;
    EXPECT_EQ(TfLiteOpaqueContextGetExecutionPlan(c, &plan), kTfLiteError);
    EXPECT_EQ(TfLiteOpaqueContextGetNodeAndRegistration(c, 0, &node, &op), kTfLiteError);
    EXPECT_EQ(TfLiteOpaqueContextAcquireSubgraphContext(c, 0, &acquired), kTfLiteError);
    TfLiteDelegate d = TfLiteDelegateCreate();
    Own<TfLiteIntArray> none(TfLiteIntArrayCreate(0));
    EXPECT_EQ(TfLiteOpaqueContextReplaceNodeSubsetsWithDelegateKernels(
                  c, own.op.get(), none.get(), reinterpret_cast<TfLiteOpaqueDelegate*>(&d)),
              kTfLiteError);
    TfLiteOpaqueContextReportError(c, "%s %d", "reported", 7);
    return same_shape(c, n);
  };
  own.invoke = [](Context* c, Node* n) { return add_to(c, n, 1); };
  Client c(b);
  add(c, own);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{2, 3, 4, 5})) << c.lines.text;
  EXPECT_TRUE(c.lines.contain("reported 7\n"));
}

TfLiteStatus ensure(Context* c, int which) {
  if (which == 0) TF_LITE_OPAQUE_ENSURE(c, 1 == 2);
  if (which == 1) TF_LITE_OPAQUE_ENSURE_MSG(c, false, "a message");
  if (which == 2) TF_LITE_OPAQUE_ENSURE_EQ(c, 1 + 1, 3);
  if (which == 3) TF_LITE_OPAQUE_ENSURE_TYPES_EQ(c, kTfLiteInt8, kTfLiteBool);
  if (which == 4) TF_LITE_OPAQUE_ENSURE_NEAR(c, 1.0, 2.0, 0.5);
  return kTfLiteOk;
}

TEST(TfLiteOpaque, MacrosSayWhatIsWrong) {
  const char* const said[] = {"1 == 2 was not true", "a message", "1 + 1 != 3 (2 != 3)",
                              "(INT8 != BOOL)", "1.0 not near 2.0"};
  for (int which = 0; which < 5; ++which) {
    Own1 own;
    own.prepare = [&](Context* c, Node*) { return ensure(c, which); };
    Client c(one());
    add(c, own);
    ASSERT_NE(c.create(), nullptr);
    EXPECT_EQ(c.allocate(), kTfLiteError);
    EXPECT_TRUE(c.lines.contain(said[which])) << c.lines.text;
  }
}

TEST(TfLiteOpaque, TemporariesAndAddedTensors) {
  Own1 own;
  int added = -1, dynamic = -1;
  own.prepare = [&](Context* c, Node* n) {
    TfLiteOpaqueTensorBuilder* b = TfLiteOpaqueTensorBuilderCreate();
    EXPECT_EQ(TfLiteOpaqueContextAddTensor(c, b, &added), kTfLiteError);  // of no allocation type
    EXPECT_EQ(TfLiteOpaqueTensorBuilderSetAllocationType(b, kTfLiteDynamic), b);
    EXPECT_EQ(TfLiteOpaqueContextAddTensor(c, b, &added), kTfLiteError);  // without bytes
    EXPECT_EQ(TfLiteOpaqueTensorBuilderSetData(b, std::malloc(4)), b);
    EXPECT_EQ(TfLiteOpaqueTensorBuilderSetType(b, kTfLiteInt32), b);
    EXPECT_EQ(TfLiteOpaqueContextAddTensor(c, b, &dynamic), kTfLiteOk);
    TfLiteOpaqueTensorBuilderSetAllocationType(b, kTfLiteArenaRw);
    EXPECT_EQ(TfLiteOpaqueContextAddTensor(c, b, &added), kTfLiteError);  // with bytes
    TfLiteOpaqueTensorBuilderSetData(b, nullptr);
    EXPECT_EQ(TfLiteOpaqueTensorBuilderSetType(b, kTfLiteFloat32), b);
    EXPECT_EQ(TfLiteOpaqueTensorBuilderSetQuantizationParams(b, {0.25f, 1}), b);
    EXPECT_EQ(TfLiteOpaqueTensorBuilderSetQuantization(b, {kTfLiteNoQuantization, nullptr}), b);
    EXPECT_EQ(TfLiteOpaqueContextAddTensor(c, b, &added), kTfLiteOk);
    TfLiteOpaqueTensorBuilderDelete(b);
    TfLiteOpaqueTensor* t = TfLiteOpaqueContextGetOpaqueTensor(c, added);
    EXPECT_EQ(TfLiteOpaqueTensorGetQuantizationParams(t).scale, 0.25f);
    TfLiteIntArray* dims = TfLiteIntArrayCreate(1);
    dims->data[0] = 4;
    EXPECT_EQ(TfLiteOpaqueContextResizeTensor(c, t, dims), kTfLiteOk);
    EXPECT_EQ(TfLiteOpaqueNodeSetTemporaries(n, &added, -1), kTfLiteError);
    EXPECT_EQ(TfLiteOpaqueNodeSetTemporaries(n, &added, 1), kTfLiteOk);
    return same_shape(c, n);
  };
  own.invoke = [&](Context* c, Node* n) {
    const int* list = nullptr;
    int count = 0;
    EXPECT_EQ(TfLiteOpaqueNodeTemporaries(n, &list, &count), kTfLiteOk);
    EXPECT_EQ(std::vector<int>(list, list + count), std::vector<int>{added});
    TfLiteOpaqueTensor* t = TfLiteOpaqueContextGetOpaqueTensor(c, added);
    const Floats fives(4, 5);
    TF_LITE_ENSURE_STATUS(TfLiteOpaqueTensorCopyFromBuffer(t, fives.data(), 16));
    return add_to(c, n, *static_cast<float*>(TfLiteOpaqueTensorData(t)));
  };
  Client c(one());
  add(c, own);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{6, 7, 8, 9})) << c.lines.text;
}

TEST(TfLiteOpaque, Strings) {
  Own1 own;
  own.prepare = [](Context* c, Node* n) {
    TfLiteOpaqueTensorSetAllocationTypeToDynamic(TfLiteOpaqueNodeGetOutput(c, n, 0));
    return kTfLiteOk;
  };
  own.invoke = [](Context* c, Node* n) {
    TfLiteOpaqueTensor* out = TfLiteOpaqueNodeGetOutput(c, n, 0);
    const char* words[] = {"three", "", "words"};
    const int lengths[] = {5, 0, 5}, wrong[] = {5, -1, 5};
    EXPECT_EQ(TfLiteOpaqueTensorWriteStrings(out, words, 3, wrong), kTfLiteError);
    EXPECT_EQ(TfLiteOpaqueTensorWriteStrings(out, nullptr, 3, lengths), kTfLiteError);
    EXPECT_EQ(TfLiteOpaqueTensorWriteString(TfLiteOpaqueContextGetOpaqueTensor(c, 0), "x", 1),
              kTfLiteError);  // no tensor of strings
    EXPECT_EQ(TfLiteOpaqueTensorWriteString(out, "one", 3), kTfLiteOk);
    EXPECT_EQ(TfLiteOpaqueTensorGetStringCount(out), 1);
    TF_LITE_ENSURE_STATUS(TfLiteOpaqueTensorWriteStrings(out, words, 3, lengths));
    const char* at = nullptr;
    int length = 0;
    EXPECT_EQ(TfLiteOpaqueTensorGetStringCount(out), 3);
    EXPECT_EQ(TfLiteOpaqueTensorGetString(out, 2, &at, &length), kTfLiteOk);
    EXPECT_EQ(std::string(at, static_cast<size_t>(length)), "words");
    EXPECT_EQ(TfLiteOpaqueTensorGetString(out, 3, &at, &length), kTfLiteError);
    EXPECT_EQ(TfLiteOpaqueTensorGetString(out, -1, &at, &length), kTfLiteError);
    return kTfLiteOk;
  };
  ModelBuilder b;
  const int in = b.tensor(kFour), out = b.tensor({.type = Type::kString, .shape = Shape::of(1)});
  b.node("Own", {in}, {out});
  b.inputs({in});
  b.outputs({out});
  Client c(b);
  add(c, own);
  ASSERT_NE(c.create(), nullptr) << c.lines.text;
  ASSERT_EQ(c.allocate(), kTfLiteOk) << c.lines.text;
  for (int i = 0; i < 2; ++i) {
    c.set<float>({1, 2, 3, 4});
    ASSERT_EQ(c.invoke(), kTfLiteOk) << c.lines.text;
    EXPECT_EQ(TfLiteTensorDim(c.output(), 0), 3);
    const auto* t = reinterpret_cast<const TfLiteOpaqueTensor*>(c.output());
    const char* at = nullptr;
    int length = 0;
    ASSERT_EQ(TfLiteOpaqueTensorGetString(t, 0, &at, &length), kTfLiteOk);
    EXPECT_EQ(std::string(at, static_cast<size_t>(length)), "three");
  }
}

// ---- delegates

// Claims some ABS and computes in + 100 instead.
struct Adder {
  bool (*wants)(int node) = [](int) { return true; };
  TfLiteStatus looks = kTfLiteOk, prepares = kTfLiteOk, runs = kTfLiteOk;
  int alive = 0;
  TfLiteOpaqueDelegate* delegate = nullptr;

  Adder() {
    TfLiteOpaqueDelegateBuilder b = {};
    b.data = this;
    b.Prepare = look;
    delegate = TfLiteOpaqueDelegateCreate(&b);
  }
  ~Adder() { TfLiteOpaqueDelegateDelete(delegate); }

  static TfLiteStatus look(Context* c, TfLiteOpaqueDelegate* d, void* data) {
    auto& self = *static_cast<Adder*>(data);
    EXPECT_EQ(TfLiteOpaqueDelegateGetData(d), data);
    TfLiteIntArray* plan = nullptr;
    TF_LITE_ENSURE_STATUS(TfLiteOpaqueContextGetExecutionPlan(c, &plan));
    Own<TfLiteIntArray> nodes(TfLiteIntArrayCopy(plan));
    nodes->size = 0;
    for (int i = 0; i < plan->size; ++i) {
      Node* node = nullptr;
      TfLiteOperator* op = nullptr;
      TF_LITE_ENSURE_STATUS(
          TfLiteOpaqueContextGetNodeAndRegistration(c, plan->data[i], &node, &op));
      EXPECT_EQ(TfLiteOperatorGetBuiltInCode(op), kTfLiteBuiltinAbs);
      EXPECT_EQ(TfLiteOperatorGetCustomName(op), nullptr);
      EXPECT_EQ(TfLiteOperatorGetVersion(op), 1);
      if (self.wants(plan->data[i])) nodes->data[nodes->size++] = plan->data[i];
    }
    Node* node = nullptr;
    TfLiteOperator* op = nullptr;
    EXPECT_EQ(TfLiteOpaqueContextGetNodeAndRegistration(c, 99, &node, &op), kTfLiteError);
    const TfLiteStatus taken =
        TfLiteOpaqueContextReplaceNodeSubsetsWithDelegateKernels(c, self.kernel(), nodes.get(), d);
    return self.looks == kTfLiteOk ? taken : self.looks;
  }

  // Left to the interpreter, which ends it.
  TfLiteOperator* kernel() {
    TfLiteOperator* op = TfLiteOperatorCreate(kTfLiteBuiltinDelegate, "Adder", 1, this);
    TfLiteOperatorSetInitWithData(
        op, [](void* self, Context* c, const char* buffer, size_t) -> void* {
          const auto& p = *reinterpret_cast<const TfLiteOpaqueDelegateParams*>(buffer);
          EXPECT_EQ(p.delegate_data, self);
          EXPECT_EQ(p.delegate, static_cast<Adder*>(self)->delegate);
          EXPECT_GE(p.nodes_to_replace->size, 1);
          EXPECT_EQ(p.input_tensors->size, 1);
          EXPECT_EQ(p.output_tensors->size, 1);
          Node* node = nullptr;
          TfLiteOperator* replaced = nullptr;
          EXPECT_EQ(TfLiteOpaqueContextGetNodeAndRegistration(c, p.nodes_to_replace->data[0], &node,
                                                              &replaced),
                    kTfLiteOk);
          ++static_cast<Adder*>(self)->alive;
          return self;
        });
    TfLiteOperatorSetFreeWithData(op, [](void* self, Context*, void* data) {
      EXPECT_EQ(data, self);
      --static_cast<Adder*>(self)->alive;
    });
    TfLiteOperatorSetPrepareWithData(
        op, [](void* self, Context*, Node*) { return static_cast<Adder*>(self)->prepares; });
    TfLiteOperatorSetInvokeWithData(op, [](void* self, Context* c, Node* n) {
      const TfLiteStatus status = add_to(c, n, 100);
      return static_cast<Adder*>(self)->runs == kTfLiteOk ? status : kTfLiteError;
    });
    return op;
  }
};

void add(Client& c, Adder& d) {
  TfLiteInterpreterOptionsAddDelegate(c.options.get(),
                                      reinterpret_cast<TfLiteDelegate*>(d.delegate));
}

TEST(TfLiteOpaque, DelegatesOfAllNoneAndEveryOtherNode) {
  struct Case {
    bool (*wants)(int);
    Floats result;
    int kernels;
  };
  const Case cases[] = {{[](int) { return true; }, {99, 98, 97, 96}, 1},
                        {[](int) { return false; }, {1, 2, 3, 4}, 0},
                        {[](int i) { return i % 2 == 0; }, {199, 198, 197, 196}, 2}};
  for (const Case& expected : cases) {
    Adder d;
    d.wants = expected.wants;
    {
      Client c(chain(3, fb::BuiltinOperator::ABS));
      add(c, d);
      EXPECT_EQ(c.run<float>({-1, -2, -3, -4}), expected.result) << c.lines.text;
      EXPECT_EQ(d.alive, expected.kernels);
      const int two[] = {2};  // the delegate looks again
      ASSERT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, two, 1), kTfLiteOk);
      EXPECT_EQ(c.run<float>({-1, -2}),
                Floats(expected.result.begin(), expected.result.begin() + 2))
          << c.lines.text;
      EXPECT_EQ(d.alive, expected.kernels);
    }
    EXPECT_EQ(d.alive, 0);
  }
}

TEST(TfLiteOpaque, DelegatesThatFail) {
  for (const bool fallback : {false, true}) {
    for (TfLiteStatus Adder::*where : {&Adder::looks, &Adder::prepares, &Adder::runs}) {
      Adder d;
      d.*where = kTfLiteError;
      Client c(chain(3, fb::BuiltinOperator::ABS));
      TfLiteInterpreterOptionsSetEnableDelegateFallback(c.options.get(), fallback);
      add(c, d);
      const bool created = c.create() != nullptr;
      EXPECT_EQ(created, fallback || where == &Adder::runs) << c.lines.text;
      EXPECT_FALSE(c.lines.text.empty() && where != &Adder::runs);
      if (!created) continue;
      ASSERT_EQ(c.allocate(), kTfLiteOk) << c.lines.text;
      c.set<float>({-1, -2, -3, -4});
      EXPECT_EQ(c.invoke(), where != &Adder::runs ? kTfLiteOk : kTfLiteDelegateError);
      if (fallback) {
        EXPECT_EQ(c.get<float>(), (Floats{1, 2, 3, 4}));
      }
    }
  }
}

TEST(TfLiteOpaque, DelegatesSeeOtherSubgraphs) {
  ModelBuilder b = chain(1, fb::BuiltinOperator::ABS);
  b.begin_subgraph();
  const int in = b.tensor(kFour), out = b.tensor(kFour);
  b.builtin_node(fb::BuiltinOperator::NEG, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  b.signature("main", 0, {{"x", 0}}, {{"y", 1}});
  b.signature("other", 1, {{"x", 0}}, {{"y", 1}});
  for (const bool skip : {false, true}) {
    int looks = 0;
    struct Looker {
      int* looks;
      bool skip;
    } looker = {&looks, skip};
    TfLiteOpaqueDelegateBuilder builder = {};
    builder.data = &looker;
    builder.Prepare = [](Context* c, TfLiteOpaqueDelegate*, void* data) {
      auto& self = *static_cast<Looker*>(data);
      if (++*self.looks > 1) return kTfLiteOk;
      Context* other = nullptr;
      EXPECT_EQ(TfLiteOpaqueContextAcquireSubgraphContext(c, 2, &other), kTfLiteError);
      EXPECT_EQ(TfLiteOpaqueContextAcquireSubgraphContext(c, 1, &other), kTfLiteOk);
      Node* node = nullptr;
      TfLiteOperator* op = nullptr;
      EXPECT_EQ(TfLiteOpaqueContextGetNodeAndRegistration(other, 0, &node, &op), kTfLiteOk);
      EXPECT_EQ(TfLiteOperatorGetBuiltInCode(op), kTfLiteBuiltinNeg);
      EXPECT_EQ(TfLiteOpaqueContextReleaseSubgraphContext(c, 1), kTfLiteOk);
      EXPECT_EQ(TfLiteOpaqueContextMarkSubgraphAsDelegationSkippable(c, 0), kTfLiteError);
      EXPECT_EQ(TfLiteOpaqueContextMarkSubgraphAsDelegationSkippable(c, 2), kTfLiteError);
      if (!self.skip) return kTfLiteOk;
      return TfLiteOpaqueContextMarkSubgraphAsDelegationSkippable(c, 1);
    };
    TfLiteOpaqueDelegate* d = TfLiteOpaqueDelegateCreate(&builder);
    {
      Client c(b);
      TfLiteInterpreterOptionsAddDelegate(c.options.get(), reinterpret_cast<TfLiteDelegate*>(d));
      ASSERT_NE(c.create(), nullptr) << c.lines.text;
      EXPECT_EQ(c.allocate(), kTfLiteOk);
      EXPECT_EQ(looks, skip ? 1 : 2);
    }
    TfLiteOpaqueDelegateDelete(d);
  }
}

TEST(TfLiteOpaque, NullHandles) {
  const int* list = nullptr;
  const void* data = nullptr;
  const char* text = nullptr;
  int number = 0;
  size_t bytes = 0;
  EXPECT_EQ(TfLiteOpaqueTensorType(nullptr), kTfLiteNoType);
  EXPECT_EQ(TfLiteOpaqueTensorNumDims(nullptr), -1);
  EXPECT_EQ(TfLiteOpaqueTensorDim(nullptr, 0), -1);
  EXPECT_EQ(TfLiteOpaqueTensorGetNumDimsSignature(nullptr, &number), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueTensorGetDimSignature(nullptr, 0, &number), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueTensorIsVariable(nullptr), 0);
  EXPECT_EQ(TfLiteOpaqueTensorByteSize(nullptr), 0u);
  EXPECT_EQ(TfLiteOpaqueTensorData(nullptr), nullptr);
  EXPECT_EQ(TfLiteOpaqueTensorName(nullptr), nullptr);
  EXPECT_EQ(TfLiteOpaqueTensorGetAllocationType(nullptr), kTfLiteMemNone);
  EXPECT_EQ(TfLiteOpaqueTensorGetQuantization(nullptr).params, nullptr);
  EXPECT_EQ(TfLiteOpaqueTensorGetStringCount(nullptr), -1);
  EXPECT_EQ(TfLiteOpaqueTensorWriteString(nullptr, "", 0), kTfLiteError);
  TfLiteOpaqueTensorSetAllocationTypeToDynamic(nullptr);
  TfLiteOpaqueTensorBuilderDelete(nullptr);
  EXPECT_EQ(TfLiteOpaqueTensorBuilderSetType(nullptr, kTfLiteInt8), nullptr);
  EXPECT_EQ(TfLiteOpaqueNodeGetInput(nullptr, nullptr, 0), nullptr);
  EXPECT_EQ(TfLiteOpaqueNodeGetOutput(nullptr, nullptr, 0), nullptr);
  EXPECT_EQ(TfLiteOpaqueNodeNumberOfInputs(nullptr), 0);
  EXPECT_EQ(TfLiteOpaqueNodeNumberOfOutputs(nullptr), 0);
  EXPECT_EQ(TfLiteOpaqueNodeGetUserData(nullptr), nullptr);
  EXPECT_EQ(TfLiteOpaqueNodeGetBuiltinData(nullptr), nullptr);
  EXPECT_EQ(TfLiteOpaqueNodeGetCustomInitialData(nullptr, &data, &number), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueNodeInputs(nullptr, &list, &number), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueNodeSetTemporaries(nullptr, &number, 1), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueNodeGetInputTensorIndex(nullptr, 0), -1);
  EXPECT_EQ(TfLiteOpaqueContextGetExecutionPlan(nullptr, nullptr), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueContextGetNodeAndRegistration(nullptr, 0, nullptr, nullptr), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueContextGetOpaqueTensor(nullptr, 0), nullptr);
  EXPECT_EQ(TfLiteOpaqueContextGetInputs(nullptr, &list, &number), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueContextGetNumNodes(nullptr), 0u);
  EXPECT_EQ(TfLiteOpaqueContextGetNumTensors(nullptr), 0u);
  EXPECT_EQ(TfLiteOpaqueContextGetName(nullptr), nullptr);
  EXPECT_EQ(TfLiteOpaqueContextResizeTensor(nullptr, nullptr, TfLiteIntArrayCreate(1)),
            kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueContextAddTensor(nullptr, nullptr, &number), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueContextGetSizeOfType(nullptr, kTfLiteInt8, &bytes), kTfLiteError);
  EXPECT_EQ(TfLiteOpaqueContextGetMetadata(nullptr, "", &text, &bytes), kTfLiteError);
  TfLiteOpaqueContextReportError(nullptr, "nobody hears %d", 1);
}

}  // namespace
}  // namespace pipit::test
