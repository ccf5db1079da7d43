// SPDX-License-Identifier: Apache-2.0
// Operators that programs wrote for TensorFlow Lite.
#include <cstring>

#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

using Floats = std::vector<float>;

// One operator of the application, from four floats to as many.
ModelBuilder one(const std::string& op, const std::vector<uint8_t>& options = {}) {
  ModelBuilder b;
  const int in = b.tensor(kFour), out = b.tensor(kFour);
  b.node(op, {in}, {out}, options);
  b.inputs({in});
  b.outputs({out});
  return b;
}

TfLiteTensor* in_of(TfLiteContext* c, const TfLiteNode* n) {
  return &c->tensors[n->inputs->data[0]];
}
TfLiteTensor* out_of(TfLiteContext* c, const TfLiteNode* n) {
  return &c->tensors[n->outputs->data[0]];
}

TfLiteStatus same_shape(TfLiteContext* c, TfLiteNode* n) {
  TF_LITE_ENSURE_EQ(c, n->inputs->size, 1);
  TF_LITE_ENSURE_TYPES_EQ(c, in_of(c, n)->type, kTfLiteFloat32);
  return c->ResizeTensor(c, out_of(c, n), TfLiteIntArrayCopy(in_of(c, n)->dims));
}

// out = in * the byte in the options.
struct Scale {
  static int alive;
  static void* init(TfLiteContext*, const char* buffer, size_t length) {
    ++alive;
    return new float(length == 0 ? 1 : static_cast<float>(buffer[0]));
  }
  static void free(TfLiteContext*, void* data) {
    --alive;
    delete static_cast<float*>(data);
  }
  static TfLiteStatus invoke(TfLiteContext* c, TfLiteNode* n) {
    const float by = *static_cast<float*>(n->user_data);
    for (size_t i = 0; i < in_of(c, n)->bytes / 4; ++i) {
      out_of(c, n)->data.f[i] = in_of(c, n)->data.f[i] * by;
    }
    return kTfLiteOk;
  }
  static TfLiteRegistration registration() {
    TfLiteRegistration r = {};
    r.init = init;
    r.free = free;
    r.prepare = same_shape;
    r.invoke = invoke;
    return r;
  }
};
int Scale::alive = 0;

void add(Client& c, const char* name, const TfLiteRegistration& r, int min = 1, int max = 1) {
  TfLiteInterpreterOptionsAddCustomOp(c.options.get(), name, &r, min, max);
}

TEST(TfLiteCustom, RunsAndLivesAsLongAsTheInterpreter) {
  Client c(one("Scale", {3}));
  add(c, "Scale", Scale::registration());
  ASSERT_NE(c.create(), nullptr) << c.lines.text;
  EXPECT_EQ(Scale::alive, 1);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{3, 6, 9, 12})) << c.lines.text;
  const int two[] = {2};
  ASSERT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, two, 1), kTfLiteOk);
  EXPECT_EQ(c.run<float>({5, 6}), (Floats{15, 18})) << c.lines.text;
  EXPECT_EQ(Scale::alive, 1);
  c.net.reset();
  EXPECT_EQ(Scale::alive, 0);
}

TEST(TfLiteCustom, BetweenOperatorsOfPipit) {
  ModelBuilder b;
  const int in = b.tensor(kFour), mid = b.tensor(kFour), two = b.tensor(kFour),
            out = b.tensor(kFour);
  b.builtin_node(fb::BuiltinOperator::ABS, {in}, {mid});
  b.node("Scale", {mid}, {two}, {2});
  b.builtin_node(fb::BuiltinOperator::NEG, {two}, {out});
  b.inputs({in});
  b.outputs({out});
  Client c(b);
  add(c, "Scale", Scale::registration());
  EXPECT_EQ(c.run<float>({1, -2, 3, -4}), (Floats{-2, -4, -6, -8})) << c.lines.text;
}

TEST(TfLiteCustom, OnlyItsVersions) {
  for (const bool fits : {true, false}) {
    Client c(one("Scale"));
    add(c, "Scale", Scale::registration(), fits ? 1 : 2, 3);
    ASSERT_NE(c.create(), nullptr);
    EXPECT_EQ(c.allocate(), fits ? kTfLiteOk : kTfLiteUnresolvedOps);
  }
}

TEST(TfLiteCustom, InPlaceOfABuiltinOperator) {
  ModelBuilder b;
  const int in = b.tensor(kFour), out = b.tensor(kFour);
  b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  Client c(b);
  TfLiteRegistration r = Scale::registration();
  r.init = [](TfLiteContext*, const char*, size_t) -> void* {
    ++Scale::alive;
    return new float(5);
  };
  TfLiteInterpreterOptionsAddBuiltinOp(c.options.get(), kTfLiteBuiltinAbs, &r, 1, 5);
  EXPECT_EQ(c.run<float>({-1, 1, 2, 3}), (Floats{-5, 5, 10, 15})) << c.lines.text;
}

TEST(TfLiteCustom, SelectedOperatorsAreAllThereAre) {
  Client c(one("Scale", {2}));
  add(c, "Scale", Scale::registration());
  c.net.reset(TfLiteInterpreterCreateWithSelectedOps(c.model.get(), c.options.get()));
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{2, 4, 6, 8})) << c.lines.text;
  ModelBuilder b;
  const int in = b.tensor(kFour), out = b.tensor(kFour);
  b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  Client without(b);
  EXPECT_EQ(TfLiteInterpreterCreateWithSelectedOps(without.model.get(), without.options.get()),
            nullptr);
  EXPECT_TRUE(without.lines.contain("ABS")) << without.lines.text;
}

TEST(TfLiteCustom, FoundByFunctions) {
  static TfLiteRegistration r = Scale::registration();
  static TfLiteRegistration_V1 old = {};
  std::memcpy(&old, &r, sizeof(old));
  Client c(one("Scale", {2})), d(one("Scale", {4}));
  TfLiteInterpreterOptionsSetOpResolver(
      c.options.get(), nullptr,
      [](void* user, const char* op, int) -> const TfLiteRegistration* {
        return std::strcmp(op, "Scale") == 0 ? static_cast<TfLiteRegistration*>(user) : nullptr;
      },
      &r);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{2, 4, 6, 8})) << c.lines.text;
  TfLiteInterpreterOptionsSetOpResolverV1(
      d.options.get(), nullptr,
      [](void* user, const char*, int) -> const TfLiteRegistration_V1* {
        return static_cast<TfLiteRegistration_V1*>(user);
      },
      &old);
  EXPECT_EQ(d.run<float>({1, 2, 3, 4}), (Floats{4, 8, 12, 16})) << d.lines.text;
}

// Running sums, by way of a temporary and of bytes that are kept.
struct Sums {
  struct Data {
    int first = -1;
    int* runs = nullptr;
  };
  static void* init(TfLiteContext* c, const char*, size_t) {
    auto* data = new Data;
    c->AddTensors(c, 2, &data->first);
    data->runs = static_cast<int*>(c->AllocatePersistentBuffer(c, sizeof(int)));
    return data;
  }
  static void free(TfLiteContext*, void* data) { delete static_cast<Data*>(data); }
  static TfLiteStatus prepare(TfLiteContext* c, TfLiteNode* n) {
    const auto& data = *static_cast<Data*>(n->user_data);
    TfLiteIntArrayFree(n->temporaries);
    n->temporaries = TfLiteIntArrayCreate(2);
    const TfLiteAllocationType types[] = {kTfLiteArenaRw, kTfLiteArenaRwPersistent};
    for (int i = 0; i < 2; ++i) {
      n->temporaries->data[i] = data.first + i;
      TfLiteTensor* t = &c->tensors[data.first + i];
      t->type = kTfLiteFloat32;
      t->allocation_type = types[i];
      TF_LITE_ENSURE_OK(c, c->ResizeTensor(c, t, TfLiteIntArrayCopy(in_of(c, n)->dims)));
    }
    return same_shape(c, n);
  }
  static TfLiteStatus invoke(TfLiteContext* c, TfLiteNode* n) {
    const auto& data = *static_cast<Data*>(n->user_data);
    float* scratch = c->tensors[data.first].data.f;
    float* kept = c->tensors[data.first + 1].data.f;
    for (int i = 0; i < 4; ++i) scratch[i] = in_of(c, n)->data.f[i];
    for (int i = 0; i < 4; ++i) out_of(c, n)->data.f[i] = kept[i] += scratch[i];
    ++*data.runs;
    out_of(c, n)->data.f[3] = static_cast<float>(*data.runs);
    return kTfLiteOk;
  }
};

TEST(TfLiteCustom, HasTemporaries) {
  Client c(one("Sums"));
  TfLiteRegistration r = {};
  r.init = Sums::init;
  r.free = Sums::free;
  r.prepare = Sums::prepare;
  r.invoke = Sums::invoke;
  add(c, "Sums", r);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{1, 2, 3, 1})) << c.lines.text;
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{2, 4, 6, 2})) << c.lines.text;
}

// The numbers of the input that are not 0: only the computation knows how many.
TfLiteStatus prepare_nonzero(TfLiteContext* c, TfLiteNode* n) {
  out_of(c, n)->allocation_type = kTfLiteDynamic;
  out_of(c, n)->data.raw = nullptr;
  return kTfLiteOk;
}

TfLiteStatus run_nonzero(TfLiteContext* c, TfLiteNode* n) {
  const TfLiteTensor* in = in_of(c, n);
  int count = 0;
  for (int i = 0; i < 4; ++i) count += in->data.f[i] != 0 ? 1 : 0;
  TfLiteIntArray* dims = TfLiteIntArrayCreate(1);
  dims->data[0] = count;
  TF_LITE_ENSURE_STATUS(c->ResizeTensor(c, out_of(c, n), dims));
  for (int i = 0, to = 0; i < 4; ++i) {
    if (in->data.f[i] != 0) out_of(c, n)->data.f[to++] = in->data.f[i];
  }
  return kTfLiteOk;
}

TEST(TfLiteCustom, HasOutputsOfUnknownSize) {
  ModelBuilder b;
  const int in = b.tensor(kFour), mid = b.tensor(kFour), out = b.tensor(kFour);
  b.node("NonZero", {in}, {mid});
  b.builtin_node(fb::BuiltinOperator::NEG, {mid}, {out});
  b.inputs({in});
  b.outputs({out, mid});
  Client c(b);
  TfLiteRegistration r = {};
  r.prepare = prepare_nonzero;
  r.invoke = run_nonzero;
  add(c, "NonZero", r);
  EXPECT_EQ(c.run<float>({0, 2, 0, 4}), (Floats{-2, -4})) << c.lines.text;
  EXPECT_EQ(TfLiteTensorDim(c.output(), 0), 2);
  EXPECT_EQ(c.get<float>(1), (Floats{2, 4}));
  EXPECT_EQ(c.run<float>({1, 2, 3, 0}), (Floats{-1, -2, -3})) << c.lines.text;
  EXPECT_EQ(c.run<float>({0, 0, 0, 0}), Floats()) << c.lines.text;
}

TEST(TfLiteCustom, FailuresAreReported) {
  const auto fails = [](TfLiteRegistration r, const char* words, const std::string& where) {
    Client c(one("Broken"));
    add(c, "Broken", r);
    if (c.create() == nullptr) {
      EXPECT_EQ(where, "init") << c.lines.text;
    } else if (c.allocate() != kTfLiteOk) {
      EXPECT_EQ(where, "prepare") << c.lines.text;
    } else {
      EXPECT_EQ(c.invoke(), kTfLiteError);
      EXPECT_EQ(where, "invoke");
    }
    EXPECT_TRUE(c.lines.contain("Broken")) << c.lines.text;
    EXPECT_TRUE(c.lines.contain(words)) << c.lines.text;
  };
  TfLiteRegistration r = Scale::registration();
  r.init = [](TfLiteContext*, const char*, size_t) { return TfLiteKernelInitFailed(); };
  fails(r, "init", "init");
  r = Scale::registration();
  r.prepare = [](TfLiteContext* c, TfLiteNode*) {
    TF_LITE_ENSURE_MSG(c, false, "does not like %d", 7);
    return kTfLiteOk;
  };
  fails(r, "does not like 7", "prepare");
  r.prepare = [](TfLiteContext* c, TfLiteNode* n) {
    return c->ResizeTensor(c, out_of(c, n), TfLiteIntArrayCreate(9));
  };
  fails(r, "resized", "prepare");
  r = Scale::registration();
  r.invoke = [](TfLiteContext*, TfLiteNode*) { return kTfLiteError; };
  fails(r, "status 1", "invoke");
  r.invoke = nullptr;
  fails(r, "status 1", "invoke");
  r.invoke = [](TfLiteContext* c, TfLiteNode* n) {
    TfLiteIntArray* dims = TfLiteIntArrayCreate(1);
    dims->data[0] = 1000;
    return c->ResizeTensor(c, out_of(c, n), dims);
  };
  fails(r, "dynamic", "invoke");
}

// Bytes are not freed twice when the program asks again after a failure.
TEST(TfLiteCustom, FailsAgainAndAgain) {
  Client c(one("NonZero"));
  TfLiteRegistration r = {};
  r.prepare = prepare_nonzero;
  r.invoke = [](TfLiteContext* context, TfLiteNode* n) {
    run_nonzero(context, n);
    return kTfLiteError;
  };
  add(c, "NonZero", r);
  ASSERT_NE(c.create(), nullptr);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(c.allocate(), kTfLiteOk) << c.lines.text;
    c.set<float>({1, 2, 3, 4});
    EXPECT_EQ(c.invoke(), kTfLiteError);
  }
}

TEST(TfLiteCustom, SeesNoGraph) {
  Client c(one("Curious"));
  TfLiteRegistration r = Scale::registration();
  r.prepare = [](TfLiteContext* context, TfLiteNode* n) {
    TfLiteIntArray* plan = nullptr;
    EXPECT_EQ(context->GetExecutionPlan(context, &plan), kTfLiteError);
    EXPECT_EQ(context->GetNodeAndRegistration(context, 0, nullptr, nullptr), kTfLiteError);
    EXPECT_EQ(context->GetTensor(context, 99), nullptr);
    EXPECT_EQ(context->GetExternalContext(context, kTfLiteEdgeTpuContext), nullptr);
    const char* data = nullptr;
    size_t bytes = 0;
    EXPECT_EQ(context->GetModelMetadata(context, "none", &data, &bytes), kTfLiteError);
    EXPECT_EQ(context->AddTensors(context, 1 << 30, nullptr), kTfLiteError);
    return same_shape(context, n);
  };
  add(c, "Curious", r);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{1, 2, 3, 4})) << c.lines.text;
}

// The first of two operators cancels; the second is not begun.
TEST(TfLiteCustom, CancelsWhatRuns) {
  ModelBuilder b;
  const int in = b.tensor(kFour), mid = b.tensor(kFour), out = b.tensor(kFour);
  b.node("Cancel", {in}, {mid});
  b.node("Scale", {mid}, {out});
  b.inputs({in});
  b.outputs({out});
  static TfLiteInterpreter* running = nullptr;
  static TfLiteStatus cancelled = kTfLiteOk;
  TfLiteRegistration r = Scale::registration();
  r.invoke = [](TfLiteContext*, TfLiteNode*) {
    cancelled = TfLiteInterpreterCancel(running);
    return kTfLiteOk;
  };
  for (const bool enabled : {false, true}) {
    Client c(b);
    add(c, "Cancel", r);
    add(c, "Scale", Scale::registration());
    ASSERT_EQ(TfLiteInterpreterOptionsEnableCancellation(c.options.get(), enabled), kTfLiteOk);
    running = c.create();
    ASSERT_EQ(c.allocate(), kTfLiteOk);
    c.set<float>({1, 2, 3, 4});
    EXPECT_EQ(c.invoke(), enabled ? kTfLiteCancelled : kTfLiteOk) << c.lines.text;
    EXPECT_EQ(cancelled, enabled ? kTfLiteOk : kTfLiteError);
  }
  EXPECT_EQ(TfLiteInterpreterOptionsEnableCancellation(nullptr, true), kTfLiteError);
}

// The same operator in the form that hides the structs.
TEST(TfLiteCustom, AsAnOpaqueObject) {
  static int user = 6;
  Own<TfLiteOperator> op(TfLiteOperatorCreate(kTfLiteBuiltinCustom, "Times", 1, &user));
  EXPECT_STREQ(TfLiteOperatorGetCustomName(op.get()), "Times");
  EXPECT_EQ(TfLiteOperatorGetVersion(op.get()), 1);
  EXPECT_EQ(TfLiteOperatorGetUserData(op.get()), &user);
  EXPECT_EQ(TfLiteOperatorGetBuiltInCode(op.get()), kTfLiteBuiltinCustom);
  TfLiteOperatorSetPrepare(op.get(), [](TfLiteOpaqueContext* c, TfLiteOpaqueNode* n) {
    return same_shape(reinterpret_cast<TfLiteContext*>(c), reinterpret_cast<TfLiteNode*>(n));
  });
  TfLiteOperatorSetInvokeWithData(
      op.get(), [](void* data, TfLiteOpaqueContext* c, TfLiteOpaqueNode* n) {
        auto* context = reinterpret_cast<TfLiteContext*>(c);
        auto* node = reinterpret_cast<TfLiteNode*>(n);
        const auto by = static_cast<float>(*static_cast<int*>(data));
        for (int i = 0; i < 4; ++i) {
          out_of(context, node)->data.f[i] = in_of(context, node)->data.f[i] * by;
        }
        return kTfLiteOk;
      });
  Client c(one("Times"));
  TfLiteInterpreterOptionsAddOperator(c.options.get(), op.get());
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{6, 12, 18, 24})) << c.lines.text;
  c.net.reset();
}

}  // namespace
}  // namespace pipit::test
