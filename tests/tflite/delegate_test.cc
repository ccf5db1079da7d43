// SPDX-License-Identifier: Apache-2.0
// Delegates that programs wrote for TensorFlow Lite: those that claim all nodes, none, every other
// one, and those that fail.
#include <algorithm>
#include <cstring>

#include "tensorflow/lite/builtin_op_data.h"
#include "tests/core/bounded.h"
#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

using Floats = std::vector<float>;

// Claims nodes by a rule; computes them: negates, and adds 100 for each part, so that its work can
// be told from Pipit's.
struct Negator {
  enum class Fails { kNowhere, kLooking, kInit, kPrepare, kInvoke };

  TfLiteDelegate delegate = TfLiteDelegateCreate();
  bool (*wants)(int node) = [](int) { return true; };
  Fails fails = Fails::kNowhere;
  bool keeps_handles = false;
  std::vector<int> sizes;  // of the parts of the last look, as previewed
  int looks = 0, alive = 0, prepared = 0, runs = 0, copies = 0, freed = 0;
  std::vector<float> buffer;

  Negator() {
    delegate.data_ = this;
    delegate.Prepare = look;
    delegate.CopyFromBufferHandle = copy_from;
    delegate.FreeBufferHandle = free_handle;
  }

  static Negator& of(TfLiteDelegate* d) { return *static_cast<Negator*>(d->data_); }

  static TfLiteStatus look(TfLiteContext* c, TfLiteDelegate* d) {
    Negator& self = of(d);
    ++self.looks;
    TfLiteIntArray* plan = nullptr;
    TF_LITE_ENSURE_STATUS(c->GetExecutionPlan(c, &plan));
    TfLiteIntArray* wanted = TfLiteIntArrayCreate(plan->size);
    wanted->size = 0;
    for (int i = 0; i < plan->size; ++i) {
      TfLiteNode* node = nullptr;
      TfLiteRegistration* op = nullptr;
      TF_LITE_ENSURE_STATUS(c->GetNodeAndRegistration(c, plan->data[i], &node, &op));
      EXPECT_EQ(c->tensors[node->inputs->data[0]].dims->size, 1);
      if (op->builtin_code != kTfLiteBuiltinNeg || !self.wants(plan->data[i])) continue;
      wanted->data[wanted->size++] = plan->data[i];
    }
    TfLiteDelegateParams* parts = nullptr;
    int count = 0;
    EXPECT_EQ(c->PreviewDelegatePartitioning(c, wanted, &parts, &count), kTfLiteOk);
    self.sizes.clear();
    for (int i = 0; i < count; ++i) self.sizes.push_back(parts[i].nodes_to_replace->size);
    const TfLiteStatus status =
        c->ReplaceNodeSubsetsWithDelegateKernels(c, registration(), wanted, d);
    TfLiteIntArrayFree(wanted);
    return self.fails == Fails::kLooking ? kTfLiteError : status;
  }

  struct Kernel {
    Negator* self;
    int nodes, in, out;
  };

  static TfLiteRegistration registration() {
    TfLiteRegistration r = {};
    r.custom_name = "Negator";
    r.init = [](TfLiteContext*, const char* buffer, size_t) -> void* {
      const auto& p = *reinterpret_cast<const TfLiteDelegateParams*>(buffer);
      Negator& self = of(p.delegate);
      if (self.fails == Fails::kInit) return TfLiteKernelInitFailed();
      ++self.alive;
      return new Kernel{&self, p.nodes_to_replace->size, p.input_tensors->data[0],
                        p.output_tensors->data[0]};
    };
    r.free = [](TfLiteContext*, void* data) {
      --static_cast<Kernel*>(data)->self->alive;
      delete static_cast<Kernel*>(data);
    };
    r.prepare = [](TfLiteContext*, TfLiteNode* n) {
      Negator& self = *static_cast<Kernel*>(n->user_data)->self;
      ++self.prepared;
      return self.fails == Fails::kPrepare ? kTfLiteError : kTfLiteOk;
    };
    r.invoke = run;
    return r;
  }

  static TfLiteStatus run(TfLiteContext* c, TfLiteNode* n) {
    const auto& k = *static_cast<Kernel*>(n->user_data);
    EXPECT_EQ(n->inputs->data[0], k.in);
    EXPECT_EQ(n->outputs->data[0], k.out);
    EXPECT_EQ(n->delegate, &k.self->delegate);
    ++k.self->runs;
    if (k.self->fails == Fails::kInvoke) return kTfLiteError;
    const TfLiteTensor& in = c->tensors[k.in];
    TfLiteTensor& out = c->tensors[k.out];
    const size_t count = in.bytes / sizeof(float);
    k.self->buffer.resize(count);
    float* to = k.self->keeps_handles ? k.self->buffer.data() : out.data.f;
    for (size_t i = 0; i < count; ++i) to[i] = (k.nodes % 2 == 0 ? 1.f : -1.f) * in.data.f[i] + 100;
    if (!k.self->keeps_handles) return kTfLiteOk;
    out.delegate = &k.self->delegate;
    out.buffer_handle = 7;
    out.data_is_stale = true;
    return kTfLiteOk;
  }

  static TfLiteStatus copy_from(TfLiteContext*, TfLiteDelegate* d, TfLiteBufferHandle handle,
                                TfLiteTensor* t) {
    EXPECT_EQ(handle, 7);
    ++of(d).copies;
    std::memcpy(t->data.raw, of(d).buffer.data(), t->bytes);
    return kTfLiteOk;
  }

  static void free_handle(TfLiteContext*, TfLiteDelegate* d, TfLiteBufferHandle* handle) {
    ++of(d).freed;
    *handle = kTfLiteNullBufferHandle;
  }
};

void add(Client& c, Negator& d) {
  TfLiteInterpreterOptionsAddDelegate(c.options.get(), &d.delegate);
}

TEST(TfLiteDelegates, ClaimAll) {
  Negator d;
  Client c(chain(5));
  add(c, d);
  ASSERT_NE(c.create(), nullptr) << c.lines.text;
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{99, 98, 97, 96})) << c.lines.text;
  EXPECT_EQ(d.sizes, std::vector<int>{5});
  EXPECT_EQ(d.alive, 1);
  EXPECT_EQ(d.runs, 1);
  c.net.reset();
  EXPECT_EQ(d.alive, 0);
}

TEST(TfLiteDelegates, ClaimNone) {
  Negator d;
  d.wants = [](int) { return false; };
  Client c(chain(3));
  add(c, d);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{-1, -2, -3, -4})) << c.lines.text;
  EXPECT_EQ(d.looks, 1);
  EXPECT_EQ(d.runs, 0);
}

TEST(TfLiteDelegates, ClaimEveryOther) {
  Negator d;
  d.wants = [](int node) { return node % 2 == 0; };
  Client c(chain(5));
  add(c, d);
  // x -> 100 - x -> x - 100 -> 200 - x -> x - 200 -> 300 - x
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{299, 298, 297, 296})) << c.lines.text;
  EXPECT_EQ(d.sizes, (std::vector<int>{1, 1, 1}));
  EXPECT_EQ(d.alive, 3);
  EXPECT_EQ(d.runs, 3);
}

TEST(TfLiteDelegates, LookAgainWhenShapesChange) {
  Negator d;
  Client c(chain(2));
  add(c, d);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{101, 102, 103, 104})) << c.lines.text;
  const int dims[] = {2};
  ASSERT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, dims, 1), kTfLiteOk);
  EXPECT_EQ(c.run<float>({5, 6}), (Floats{105, 106})) << c.lines.text;
  EXPECT_EQ(d.looks, 2);
  EXPECT_EQ(d.alive, 1);
}

TEST(TfLiteDelegates, OfAnyShapeAreOnlyPreparedAgain) {
  Negator d;
  d.delegate.flags = kTfLiteDelegateFlagsAllowDynamicTensors;
  Client c(chain(2));
  add(c, d);
  ASSERT_NE(c.create(), nullptr) << c.lines.text;
  EXPECT_EQ(c.invoke(), kTfLiteError);  // tensors have to be allocated first
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{101, 102, 103, 104})) << c.lines.text;
  const int dims[] = {2};
  const int before = d.prepared;
  ASSERT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, dims, 1), kTfLiteOk);
  EXPECT_EQ(c.run<float>({5, 6}), (Floats{105, 106})) << c.lines.text;
  EXPECT_EQ(d.looks, 1);
  EXPECT_GT(d.prepared, before);
}

TEST(TfLiteDelegates, TwoShareAModel) {
  Negator first, second;
  first.wants = [](int node) { return node == 0; };
  second.wants = [](int node) { return node == 2; };
  Client c(chain(4));
  add(c, first);
  add(c, second);
  // x -> 100 - x -> x - 100 -> 200 - x -> x - 200
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{-199, -198, -197, -196})) << c.lines.text;
  EXPECT_EQ(first.runs, 1);
  EXPECT_EQ(second.runs, 1);
}

TEST(TfLiteDelegates, ThatFailLeaveTheGraphAsItWas) {
  using Fails = Negator::Fails;
  for (const Fails where : {Fails::kLooking, Fails::kInit, Fails::kPrepare}) {
    Negator d;
    d.fails = where;
    Client c(chain(3));
    ASSERT_NE(c.create(), nullptr);
    EXPECT_EQ(TfLiteInterpreterModifyGraphWithDelegate(c.net.get(), &d.delegate),
              kTfLiteDelegateError)
        << c.lines.text;
    EXPECT_NE(c.lines.text, "");
    EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{-1, -2, -3, -4})) << c.lines.text;
    EXPECT_EQ(d.alive, 0);

    Negator options;
    options.fails = where;
    Client strict(chain(3));
    add(strict, options);
    EXPECT_EQ(strict.create(), nullptr);
    TfLiteInterpreterOptionsSetEnableDelegateFallback(strict.options.get(), true);
    EXPECT_EQ(strict.run<float>({1, 2, 3, 4}), (Floats{-1, -2, -3, -4})) << strict.lines.text;
  }
}

TEST(TfLiteDelegates, ThatFailWhileRunning) {
  for (const bool fallback : {false, true}) {
    Negator d;
    Client c(chain(3));
    add(c, d);
    TfLiteInterpreterOptionsSetEnableDelegateFallback(c.options.get(), fallback);
    ASSERT_NE(c.create(), nullptr);
    ASSERT_EQ(c.allocate(), kTfLiteOk);
    c.set<float>({1, 2, 3, 4});
    d.fails = Negator::Fails::kInvoke;
    EXPECT_EQ(c.invoke(), kTfLiteDelegateError);
    if (!fallback) continue;
    EXPECT_EQ(c.get<float>(), (Floats{-1, -2, -3, -4})) << c.lines.text;
    EXPECT_EQ(d.alive, 0);
    EXPECT_EQ(c.invoke(), kTfLiteOk);
  }
}

TEST(TfLiteDelegates, KeepOutputsInBuffersOfTheirOwn) {
  Negator d;
  d.keeps_handles = true;
  d.wants = [](int node) { return node == 0; };
  Client c(chain(2));
  add(c, d);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{-99, -98, -97, -96})) << c.lines.text;
  EXPECT_EQ(d.copies, 1);
  d.freed = 0;
  c.net.reset();
  EXPECT_EQ(d.freed, 1);

  Negator whole;
  whole.keeps_handles = true;
  Client all(chain(1));
  add(all, whole);
  ASSERT_NE(all.create(), nullptr);
  TfLiteSetAllowBufferHandleOutput(all.net.get(), true);
  ASSERT_EQ(all.allocate(), kTfLiteOk);
  all.set<float>({1, 2, 3, 4});
  ASSERT_EQ(all.invoke(), kTfLiteOk) << all.lines.text;
  EXPECT_TRUE(all.output()->data_is_stale);
  EXPECT_EQ(whole.copies, 0);
  const int out = TfLiteInterpreterGetOutputTensorIndex(all.net.get(), 0);
  EXPECT_EQ(TfLiteInterpreterEnsureTensorDataIsReadable(all.net.get(), out), kTfLiteOk);
  EXPECT_EQ(whole.copies, 1);
  EXPECT_EQ(all.get<float>(), (Floats{99, 98, 97, 96}));
  EXPECT_EQ(TfLiteInterpreterEnsureTensorDataIsReadable(all.net.get(), out), kTfLiteOk);
  EXPECT_EQ(whole.copies, 1);  // once is enough
  EXPECT_EQ(TfLiteInterpreterEnsureTensorDataIsReadable(all.net.get(), 99), kTfLiteError);
  EXPECT_EQ(TfLiteInterpreterEnsureTensorDataIsReadable(nullptr, out), kTfLiteError);
  TfLiteBufferHandle handle = 0;
  TfLiteDelegate* owner = nullptr;
  ASSERT_EQ(
      TfLiteInterpreterGetBufferHandle(
          all.net.get(), TfLiteInterpreterGetOutputTensorIndex(all.net.get(), 0), &handle, &owner),
      kTfLiteOk);
  EXPECT_EQ(handle, 7);
  EXPECT_EQ(owner, &whole.delegate);
  EXPECT_EQ(TfLiteInterpreterSetBufferHandle(all.net.get(), all.input(), 3, &whole.delegate),
            kTfLiteOk);
  EXPECT_EQ(all.input()->buffer_handle, 3);
  EXPECT_EQ(TfLiteInterpreterSetBufferHandle(all.net.get(), nullptr, 3, &whole.delegate),
            kTfLiteError);
}

TEST(TfLiteDelegates, WrongRequestsAreFailures) {
  TfLiteDelegate d = TfLiteDelegateCreate();
  d.Prepare = [](TfLiteContext* c, TfLiteDelegate* self) {
    TfLiteIntArray* nodes = TfLiteIntArrayCreate(1);
    nodes->data[0] = 99;
    const TfLiteRegistration r = Negator::registration();
    EXPECT_EQ(c->ReplaceNodeSubsetsWithDelegateKernels(c, r, nodes, self), kTfLiteError);
    EXPECT_EQ(c->ReplaceNodeSubsetsWithDelegateKernels(c, r, nullptr, self), kTfLiteError);
    nodes->data[0] = 0;
    EXPECT_EQ(c->ReplaceNodeSubsetsWithDelegateKernels(c, {}, nodes, self), kTfLiteError);
    TfLiteIntArrayFree(nodes);
    EXPECT_EQ(c->GetNodeAndRegistration(c, -1, nullptr, nullptr), kTfLiteError);
    TfLiteContext* other = nullptr;
    EXPECT_EQ(c->AcquireSubgraphContext(c, 1, &other), kTfLiteError);
    EXPECT_EQ(c->AcquireSubgraphContext(c, 0, &other), kTfLiteOk);
    EXPECT_EQ(other, c);
    return c->ReleaseSubgraphContext(c, 0);
  };
  Client c(chain(1));
  TfLiteInterpreterOptionsAddDelegate(c.options.get(), &d);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{-1, -2, -3, -4})) << c.lines.text;
  TfLiteDelegate empty = TfLiteDelegateCreate();
  EXPECT_EQ(TfLiteInterpreterModifyGraphWithDelegate(c.net.get(), &empty), kTfLiteDelegateError);
  EXPECT_EQ(TfLiteInterpreterModifyGraphWithDelegate(c.net.get(), nullptr), kTfLiteError);
  EXPECT_EQ(c.run<float>({1, 2, 3, 4}), (Floats{-1, -2, -3, -4})) << c.lines.text;
}

// What delegates and kernels read of an operator's options.
TEST(TfLiteDelegates, SeeOptions) {
  ModelBuilder b;
  const TensorSpec picture = {.type = Type::kFloat32, .shape = Shape::of(1, 4, 4, 1)};
  const int in = b.tensor(picture);
  const int mid = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 2, 2, 1)});
  const int out = b.tensor({.type = Type::kFloat32, .shape = Shape::of(2, 2)});
  b.builtin_node(
      fb::BuiltinOperator::MAX_POOL_2D, {in}, {mid},
      {.type = fb::BuiltinOptions::Pool2DOptions, .write = [](flatbuffers::FlatBufferBuilder& f) {
         return fb::CreatePool2DOptions(f, fb::Padding::VALID, 2, 2, 2, 2,
                                        fb::ActivationFunctionType::RELU6)
             .Union();
       }});
  b.builtin_node(
      fb::BuiltinOperator::SQUEEZE, {mid}, {out},
      {.type = fb::BuiltinOptions::SqueezeOptions, .write = [](flatbuffers::FlatBufferBuilder& f) {
         return fb::CreateSqueezeOptions(f, f.CreateVector(std::vector<int>{0, 3})).Union();
       }});
  b.inputs({in});
  b.outputs({out});
  TfLiteDelegate d = TfLiteDelegateCreate();
  d.Prepare = [](TfLiteContext* c, TfLiteDelegate*) {
    TfLiteNode* node = nullptr;
    TfLiteRegistration* op = nullptr;
    TF_LITE_ENSURE_STATUS(c->GetNodeAndRegistration(c, 0, &node, &op));
    const auto& pool = *static_cast<const TfLitePoolParams*>(node->builtin_data);
    EXPECT_EQ(pool.padding, kTfLitePaddingValid);
    EXPECT_EQ(pool.stride_width, 2);
    EXPECT_EQ(pool.filter_height, 2);
    EXPECT_EQ(pool.activation, kTfLiteActRelu6);
    TF_LITE_ENSURE_STATUS(c->GetNodeAndRegistration(c, 1, &node, &op));
    const auto& squeeze = *static_cast<const TfLiteSqueezeParams*>(node->builtin_data);
    EXPECT_EQ(squeeze.num_squeeze_dims, 2);
    EXPECT_EQ(squeeze.squeeze_dims[1], 3);
    return kTfLiteOk;
  };
  Client c(b);
  TfLiteInterpreterOptionsAddDelegate(c.options.get(), &d);
  ASSERT_NE(c.create(), nullptr) << c.lines.text;
  EXPECT_EQ(c.allocate(), kTfLiteOk) << c.lines.text;
}

// The calls that Coral's delegate makes: it looks for one custom operator, reads what the compiler
// left in its options, and computes it.
TfLiteStatus look_for_coral(TfLiteContext* c, TfLiteDelegate* d) {
  TfLiteIntArray* plan = nullptr;
  TF_LITE_ENSURE_STATUS(c->GetExecutionPlan(c, &plan));
  TfLiteIntArray* wanted = TfLiteIntArrayCreate(1);
  wanted->size = 0;
  for (int i = 0; i < plan->size; ++i) {
    TfLiteNode* node = nullptr;
    TfLiteRegistration* op = nullptr;
    TF_LITE_ENSURE_STATUS(c->GetNodeAndRegistration(c, plan->data[i], &node, &op));
    if (op->custom_name == nullptr || std::strcmp(op->custom_name, "edgetpu-custom-op") != 0) {
      continue;
    }
    EXPECT_EQ(op->builtin_code, kTfLiteBuiltinCustom);
    EXPECT_EQ(node->custom_initial_data_size, 2);
    EXPECT_EQ(static_cast<const uint8_t*>(node->custom_initial_data)[1], 9);
    wanted->data[wanted->size++] = plan->data[i];
  }
  TfLiteRegistration r = {};
  r.custom_name = "EdgeTpu";
  r.invoke = [](TfLiteContext* context, TfLiteNode* n) {
    const TfLiteTensor& in = context->tensors[n->inputs->data[0]];
    for (size_t i = 0; i < in.bytes; ++i) {
      context->tensors[n->outputs->data[0]].data.uint8[i] =
          static_cast<uint8_t>(in.data.uint8[i] + 1);
    }
    return kTfLiteOk;
  };
  const TfLiteStatus s = c->ReplaceNodeSubsetsWithDelegateKernels(c, r, wanted, d);
  TfLiteIntArrayFree(wanted);
  return s;
}

TEST(TfLiteDelegates, RunAModelForACoral) {
  ModelBuilder b;
  const TensorSpec spec = {.type = Type::kUInt8, .shape = Shape::of(4)};
  const int in = b.tensor(spec), out = b.tensor(spec);
  b.node("edgetpu-custom-op", {in}, {out}, {1, 9});
  b.inputs({in});
  b.outputs({out});
  for (const int64_t flags : {0, 1}) {
    TfLiteDelegate d = TfLiteDelegateCreate();
    d.Prepare = look_for_coral;
    d.flags = flags;
    Client c(b);
    TfLiteInterpreterOptionsAddDelegate(c.options.get(), &d);
    using Bytes = std::vector<uint8_t>;
    EXPECT_EQ(c.run<uint8_t>({1, 2, 3, 4}), (Bytes{2, 3, 4, 5})) << c.lines.text;
  }
}

// Two delegates that take turns: as many parts as nodes.
TEST(TfLiteDelegates, TakeTimeInProportion) {
  const auto plan_some = [](int n) {
    Negator even, odd;
    even.wants = [](int node) { return node % 2 == 0; };
    Client c(chain(n));
    const double begin = cpu_seconds();
    add(c, even);
    add(c, odd);
    EXPECT_NE(c.create(), nullptr) << c.lines.text;
    EXPECT_EQ(c.allocate(), kTfLiteOk) << c.lines.text;
    EXPECT_EQ(even.alive + odd.alive, n);
    return Planned{"", cpu_seconds() - begin, n};
  };
  expect_linear(plan_some, kMany / 50);
}

}  // namespace
}  // namespace pipit::test
