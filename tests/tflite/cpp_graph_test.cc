// SPDX-License-Identifier: Apache-2.0
// Programs in C++ that look into a model's file, feed bytes of their own, and put graphs together.
#include <cmath>
#include <cstdlib>

#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/kernels/internal/tensor.h"
#include "tensorflow/lite/kernels/kernel_util.h"
#include "tensorflow/lite/kernels/register.h"
#include "tensorflow/lite/model.h"
#include "tensorflow/lite/schema/schema_generated.h"
#include "tensorflow/lite/schema/schema_utils.h"
#include "tensorflow/lite/stateful_error_reporter.h"
#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

constexpr char kDigits[] = PIPIT_MODELS_DIR "/digits_int8.tflite";

struct Kept : ::tflite::StatefulErrorReporter {
  Lines lines;
  std::string message() override { return lines.text; }
  int Report(const char* format, va_list args) override {
    Lines::report(&lines, format, args);
    return 0;
  }
};

// The file's own tables, as programs look for operators in them.
TEST(TfLiteCppGraph, ModelsShowTheirFile) {
  const auto model = ::tflite::FlatBufferModel::BuildFromFile(kDigits);
  ASSERT_NE(model, nullptr);
  const ::tflite::Model* root = model->GetModel();
  ASSERT_NE(root->subgraphs(), nullptr);
  int convolutions = 0;
  for (const auto* graph : *root->subgraphs()) {
    for (const auto* op : *graph->operators()) {
      const auto* code = root->operator_codes()->Get(op->opcode_index());
      EXPECT_EQ(code->custom_code(), nullptr);
      convolutions += ::tflite::GetBuiltinCode(code) == ::tflite::BuiltinOperator_CONV_2D;
    }
  }
  EXPECT_GT(convolutions, 0);
  EXPECT_EQ((*model)->version(), 3u);
  EXPECT_GT(model->allocation()->bytes(), 1000u);
  const auto* base = static_cast<const char*>(model->allocation()->base());
  EXPECT_EQ(std::string(base + 4, 4), "TFL3");
  EXPECT_TRUE(flatbuffers::Verifier(static_cast<const uint8_t*>(model->allocation()->base()),
                                    model->allocation()->bytes())
                  .VerifyBuffer<::tflite::Model>());
}

TEST(TfLiteCppGraph, InterpretersOfAModelsRoot) {
  const auto model = ::tflite::FlatBufferModel::BuildFromFile(kDigits);
  const auto twin = ::tflite::FlatBufferModel::BuildFromBuffer(
      static_cast<const char*>(model->allocation()->base()), model->allocation()->bytes());
  Kept kept;
  ::tflite::ops::builtin::BuiltinOpResolver resolver;
  std::unique_ptr<::tflite::Interpreter> net;
  ASSERT_EQ(::tflite::InterpreterBuilder(model->GetModel(), resolver, &kept)(&net), kTfLiteOk);
  ASSERT_EQ(net->AllocateTensors(), kTfLiteOk);
  EXPECT_EQ(net->Invoke(), kTfLiteOk);
  EXPECT_EQ(net->error_reporter(), &kept);
  TfLiteExternalContext external = {};
  net->SetExternalContext(kTfLiteEdgeTpuContext, &external);
  TfLiteContext* context = net->primary_subgraph().context();
  EXPECT_EQ(context->GetExternalContext(context, kTfLiteEdgeTpuContext), &external);
  const uint8_t bytes[64] = {4};
  EXPECT_EQ(::tflite::InterpreterBuilder(::tflite::GetModel(bytes), resolver, &kept)(&net),
            kTfLiteError);
  EXPECT_EQ(net, nullptr);
  EXPECT_TRUE(kept.lines.contain("no FlatBufferModel's")) << kept.lines.text;
}

// As programs for Coral's accelerator feed a picture without copying it.
TEST(TfLiteCppGraph, InputsAreReadWhereTheProgramHasThem) {
  const auto model = ::tflite::FlatBufferModel::BuildFromFile(kDigits);
  Kept kept;
  std::unique_ptr<::tflite::Interpreter> net;
  ::tflite::InterpreterBuilder(model->GetModel(), ::tflite::ops::builtin::BuiltinOpResolver(),
                               &kept)(&net);
  ASSERT_EQ(net->AllocateTensors(), kTfLiteOk);
  const int in = net->inputs()[0];
  std::vector<int8_t> picture(64);
  for (int i = 0; i < 64; ++i) picture[static_cast<size_t>(i)] = static_cast<int8_t>(i * 7);
  std::copy(picture.begin(), picture.end(), net->typed_tensor<int8_t>(in));
  ASSERT_EQ(net->Invoke(), kTfLiteOk);
  const auto scores = [&] {
    return std::vector<int8_t>(net->typed_output_tensor<int8_t>(0),
                               net->typed_output_tensor<int8_t>(0) + 10);
  };
  const std::vector<int8_t> copied = scores();
  const TfLiteTensor* t = net->tensor(in);
  const std::vector<int> dims(t->dims->data, t->dims->data + t->dims->size);
  const auto feed = [&](int tensor, TfLiteType type, const std::vector<int>& shape, size_t bytes) {
    return net->SetTensorParametersReadOnly(tensor, type, "image", shape, t->params,
                                            reinterpret_cast<const char*>(picture.data()), bytes);
  };
  std::fill_n(net->typed_tensor<int8_t>(in), 64, int8_t{0});
  ASSERT_EQ(net->Invoke(), kTfLiteOk);
  EXPECT_NE(scores(), copied);
  ASSERT_EQ(feed(in, kTfLiteInt8, dims, 64), kTfLiteOk);
  EXPECT_EQ(t->data.int8, picture.data());
  for (int round = 0; round < 2; ++round) {  // after planning again, too
    ASSERT_EQ(net->Invoke(), kTfLiteOk);
    EXPECT_EQ(scores(), copied);
    ASSERT_EQ(net->AllocateTensors(), kTfLiteOk);
  }
  int8_t answer[10] = {};  // and outputs are written there
  ASSERT_EQ(net->SetTensorParametersReadOnly(net->outputs()[0], kTfLiteInt8, "scores", {1, 10},
                                             TfLiteQuantization{}, reinterpret_cast<char*>(answer),
                                             sizeof(answer)),
            kTfLiteOk);
  ASSERT_EQ(net->Invoke(), kTfLiteOk);
  EXPECT_EQ(std::vector<int8_t>(answer, answer + 10), copied);
  EXPECT_EQ(feed(in, kTfLiteUInt8, dims, 64), kTfLiteError);
  EXPECT_EQ(feed(in, kTfLiteInt8, {64}, 64), kTfLiteError);
  EXPECT_EQ(feed(in, kTfLiteInt8, dims, 63), kTfLiteError);
  EXPECT_EQ(feed(1, net->tensor(1)->type, {}, 64), kTfLiteError);
  EXPECT_EQ(feed(-1, kTfLiteInt8, dims, 64), kTfLiteError);
  EXPECT_TRUE(kept.lines.contain("another type or shape")) << kept.lines.text;
  EXPECT_TRUE(kept.lines.contain("needs 64 bytes, the allocation has 63")) << kept.lines.text;
}

TfLiteStatus resize_like_a_program(::tflite::Interpreter* net) {
  int base = 0;
  net->AddTensors(2, &base);
  net->AddTensors(1, &base);
  net->SetInputs({0, 1});
  net->SetOutputs({2});
  TfLiteQuantizationParams quant;  // programs leave it so
  std::memset(&quant, 0x7f, sizeof(quant));
  net->SetTensorParametersReadWrite(0, kTfLiteFloat32, "input", {1, 2, 2, 1}, quant);
  net->SetTensorParametersReadWrite(1, kTfLiteInt32, "new_size", {2}, quant);
  net->SetTensorParametersReadWrite(2, kTfLiteFloat32, "output", {1, 4, 4, 1}, quant);
  ::tflite::ops::builtin::BuiltinOpResolver resolver;
  const TfLiteRegistration* op = resolver.FindOp(::tflite::BuiltinOperator_RESIZE_BILINEAR, 1);
  auto* params =
      static_cast<TfLiteResizeBilinearParams*>(std::malloc(sizeof(TfLiteResizeBilinearParams)));
  params->align_corners = true;
  params->half_pixel_centers = false;
  return net->AddNodeWithParameters({0, 1}, {2}, nullptr, 0, params, op, nullptr);
}

// As label_image resizes its picture.
TEST(TfLiteCppGraph, ProgramsPutGraphsTogether) {
  ::tflite::Interpreter net;
  ASSERT_EQ(resize_like_a_program(&net), kTfLiteOk);
  ASSERT_EQ(net.AllocateTensors(), kTfLiteOk);
  const float in[] = {0, 3, 6, 9};
  std::copy_n(in, 4, net.typed_tensor<float>(0));
  net.typed_tensor<int>(1)[0] = 4;
  net.typed_tensor<int>(1)[1] = 4;
  ASSERT_EQ(net.Invoke(), kTfLiteOk);
  const float* out = net.typed_tensor<float>(2);
  ASSERT_NE(out, nullptr);
  for (int y = 0; y < 4; ++y) {  // corners meet corners
    for (int x = 0; x < 4; ++x) EXPECT_NEAR(out[4 * y + x], x + 2 * y, 1e-6) << y << ' ' << x;
  }
  EXPECT_EQ(net.AddTensors(1), kTfLiteError);  // it runs already
  EXPECT_EQ(net.SetInputs({0}), kTfLiteError);
}

// Constants, scales, lists of options, and an operator of the program.
TEST(TfLiteCppGraph, GraphsHaveConstantsAndOwnOperators) {
  Kept kept;
  ::tflite::Interpreter net(&kept);
  net.AddTensors(4);
  net.SetInputs({0});
  net.SetOutputs({3});
  const float weights[] = {1, 2, 3, 4};
  net.SetTensorParametersReadWrite(0, kTfLiteFloat32, "x", {1, 4}, TfLiteQuantization{});
  net.SetTensorParametersReadOnly(1, kTfLiteFloat32, "w", {1, 4}, TfLiteQuantization{},
                                  reinterpret_cast<const char*>(weights), sizeof(weights));
  net.SetTensorParametersReadWrite(2, kTfLiteFloat32, "sum", {1, 4}, TfLiteQuantization{});
  net.SetTensorParametersReadWrite(3, kTfLiteFloat32, "y", {1, 4}, TfLiteQuantization{});
  ::tflite::ops::builtin::BuiltinOpResolver resolver;
  auto* add = static_cast<TfLiteAddParams*>(std::calloc(1, sizeof(TfLiteAddParams)));
  add->activation = kTfLiteActRelu;
  int node = -1;
  ASSERT_EQ(net.AddNodeWithParameters({0, 1}, {2}, nullptr, 0, add,
                                      resolver.FindOp(::tflite::BuiltinOperator_ADD, 1), &node),
            kTfLiteOk);
  EXPECT_EQ(node, 0);
  TfLiteRegistration scale = {};
  scale.custom_name = "Scale";
  scale.builtin_code = kTfLiteBuiltinCustom;
  scale.version = 1;
  scale.init = [](TfLiteContext*, const char* buffer, size_t length) -> void* {
    return new float(length == 1 ? static_cast<float>(*buffer) : 0);
  };
  scale.free = [](TfLiteContext*, void* data) { delete static_cast<float*>(data); };
  scale.prepare = [](TfLiteContext* c, TfLiteNode* n) {
    using namespace ::tflite;
    const TfLiteTensor* x = nullptr;
    TF_LITE_ENSURE_EQ(c, NumInputs(n), 1);
    TF_LITE_ENSURE_EQ(c, NumOutputs(n), 1);
    TF_LITE_ENSURE_OK(c, GetInputSafe(c, n, 0, &x));
    if (GetInput(c, n, 1) != nullptr || GetTemporary(c, n, 0) != nullptr) return kTfLiteError;
    return c->ResizeTensor(c, GetOutput(c, n, 0), TfLiteIntArrayCopy(x->dims));
  };
  scale.invoke = [](TfLiteContext* c, TfLiteNode* n) {
    using namespace ::tflite;
    const TfLiteTensor* x = GetInput(c, n, 0);
    TfLiteTensor* y = GetOutput(c, n, 0);
    TF_LITE_ENSURE(c, HaveSameShapes(x, y) && !IsConstantTensor(x) && NumDimensions(x) == 2);
    for (int i = 0; i < NumElements(x); ++i) {
      GetTensorData<float>(y)[i] = *static_cast<float*>(n->user_data) * GetTensorData<float>(x)[i];
    }
    return kTfLiteOk;
  };
  const char ten = 10;
  ASSERT_EQ(net.AddNodeWithParameters({2}, {3}, &ten, 1, nullptr, &scale), kTfLiteOk);
  ASSERT_EQ(net.AllocateTensors(), kTfLiteOk) << kept.lines.text;
  EXPECT_EQ(net.nodes_size(), 2u);
  const float x[] = {-9, 0, 1, 2};
  std::copy_n(x, 4, net.typed_input_tensor<float>(0));
  ASSERT_EQ(net.Invoke(), kTfLiteOk);
  const float* y = net.typed_output_tensor<float>(0);
  EXPECT_EQ(std::vector<float>(y, y + 4), (std::vector<float>{0, 20, 40, 60}));
}

// Scales of both kinds arrive, and the list of RESHAPE does.
TEST(TfLiteCppGraph, GraphsHaveScales) {
  ::tflite::Interpreter net;
  net.AddTensors(2);
  net.SetInputs({0});
  net.SetOutputs({1});
  net.SetTensorParametersReadWrite(0, kTfLiteInt8, "x", {2, 3}, TfLiteQuantizationParams{0.5f, 7});
  net.SetTensorParametersReadWrite(1, kTfLiteInt8, "y", {6}, TfLiteQuantizationParams{0.5f, 7});
  auto* p = static_cast<TfLiteReshapeParams*>(std::calloc(1, sizeof(TfLiteReshapeParams)));
  p->num_dimensions = 1;
  p->shape[0] = -1;
  ::tflite::ops::builtin::BuiltinOpResolver resolver;
  net.AddNodeWithParameters({0}, {1}, nullptr, 0, p,
                            resolver.FindOp(::tflite::BuiltinOperator_RESHAPE, 1));
  ASSERT_EQ(net.AllocateTensors(), kTfLiteOk);
  EXPECT_EQ(net.tensor(0)->params.scale, 0.5f);
  EXPECT_EQ(net.tensor(0)->params.zero_point, 7);
  EXPECT_EQ(net.tensor(1)->dims->data[0], 6);
  EXPECT_STREQ(net.tensor(1)->name, "y");
}

TEST(TfLiteCppGraph, WhatIsWrongIsTold) {
  Kept kept;
  {
    ::tflite::Interpreter net(&kept);
    EXPECT_EQ(net.Invoke(), kTfLiteError);
    EXPECT_EQ(net.AddTensors(-1), kTfLiteError);
    EXPECT_EQ(net.AddTensors(1 << 30), kTfLiteError);
    EXPECT_EQ(net.AddTensors(1), kTfLiteOk);
    EXPECT_EQ(net.SetTensorParametersReadWrite(5, kTfLiteInt8, "x", {1}, TfLiteQuantization{}),
              kTfLiteError);
    EXPECT_EQ(net.SetTensorParametersReadWrite(0, kTfLiteNoType, "x", {1}, TfLiteQuantization{}),
              kTfLiteError);
    EXPECT_EQ(net.AddNodeWithParameters({0}, {0}, nullptr, 0, nullptr, nullptr), kTfLiteError);
    TfLiteRegistration none = {};
    none.builtin_code = 9999;
    EXPECT_EQ(net.AddNodeWithParameters({0}, {0}, nullptr, 0, nullptr, &none), kTfLiteError);
    EXPECT_EQ(net.AllocateTensors(), kTfLiteError);
    EXPECT_TRUE(kept.lines.contain("tensor 0 was added, and nobody said")) << kept.lines.text;
    EXPECT_EQ(net.tensor(0), nullptr);
  }
  {
    ::tflite::Interpreter net(&kept);
    ASSERT_EQ(resize_like_a_program(&net), kTfLiteOk);
    ASSERT_EQ(net.SetInputs({0, 77}), kTfLiteOk);
    EXPECT_EQ(net.AllocateTensors(), kTfLiteError);
    EXPECT_TRUE(kept.lines.contain("77")) << kept.lines.text;
  }
}

}  // namespace
}  // namespace pipit::test
