// SPDX-License-Identifier: Apache-2.0
// Programs in C++ that profile, cancel and look into subgraphs.
#include <algorithm>
#include <set>

#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/kernels/register.h"
#include "tensorflow/lite/model.h"
#include "tensorflow/lite/profiling/buffered_profiler.h"
#include "tensorflow/lite/profiling/profile_summarizer.h"
#include "tensorflow/lite/profiling/profiler.h"
#include "tests/core/bounded.h"
#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

using ::tflite::profiling::BufferedProfiler;
using ::tflite::profiling::ProfileEvent;
using Type_ = ::tflite::Profiler::EventType;

constexpr char kDigits[] = PIPIT_MODELS_DIR "/digits_int8.tflite";

// A row of NEG, the node `own` being a custom operator.
ModelBuilder row(int length, int own = -1) {
  ModelBuilder b;
  std::vector<int> tensors = {b.tensor(kFour)};
  for (int i = 0; i < length; ++i) {
    tensors.push_back(b.tensor(kFour));
    if (i == own) {
      b.node("Own", {tensors[static_cast<size_t>(i)]}, {tensors.back()});
    } else {
      b.builtin_node(fb::BuiltinOperator::NEG, {tensors[static_cast<size_t>(i)]}, {tensors.back()});
    }
  }
  b.inputs({tensors.front()});
  b.outputs({tensors.back()});
  return b;
}

// A model in memory, a resolver and an interpreter.
struct Program {
  explicit Program(const ModelBuilder& b) : bytes(in_memory(b.finish())) {
    model = ::tflite::FlatBufferModel::BuildFromBuffer(reinterpret_cast<const char*>(bytes->data()),
                                                       bytes->size());
  }
  void build(bool each_alone = false) {
    ::tflite::InterpreterBuilder builder(*model, resolver);
    if (each_alone) builder.PreserveAllTensorsExperimental();
    ASSERT_EQ(builder(&net, 1), kTfLiteOk);
  }

  ModelBytes bytes;
  std::unique_ptr<::tflite::FlatBufferModel> model;
  ::tflite::ops::builtin::BuiltinOpResolver resolver;
  std::unique_ptr<::tflite::Interpreter> net;
};

// Counts what begins and what ends.
struct Counting : ::tflite::Profiler {
  std::set<uint32_t> open;
  std::vector<std::string> tags;
  uint32_t last = 0;
  int* deleted = nullptr;

  ~Counting() override {
    if (deleted != nullptr) ++*deleted;
  }
  uint32_t BeginEvent(const char* tag, EventType, int64_t, int64_t) override {
    tags.emplace_back(tag);
    open.insert(++last);
    return last;
  }
  void EndEvent(uint32_t handle) override { EXPECT_EQ(open.erase(handle), 1u); }
};

// As label_image prints the time of each operator.
TEST(TfLiteCppProfiler, TimesOfEachOperator) {
  auto model = ::tflite::FlatBufferModel::BuildFromFile(kDigits);
  std::unique_ptr<::tflite::Interpreter> net;
  ::tflite::ops::builtin::BuiltinOpResolver resolver;
  ::tflite::InterpreterBuilder builder(*model, resolver);
  builder.PreserveAllTensorsExperimental();
  ASSERT_EQ(builder(&net), kTfLiteOk);
  auto profiler = std::make_unique<BufferedProfiler>(1024);
  net->SetProfiler(profiler.get());
  ASSERT_EQ(net->AllocateTensors(), kTfLiteOk);
  EXPECT_TRUE(profiler->GetProfileEvents().empty());  // nobody has started it
  profiler->StartProfiling();
  ASSERT_EQ(net->Invoke(), kTfLiteOk);
  profiler->StopProfiling();
  ASSERT_EQ(net->Invoke(), kTfLiteOk);
  const std::vector<const ProfileEvent*> events = profiler->GetProfileEvents();
  ASSERT_EQ(events.size(), net->nodes_size() + 1);
  EXPECT_EQ(events[0]->tag, "Invoke");
  EXPECT_EQ(events[0]->event_type, Type_::DEFAULT);
  EXPECT_GT(events[0]->begin_mem_usage.mem_footprint_kb, 0);
  uint64_t sum = 0;
  for (size_t i = 1; i < events.size(); ++i) {
    EXPECT_EQ(events[i]->event_type, Type_::OPERATOR_INVOKE_EVENT);
    EXPECT_EQ(events[i]->event_metadata, net->execution_plan()[i - 1]);
    const auto* graph = net->subgraph(static_cast<int>(events[i]->extra_event_metadata));
    ASSERT_NE(graph, nullptr);
    const auto* node = graph->node_and_registration(static_cast<int>(events[i]->event_metadata));
    ASSERT_NE(node, nullptr);
    EXPECT_EQ(node->second.builtin_code == kTfLiteBuiltinConv2d, events[i]->tag == "CONV_2D");
    EXPECT_GE(events[i]->begin_timestamp_us, events[0]->begin_timestamp_us);
    EXPECT_LE(events[i]->end_timestamp_us, events[0]->end_timestamp_us);
    sum += events[i]->elapsed_time;
  }
  EXPECT_LE(sum, events[0]->elapsed_time);
  ::tflite::profiling::ProfileSummarizer summary;
  EXPECT_FALSE(summary.HasProfiles());
  summary.ProcessProfiles(events, *net);
  EXPECT_TRUE(summary.HasProfiles());
  const std::string said = summary.GetOutputString();
  for (const char* part : {"Run Order", "Top by Computation Time", "Summary by node type",
                           "CONV_2D", "[scores]", " nodes observed"}) {
    EXPECT_NE(said.find(part), std::string::npos) << part << said;
  }
}

TEST(TfLiteCppProfiler, KeepsAsManyEventsAsThereIsRoomFor) {
  Program p(row(5));
  p.build(true);
  ::tflite::profiling::Profiler small(3);
  BufferedProfiler grows(1, true);
  p.net->SetProfiler(&small);
  p.net->AddProfiler(&grows);
  ASSERT_EQ(p.net->AllocateTensors(), kTfLiteOk);
  small.StartProfiling();
  grows.StartProfiling();
  ASSERT_EQ(p.net->Invoke(), kTfLiteOk);
  EXPECT_EQ(small.GetProfileEvents().size(), 3u);
  EXPECT_EQ(grows.GetProfileEvents().size(), 6u);
  small.Reset();
  ASSERT_EQ(p.net->Invoke(), kTfLiteOk);
  EXPECT_EQ(small.GetProfileEvents().size(), 0u);
}

TEST(TfLiteCppProfiler, OneSeveralOrNone) {
  Program p(row(2));
  p.build(true);
  EXPECT_EQ(p.net->GetProfiler(), nullptr);
  Counting one, two;
  int deleted = 0;
  p.net->SetProfiler(&one);
  p.net->AddProfiler(&two);
  EXPECT_NE(p.net->GetProfiler(), nullptr);
  ASSERT_EQ(p.net->AllocateTensors(), kTfLiteOk);
  ASSERT_EQ(p.net->Invoke(), kTfLiteOk);
  EXPECT_EQ(one.tags, (std::vector<std::string>{"AllocateTensors", "Invoke", "NEG", "NEG"}));
  EXPECT_EQ(two.tags, one.tags);
  auto kept = std::make_unique<Counting>();
  kept->deleted = &deleted;
  p.net->SetProfiler(std::move(kept));
  ASSERT_EQ(p.net->SetNumThreads(2), kTfLiteOk);  // another plan
  ASSERT_EQ(p.net->Invoke(), kTfLiteOk);
  EXPECT_EQ(static_cast<size_t>(4), one.tags.size());
  EXPECT_EQ(deleted, 0);
  p.net->SetProfiler(nullptr);
  EXPECT_EQ(deleted, 1);
  EXPECT_EQ(p.net->GetProfiler(), nullptr);
  ASSERT_EQ(p.net->Invoke(), kTfLiteOk);
  EXPECT_TRUE(one.open.empty());
}

// An operator of the program tells what goes on inside of it.
TEST(TfLiteCppProfiler, OperatorsSeeTheProfiler) {
  Program p(row(3, 1));
  TfLiteRegistration own = {};
  own.invoke = [](TfLiteContext* c, TfLiteNode* n) {
    TFLITE_SCOPED_TAGGED_OPERATOR_PROFILE(static_cast<::tflite::Profiler*>(c->profiler), "inside",
                                          1);
    const TfLiteTensor& from = c->tensors[n->inputs->data[0]];
    return from.data.f[0] == -13 ? kTfLiteError : kTfLiteOk;
  };
  p.resolver.AddCustom("Own", &own);
  p.build();
  Counting counting;
  ASSERT_EQ(p.net->AllocateTensors(), kTfLiteOk);
  ASSERT_EQ(p.net->Invoke(), kTfLiteOk);  // without one
  p.net->SetProfiler(&counting);
  ASSERT_EQ(p.net->Invoke(), kTfLiteOk);
  EXPECT_EQ(counting.tags, (std::vector<std::string>{"Invoke", "NEG", "Own", "inside", "NEG"}));
  p.net->typed_input_tensor<float>(0)[0] = 13;
  EXPECT_EQ(p.net->Invoke(), kTfLiteError);
  EXPECT_EQ(counting.tags.size(), 9u);
  EXPECT_TRUE(counting.open.empty());
}

// Ends what it is told to end, and the profiler sees each end.
TEST(TfLiteCppProfiler, Cancelling) {
  Program p(row(4));
  p.build(true);
  Counting counting;
  p.net->SetProfiler(&counting);
  int left = 1000;
  p.net->SetCancellationFunction(&left, [](void* data) { return --*static_cast<int*>(data) < 0; });
  ASSERT_EQ(p.net->AllocateTensors(), kTfLiteOk);
  ASSERT_EQ(p.net->Invoke(), kTfLiteOk);
  counting.tags.clear();
  left = 3;  // the invocation and two operators
  EXPECT_NE(p.net->Invoke(), kTfLiteOk);
  EXPECT_EQ(counting.tags, (std::vector<std::string>{"Invoke", "NEG", "NEG", "NEG"}));
  EXPECT_TRUE(counting.open.empty());
  p.net->SetCancellationFunction(nullptr, nullptr);
  EXPECT_EQ(p.net->Invoke(), kTfLiteOk);
}

TfLiteStatus take_all(TfLiteContext* c, TfLiteDelegate* d) {
  TfLiteIntArray* plan = nullptr;
  TF_LITE_ENSURE_STATUS(c->GetExecutionPlan(c, &plan));
  TfLiteRegistration r = {};
  r.custom_name = "Taker";
  r.invoke = [](TfLiteContext*, TfLiteNode*) { return kTfLiteOk; };
  return c->ReplaceNodeSubsetsWithDelegateKernels(c, r, plan, d);
}

// What a delegate computes is a node behind those of the model.
TEST(TfLiteCppProfiler, NodesOfDelegates) {
  Program p(row(3));
  TfLiteDelegate d = TfLiteDelegateCreate();
  d.Prepare = take_all;
  p.build();
  EXPECT_EQ(p.net->execution_plan(), (std::vector<int>{0, 1, 2}));
  ASSERT_EQ(p.net->ModifyGraphWithDelegate(&d), kTfLiteOk);
  EXPECT_EQ(p.net->execution_plan(), (std::vector<int>{3}));
  EXPECT_EQ(p.net->nodes_size(), 4u);
  ASSERT_NE(p.net->node_and_registration(3), nullptr);
  EXPECT_EQ(p.net->node_and_registration(3)->second.builtin_code, kTfLiteBuiltinDelegate);
  BufferedProfiler profiler(16);
  p.net->SetProfiler(&profiler);
  ASSERT_EQ(p.net->AllocateTensors(), kTfLiteOk);
  profiler.StartProfiling();
  ASSERT_EQ(p.net->Invoke(), kTfLiteOk);
  const std::vector<const ProfileEvent*> events = profiler.GetProfileEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1]->tag, "Taker");
  EXPECT_EQ(events[1]->event_metadata, 3);
}

// As programs walk through all nodes.
TEST(TfLiteCppProfiler, PlansAreNotMadeInEachRound) {
  Program p(row(20'000));
  p.build();
  const double begin = cpu_seconds();
  int sum = 0;
  for (size_t i = 0; i < p.net->execution_plan().size(); ++i) sum += p.net->execution_plan()[i];
  EXPECT_EQ(sum, 20'000 / 2 * 19'999);
  EXPECT_LT(cpu_seconds() - begin, 2);
}

TEST(TfLiteCppProfiler, SubgraphsBesideTheMainOne) {
  ModelBuilder b = row(1);
  b.begin_subgraph();
  const int unused = b.tensor(kFour), in = b.tensor(kFour), out = b.tensor(kFour);
  b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  b.signature("other", 1, {{"x", 1}}, {{"y", 2}});
  Program p(b);
  p.build();
  ASSERT_EQ(unused, 0);
  ASSERT_EQ(p.net->subgraphs_size(), 2u);
  EXPECT_EQ(p.net->subgraph(0), &p.net->primary_subgraph());
  EXPECT_EQ(p.net->subgraph(2), nullptr);
  EXPECT_EQ(p.net->subgraph(-1), nullptr);
  ::tflite::Subgraph* second = p.net->subgraph(1);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->GetSubgraphIndex(), 1);
  EXPECT_NE(second->context(), p.net->primary_subgraph().context());
  EXPECT_EQ(second->inputs(), (std::vector<int>{1}));
  EXPECT_EQ(second->outputs(), (std::vector<int>{2}));
  EXPECT_TRUE(second->variables().empty());
  EXPECT_TRUE(p.net->variables().empty());
  EXPECT_EQ(second->tensors_size(), 3u);
  EXPECT_EQ(second->nodes_size(), 1u);
  EXPECT_EQ(second->execution_plan(), (std::vector<int>{0}));
  ASSERT_NE(p.net->node_and_registration(1, 0), nullptr);
  EXPECT_EQ(p.net->node_and_registration(1, 0)->second.builtin_code, kTfLiteBuiltinAbs);
  EXPECT_EQ(p.net->node_and_registration(2, 0), nullptr);
  EXPECT_EQ(p.net->GetSubgraphIndexFromSignature("other"), 1);
  EXPECT_EQ(p.net->GetSubgraphIndexFromSignature("none"), -1);
  using Indices = std::map<std::string, uint32_t>;
  EXPECT_EQ(p.net->signature_inputs("other"), (Indices{{"x", 1}}));
  EXPECT_EQ(p.net->signature_outputs("other"), (Indices{{"y", 2}}));
  ::tflite::SignatureRunner* other = p.net->GetSignatureRunner("other");
  ASSERT_EQ(other->AllocateTensors(), kTfLiteOk);
  BufferedProfiler profiler(16);
  p.net->SetProfiler(&profiler);
  profiler.StartProfiling();
  second->tensor(1)->data.f[2] = -5;
  ASSERT_EQ(other->Invoke(), kTfLiteOk);
  EXPECT_EQ(second->tensor(2)->data.f[2], 5);
  ASSERT_EQ(profiler.GetProfileEvents().size(), 2u);
  EXPECT_EQ(profiler.GetProfileEvents()[1]->extra_event_metadata, 1);
}

// Before there is an interpreter behind it.
TEST(TfLiteCppProfiler, GraphsOfTheProgram) {
  ::tflite::Interpreter net;
  Counting counting;
  net.SetProfiler(&counting);
  net.AddTensors(2);
  net.SetInputs({0});
  net.SetOutputs({1});
  const int dims[] = {4};
  for (const int i : {0, 1}) {
    net.SetTensorParametersReadWrite(i, kTfLiteFloat32, "t", 1, dims, TfLiteQuantizationParams{});
  }
  const ::tflite::ops::builtin::BuiltinOpResolver resolver;
  TfLiteRegistration neg = {};
  neg.builtin_code = kTfLiteBuiltinNeg;
  neg.version = 1;
  ASSERT_EQ(net.AddNodeWithParameters({0}, {1}, nullptr, 0, nullptr, &neg), kTfLiteOk);
  EXPECT_EQ(net.execution_plan(), (std::vector<int>{0}));
  EXPECT_EQ(net.nodes_size(), 1u);
  EXPECT_EQ(net.subgraphs_size(), 0u);
  ASSERT_NE(net.primary_subgraph().context(), nullptr);
  ASSERT_EQ(net.AllocateTensors(), kTfLiteOk);
  ASSERT_EQ(net.Invoke(), kTfLiteOk);
  EXPECT_EQ(counting.tags, (std::vector<std::string>{"AllocateTensors", "Invoke", "NEG"}));
}

}  // namespace
}  // namespace pipit::test
