// SPDX-License-Identifier: Apache-2.0
// The C++ headers: programs as others write them compile and run.
#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/kernels/register.h"
#include "tensorflow/lite/model.h"
#include "tensorflow/lite/optional_debug_tools.h"
#include "tensorflow/lite/stateful_error_reporter.h"
#include "tensorflow/lite/string_type.h"
#include "tensorflow/lite/string_util.h"
#include "tests/tflite/support.h"

namespace older {
bool copies_by_itself();
}

namespace pipit::test {
namespace {

constexpr char kDigits[] = PIPIT_MODELS_DIR "/digits_int8.tflite";

// As the smallest example has it.
TEST(TfLiteCpp, TheSmallestProgram) {
  std::unique_ptr<::tflite::FlatBufferModel> model =
      ::tflite::FlatBufferModel::BuildFromFile(kDigits);
  ASSERT_NE(model, nullptr);
  ::tflite::ops::builtin::BuiltinOpResolver resolver;
  ::tflite::InterpreterBuilder builder(*model, resolver);
  std::unique_ptr<::tflite::Interpreter> interpreter;
  ASSERT_EQ(builder(&interpreter), kTfLiteOk);
  ASSERT_NE(interpreter, nullptr);
  ASSERT_EQ(interpreter->AllocateTensors(), kTfLiteOk);
  ::tflite::PrintInterpreterState(interpreter.get());
  ASSERT_EQ(interpreter->Invoke(), kTfLiteOk);
  EXPECT_NE(interpreter->typed_output_tensor<int8_t>(0), nullptr);
}

// As a camera's program has it: threads after building, sizes and types before feeding.
TEST(TfLiteCpp, AProgramWithPictures) {
  auto model = ::tflite::FlatBufferModel::BuildFromFile(kDigits);
  model.reset();
  model = ::tflite::FlatBufferModel::BuildFromFile(kDigits);
  std::unique_ptr<::tflite::Interpreter> net;
  ::tflite::ops::builtin::BuiltinOpResolver resolver;
  ::tflite::InterpreterBuilder(*model, resolver)(&net);
  ASSERT_NE(net, nullptr);
  EXPECT_EQ(net->SetNumThreads(2), kTfLiteOk);
  net->SetAllowFp16PrecisionForFp32(true);
  ASSERT_EQ(net->AllocateTensors(), kTfLiteOk);
  const int input = net->inputs()[0];
  EXPECT_EQ(net->tensor(input)->bytes, 64u);
  EXPECT_EQ(net->tensor(input)->type, kTfLiteInt8);
  EXPECT_EQ(net->typed_tensor<float>(input), nullptr);
  EXPECT_STREQ(net->GetInputName(0), "image");
  EXPECT_STREQ(net->GetOutputName(0), "scores");
  auto* pixels = net->typed_input_tensor<int8_t>(0);
  ASSERT_NE(pixels, nullptr);
  for (int i = 0; i < 64; ++i) pixels[i] = static_cast<int8_t>(i * 7);
  ASSERT_EQ(net->Invoke(), kTfLiteOk);
  const std::vector<int8_t> one(net->typed_output_tensor<int8_t>(0),
                                net->typed_output_tensor<int8_t>(0) + 10);
  EXPECT_EQ(net->SetNumThreads(1), kTfLiteOk);  // while it is in use
  ASSERT_EQ(net->Invoke(), kTfLiteOk);
  EXPECT_EQ(std::vector<int8_t>(net->typed_output_tensor<int8_t>(0),
                                net->typed_output_tensor<int8_t>(0) + 10),
            one);
  EXPECT_GT(net->tensors_size(), 2u);
  EXPECT_EQ(net->nodes_size(), net->execution_plan().size());
  ASSERT_NE(net->node_and_registration(0), nullptr);
  EXPECT_EQ(net->node_and_registration(999), nullptr);
  EXPECT_EQ(net->ResizeInputTensor(net->outputs()[0], {1}), kTfLiteError);
}

struct Kept : ::tflite::StatefulErrorReporter {
  ::tflite::string text;
  std::string message() override { return text; }
  int Report(const char* format, va_list args) override {
    Lines lines;
    Lines::report(&lines, format, args);
    text += lines.text;
    return 0;
  }
};

TEST(TfLiteCpp, ErrorsGoToTheReporter) {
  Kept kept;
  EXPECT_EQ(::tflite::FlatBufferModel::BuildFromFile("/nowhere", &kept), nullptr);
  EXPECT_NE(kept.message().find("/nowhere"), std::string::npos);
  EXPECT_EQ(::tflite::FlatBufferModel::VerifyAndBuildFromBuffer("no model", 8, nullptr, &kept),
            nullptr);
}

// Custom operators, and signatures by name.
TEST(TfLiteCpp, OperatorsAndSignatures) {
  ModelBuilder b;
  const TensorSpec spec = {
      .type = Type::kFloat32, .shape = Shape::of(1, 2), .name = "t", .signature = {-1, 2}};
  const int in = b.tensor(spec), out = b.tensor(spec);
  b.node("Twice", {in}, {out});
  b.inputs({in});
  b.outputs({out});
  b.signature("serve", 0, {{"x", 0}}, {{"y", 1}});
  const ModelBytes bytes = in_memory(b.finish());
  const auto model = ::tflite::FlatBufferModel::BuildFromBuffer(
      reinterpret_cast<const char*>(bytes->data()), bytes->size());
  ASSERT_NE(model, nullptr);
  EXPECT_TRUE(model->ReadAllMetadata().empty());
  TfLiteRegistration r = {};
  r.prepare = [](TfLiteContext* c, TfLiteNode* n) {
    return c->ResizeTensor(c, &c->tensors[n->outputs->data[0]],
                           TfLiteIntArrayCopy(c->tensors[n->inputs->data[0]].dims));
  };
  r.invoke = [](TfLiteContext* c, TfLiteNode* n) {
    const TfLiteTensor& from = c->tensors[n->inputs->data[0]];
    for (size_t i = 0; i < from.bytes / 4; ++i) {
      c->tensors[n->outputs->data[0]].data.f[i] = 2 * from.data.f[i];
    }
    return kTfLiteOk;
  };
  ::tflite::ops::builtin::BuiltinOpResolver resolver;
  resolver.AddCustom("Twice", &r);
  EXPECT_NE(resolver.FindOp("Twice", 1), nullptr);
  EXPECT_EQ(resolver.FindOp("Thrice", 1), nullptr);
  std::unique_ptr<::tflite::Interpreter> net;
  ASSERT_EQ(::tflite::InterpreterBuilder(*model, resolver)(&net, 1), kTfLiteOk);
  ASSERT_EQ(net->signature_keys().size(), 1u);
  EXPECT_EQ(*net->signature_keys()[0], "serve");
  EXPECT_EQ(net->GetSignatureRunner("other"), nullptr);
  EXPECT_EQ(*net->signature_def_names()[0], "serve");
  using Indices = std::map<std::string, uint32_t>;
  EXPECT_EQ(net->signature_inputs("serve"), (Indices{{"x", 0}}));
  EXPECT_EQ(net->signature_outputs("serve"), (Indices{{"y", 1}}));
  EXPECT_TRUE(net->signature_outputs("other").empty());
  ::tflite::SignatureRunner* serve = net->GetSignatureRunner("serve");
  ASSERT_NE(serve, nullptr);
  EXPECT_EQ(net->GetSignatureRunner("serve"), serve);
  EXPECT_STREQ(serve->input_names()[0], "x");
  EXPECT_EQ(serve->ResizeInputTensorStrict("x", {3, 3}), kTfLiteError);
  ASSERT_EQ(serve->ResizeInputTensor("x", {2, 2}), kTfLiteOk);
  ASSERT_EQ(serve->AllocateTensors(), kTfLiteOk);
  serve->input_tensor("x")->data.f[3] = 21;
  ASSERT_EQ(serve->Invoke(), kTfLiteOk);
  EXPECT_EQ(serve->output_tensor("y")->data.f[3], 42);
  EXPECT_EQ(net->output_tensor_by_signature("y", "serve"), serve->output_tensor("y"));
}

TEST(TfLiteCpp, ProgramsMayHaveFunctionsThatOldVersionsLack) {
  EXPECT_TRUE(older::copies_by_itself());
}

TEST(TfLiteCpp, Strings) {
  TfLiteTensor t = {};
  t.type = kTfLiteString;
  ::tflite::DynamicBuffer strings;
  strings.AddString("one", 3);
  strings.AddString({"", 0});
  strings.AddString("three", 5);
  strings.WriteToTensorAsVector(&t);
  EXPECT_EQ(t.dims->data[0], 3);
  ASSERT_EQ(::tflite::GetStringCount(&t), 3);
  const ::tflite::StringRef last = ::tflite::GetString(&t, 2);
  EXPECT_EQ(std::string(last.str, last.len), "three");
  TfLiteTensorFree(&t);
}

// Deletes what it is given with it.
TEST(TfLiteCpp, KeepsDelegates) {
  static int deleted = 0;
  {
    auto model = ::tflite::FlatBufferModel::BuildFromFile(kDigits);
    std::unique_ptr<::tflite::Interpreter> net;
    ::tflite::InterpreterBuilder(*model, ::tflite::ops::builtin::BuiltinOpResolver())(&net);
    auto* d = new TfLiteDelegate(TfLiteDelegateCreate());
    d->Prepare = [](TfLiteContext*, TfLiteDelegate*) { return kTfLiteOk; };
    ::tflite::Interpreter::TfLiteDelegatePtr owned(d, [](TfLiteDelegate* p) {
      ++deleted;
      delete p;
    });
    EXPECT_EQ(net->ModifyGraphWithDelegate(std::move(owned)), kTfLiteOk);
    EXPECT_EQ(net->AllocateTensors(), kTfLiteOk);
    EXPECT_EQ(net->Invoke(), kTfLiteOk);
    EXPECT_EQ(deleted, 0);
  }
  EXPECT_EQ(deleted, 1);
}

}  // namespace
}  // namespace pipit::test
