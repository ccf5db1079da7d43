// SPDX-License-Identifier: Apache-2.0
// c_api.h: what works, what is refused, and with which words.
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

using Floats = std::vector<float>;

// out = |in|, of four floats.
ModelBuilder absolute() {
  ModelBuilder b;
  const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 4), .name = "in"});
  const int out = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 4), .name = "out"});
  b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  return b;
}

// The same under names, with a batch of any size.
ModelBuilder signed_absolute() {
  ModelBuilder b;
  const TensorSpec spec = {
      .type = Type::kFloat32, .shape = Shape::of(1, 2), .name = "x", .signature = {-1, 2}};
  const int in = b.tensor(spec);
  const int out = b.tensor(spec);
  b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  b.signature("serve", 0, {{"x", 0}}, {{"y", 1}});
  return b;
}

TEST(TfLiteCApi, Versions) {
  EXPECT_STREQ(TfLiteVersion(), "2.20.0");
  EXPECT_STRNE(TfLiteExtensionApisVersion(), "");
  EXPECT_EQ(TfLiteSchemaVersion(), 3);
}

TEST(TfLiteCApi, RunsAModel) {
  Client c(absolute());
  ASSERT_NE(c.create(), nullptr) << c.lines.text;
  EXPECT_EQ(TfLiteInterpreterGetInputTensorCount(c.net.get()), 1);
  EXPECT_EQ(TfLiteInterpreterGetOutputTensorCount(c.net.get()), 1);
  EXPECT_EQ(TfLiteInterpreterInputTensorIndices(c.net.get())[0], 0);
  EXPECT_EQ(TfLiteInterpreterOutputTensorIndices(c.net.get())[0], 1);
  EXPECT_EQ(c.run<float>({-1, 2, -3, 4}), (Floats{1, 2, 3, 4})) << c.lines.text;
}

TEST(TfLiteCApi, ShowsTensorsBeforeTheyAreAllocated) {
  Client c(absolute());
  ASSERT_NE(c.create(), nullptr);
  const TfLiteTensor* in = c.input();
  EXPECT_EQ(TfLiteTensorType(in), kTfLiteFloat32);
  EXPECT_EQ(TfLiteTensorNumDims(in), 2);
  EXPECT_EQ(TfLiteTensorDim(in, 1), 4);
  EXPECT_EQ(TfLiteTensorByteSize(in), 16u);
  EXPECT_STREQ(TfLiteTensorName(in), "in");
  EXPECT_EQ(TfLiteTensorData(in), nullptr);
  EXPECT_EQ(in->allocation_type, kTfLiteArenaRw);
  EXPECT_EQ(TfLiteInterpreterGetTensor(c.net.get(), 0), in);
  EXPECT_EQ(c.invoke(), kTfLiteError);
  EXPECT_TRUE(c.lines.contain("AllocateTensors")) << c.lines.text;
}

TEST(TfLiteCApi, PointersToTensorsSurvive) {
  Client c(absolute());
  ASSERT_NE(c.create(), nullptr);
  TfLiteTensor* in = c.input();
  const TfLiteTensor* out = c.output();
  ASSERT_EQ(c.allocate(), kTfLiteOk);
  const int dims[] = {3, 4};
  ASSERT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, dims, 2), kTfLiteOk);
  EXPECT_EQ(in->bytes, 48u);
  EXPECT_EQ(TfLiteTensorData(in), nullptr);
  EXPECT_EQ(c.invoke(), kTfLiteError);
  ASSERT_EQ(c.allocate(), kTfLiteOk);
  EXPECT_EQ(c.input(), in);
  EXPECT_EQ(c.output(), out);
  EXPECT_EQ(TfLiteTensorDim(out, 0), 3);
  EXPECT_EQ(TfLiteTensorByteSize(out), 48u);
  for (int i = 0; i < 12; ++i) in->data.f[i] = static_cast<float>(-i);
  ASSERT_EQ(c.invoke(), kTfLiteOk);
  EXPECT_EQ(out->data.f[11], 11);
}

TEST(TfLiteCApi, KeepsInputsThatAreNotResized) {
  Client c(absolute());
  ASSERT_EQ(c.run<float>({-1, -2, -3, -4}), (Floats{1, 2, 3, 4}));
  const int dims[] = {1, 4};
  EXPECT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, dims, 2), kTfLiteOk);
  EXPECT_EQ(c.allocate(), kTfLiteOk);
  EXPECT_EQ(c.invoke(), kTfLiteOk);
  EXPECT_EQ(c.get<float>(), (Floats{1, 2, 3, 4}));
}

TEST(TfLiteCApi, ModelAndOptionsGoBeforeTheInterpreter) {
  Client c(absolute());
  ASSERT_NE(c.create(), nullptr);
  c.model.reset();
  c.options.reset();
  EXPECT_EQ(c.run<float>({-1, 2, -3, 4}), (Floats{1, 2, 3, 4}));
}

TEST(TfLiteCApi, ReadsAnUnalignedModel) {
  const std::vector<uint8_t> file = absolute().finish();
  std::vector<uint8_t> shifted(file.size() + 17);
  for (size_t by = 1; by < 17; by += 5) {
    std::memcpy(shifted.data() + by, file.data(), file.size());
    Own<TfLiteModel> model(TfLiteModelCreate(shifted.data() + by, file.size()));
    ASSERT_NE(model, nullptr);
    Own<TfLiteInterpreter> net(TfLiteInterpreterCreate(model.get(), nullptr));
    ASSERT_NE(net, nullptr);
    EXPECT_EQ(TfLiteInterpreterAllocateTensors(net.get()), kTfLiteOk);
    EXPECT_EQ(TfLiteInterpreterInvoke(net.get()), kTfLiteOk);
  }
}

TEST(TfLiteCApi, ReadsFiles) {
  Lines lines;
  const std::string path = std::string(PIPIT_MODELS_DIR) + "/digits_int8.tflite";
  Own<TfLiteModel> model(TfLiteModelCreateFromFile(path.c_str()));
  ASSERT_NE(model, nullptr);
  Own<TfLiteInterpreter> net(TfLiteInterpreterCreate(model.get(), nullptr));
  ASSERT_NE(net, nullptr);
  ASSERT_EQ(TfLiteInterpreterAllocateTensors(net.get()), kTfLiteOk);
  const TfLiteTensor* in = TfLiteInterpreterGetInputTensor(net.get(), 0);
  EXPECT_EQ(in->type, kTfLiteInt8);
  EXPECT_GT(TfLiteTensorQuantizationParams(in).scale, 0);
  ASSERT_EQ(in->quantization.type, kTfLiteAffineQuantization);
  const auto& q = *static_cast<const TfLiteAffineQuantization*>(in->quantization.params);
  EXPECT_EQ(q.scale->data[0], in->params.scale);
  EXPECT_EQ(q.zero_point->data[0], in->params.zero_point);
  EXPECT_EQ(TfLiteModelCreateFromFileWithErrorReporter("/nowhere", Lines::report, &lines), nullptr);
  EXPECT_TRUE(lines.contain("/nowhere")) << lines.text;
  EXPECT_EQ(TfLiteModelCreateFromFileWithErrorReporter(nullptr, Lines::report, &lines), nullptr);
}

TEST(TfLiteCApi, RefusesWhatIsNoModel) {
  Lines lines;
  const char text[] = "certainly no model, only words";
  EXPECT_EQ(TfLiteModelCreateWithErrorReporter(text, sizeof(text), Lines::report, &lines), nullptr);
  EXPECT_TRUE(lines.contain("TFL3")) << lines.text;
  EXPECT_EQ(TfLiteModelCreateWithErrorReporter(nullptr, 0, Lines::report, &lines), nullptr);
}

TEST(TfLiteCApi, NullHandlesAreFailures) {
  EXPECT_EQ(TfLiteInterpreterCreate(nullptr, nullptr), nullptr);
  EXPECT_EQ(TfLiteInterpreterAllocateTensors(nullptr), kTfLiteError);
  EXPECT_EQ(TfLiteInterpreterInvoke(nullptr), kTfLiteError);
  EXPECT_EQ(TfLiteInterpreterResizeInputTensor(nullptr, 0, nullptr, 0), kTfLiteError);
  EXPECT_EQ(TfLiteInterpreterGetInputTensor(nullptr, 0), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetOutputTensor(nullptr, 0), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetTensor(nullptr, 0), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetInputTensorCount(nullptr), 0);
  EXPECT_EQ(TfLiteInterpreterInputTensorIndices(nullptr), nullptr);
  EXPECT_EQ(TfLiteInterpreterCancel(nullptr), kTfLiteError);
  EXPECT_EQ(TfLiteInterpreterGetSignatureCount(nullptr), 0);
  EXPECT_EQ(TfLiteInterpreterGetSignatureKey(nullptr, 0), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetSignatureRunner(nullptr, "x"), nullptr);
  EXPECT_EQ(TfLiteSignatureRunnerInvoke(nullptr), kTfLiteError);
  EXPECT_EQ(TfLiteSignatureRunnerAllocateTensors(nullptr), kTfLiteError);
  EXPECT_EQ(TfLiteSignatureRunnerGetInputTensor(nullptr, "x"), nullptr);
  EXPECT_EQ(TfLiteTensorType(nullptr), kTfLiteNoType);
  EXPECT_EQ(TfLiteTensorNumDims(nullptr), -1);
  EXPECT_EQ(TfLiteTensorData(nullptr), nullptr);
  EXPECT_EQ(TfLiteTensorCopyFromBuffer(nullptr, "", 1), kTfLiteError);
  EXPECT_EQ(TfLiteTensorCopyToBuffer(nullptr, nullptr, 1), kTfLiteError);
  TfLiteInterpreterDelete(nullptr);
  TfLiteModelDelete(nullptr);
  TfLiteInterpreterOptionsDelete(nullptr);
  TfLiteSignatureRunnerDelete(nullptr);
  TfLiteInterpreterOptionsSetNumThreads(nullptr, 1);
  TfLiteInterpreterOptionsAddDelegate(nullptr, nullptr);
  EXPECT_EQ(TfLiteInterpreterOptionsCopy(nullptr), nullptr);
}

TEST(TfLiteCApi, WrongArgumentsAreFailures) {
  Client c(absolute());
  ASSERT_NE(c.create(), nullptr);
  EXPECT_EQ(c.input(1), nullptr);
  EXPECT_EQ(c.input(-1), nullptr);
  EXPECT_EQ(c.output(1), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetTensor(c.net.get(), 2), nullptr);
  EXPECT_EQ(TfLiteTensorDim(c.input(), 2), -1);
  const int dims[] = {1, 4, 1, 1, 1, 1, 1, 1, 1};
  const auto resize = [&](int input, const int* to, int count) {
    return TfLiteInterpreterResizeInputTensor(c.net.get(), input, to, count);
  };
  EXPECT_EQ(resize(1, dims, 2), kTfLiteError);
  EXPECT_EQ(resize(0, dims, 9), kTfLiteError);
  EXPECT_EQ(resize(0, dims, -1), kTfLiteError);
  EXPECT_EQ(resize(0, nullptr, 2), kTfLiteError);
  const int negative[] = {1, -1}, large[] = {1 << 20, 1 << 20};
  EXPECT_EQ(resize(0, negative, 2), kTfLiteError);
  EXPECT_EQ(resize(0, large, 2), kTfLiteError);
  ASSERT_EQ(c.allocate(), kTfLiteOk);
  float four[4] = {};
  EXPECT_EQ(TfLiteTensorCopyFromBuffer(c.input(), four, 15), kTfLiteError);
  EXPECT_EQ(TfLiteTensorCopyFromBuffer(c.input(), nullptr, 16), kTfLiteError);
  EXPECT_EQ(TfLiteTensorCopyToBuffer(c.output(), four, 17), kTfLiteError);
}

// A model is planned anew; what cannot be planned leaves an interpreter that says so and that
// another resize repairs.
TEST(TfLiteCApi, AFailedResizeCanBeMended) {
  ModelBuilder b;
  const TensorSpec spec = {.type = Type::kFloat32, .shape = Shape::of(2)};
  const int x = b.tensor(spec), y = b.tensor(spec), sum = b.tensor(spec);
  b.builtin_node(fb::BuiltinOperator::MAXIMUM, {x, y}, {sum});
  b.inputs({x, y});
  b.outputs({sum});
  Client c(b);
  ASSERT_NE(c.create(), nullptr) << c.lines.text;
  const int three[] = {3}, two[] = {2};
  ASSERT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, three, 1), kTfLiteOk);
  EXPECT_EQ(c.allocate(), kTfLiteError);
  EXPECT_TRUE(c.lines.contain("MAXIMUM")) << c.lines.text;
  EXPECT_EQ(c.invoke(), kTfLiteError);
  ASSERT_EQ(TfLiteInterpreterResizeInputTensor(c.net.get(), 0, two, 1), kTfLiteOk);
  EXPECT_EQ(c.allocate(), kTfLiteOk);
  EXPECT_EQ(c.invoke(), kTfLiteOk);
}

TEST(TfLiteCApi, SignaturesRunByName) {
  Client c(signed_absolute());
  ASSERT_NE(c.create(), nullptr);
  ASSERT_EQ(TfLiteInterpreterGetSignatureCount(c.net.get()), 1);
  EXPECT_STREQ(TfLiteInterpreterGetSignatureKey(c.net.get(), 0), "serve");
  EXPECT_EQ(TfLiteInterpreterGetSignatureKey(c.net.get(), 1), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetSignatureRunner(c.net.get(), "other"), nullptr);
  EXPECT_TRUE(c.lines.contain("other"));
  Own<TfLiteSignatureRunner> r(TfLiteInterpreterGetSignatureRunner(c.net.get(), "serve"));
  ASSERT_NE(r, nullptr);
  EXPECT_EQ(TfLiteSignatureRunnerGetInputCount(r.get()), 1u);
  EXPECT_EQ(TfLiteSignatureRunnerGetOutputCount(r.get()), 1u);
  EXPECT_STREQ(TfLiteSignatureRunnerGetInputName(r.get(), 0), "x");
  EXPECT_STREQ(TfLiteSignatureRunnerGetOutputName(r.get(), 0), "y");
  EXPECT_EQ(TfLiteSignatureRunnerGetInputName(r.get(), 1), nullptr);
  EXPECT_EQ(TfLiteSignatureRunnerGetInputTensor(r.get(), "y"), nullptr);
  const int fixed[] = {1, 3}, open[] = {2, 2};
  EXPECT_EQ(TfLiteSignatureRunnerResizeInputTensor(r.get(), "x", fixed, 2), kTfLiteError);
  EXPECT_EQ(TfLiteSignatureRunnerResizeInputTensor(r.get(), "z", open, 2), kTfLiteError);
  EXPECT_EQ(TfLiteSignatureRunnerInvoke(r.get()), kTfLiteError);
  ASSERT_EQ(TfLiteSignatureRunnerResizeInputTensor(r.get(), "x", open, 2), kTfLiteOk);
  ASSERT_EQ(TfLiteSignatureRunnerAllocateTensors(r.get()), kTfLiteOk);
  TfLiteTensor* x = TfLiteSignatureRunnerGetInputTensor(r.get(), "x");
  const Floats values = {-1, -2, -3, -4};
  ASSERT_EQ(TfLiteTensorCopyFromBuffer(x, values.data(), 16), kTfLiteOk);
  ASSERT_EQ(TfLiteSignatureRunnerInvoke(r.get()), kTfLiteOk);
  const TfLiteTensor* y = TfLiteSignatureRunnerGetOutputTensor(r.get(), "y");
  EXPECT_EQ(y->data.f[3], 4);
  EXPECT_EQ(TfLiteTensorGetDimsSignature(y)->data[0], -1);
}

// NULL stands for the only entry there is.
TEST(TfLiteCApi, AModelWithoutSignaturesHasADefault) {
  Client c(absolute());
  ASSERT_NE(c.create(), nullptr);
  EXPECT_EQ(TfLiteInterpreterGetSignatureCount(c.net.get()), 0);
  Own<TfLiteSignatureRunner> r(TfLiteInterpreterGetSignatureRunner(c.net.get(), nullptr));
  ASSERT_NE(r, nullptr);
  ASSERT_EQ(TfLiteSignatureRunnerAllocateTensors(r.get()), kTfLiteOk);
  TfLiteSignatureRunnerGetInputTensor(r.get(), "in")->data.f[2] = -7;
  ASSERT_EQ(TfLiteSignatureRunnerInvoke(r.get()), kTfLiteOk);
  EXPECT_EQ(TfLiteSignatureRunnerGetOutputTensor(r.get(), "out")->data.f[2], 7);
}

TEST(TfLiteCApi, UnresolvedOperatorsAreReportedWhenTensorsAreAllocated) {
  ModelBuilder b;
  const TensorSpec spec = {.type = Type::kFloat32, .shape = Shape::of(2), .name = "t"};
  const int in = b.tensor(spec), out = b.tensor(spec);
  b.node("Unheard", {in}, {out});
  b.inputs({in});
  b.outputs({out});
  Client c(b);
  ASSERT_NE(c.create(), nullptr) << c.lines.text;
  EXPECT_EQ(TfLiteTensorByteSize(c.input()), 8u);
  EXPECT_EQ(c.allocate(), kTfLiteUnresolvedOps);
  EXPECT_TRUE(c.lines.contain("'Unheard'")) << c.lines.text;
}

TEST(TfLiteCApi, AModelForACoralSaysSo) {
  ModelBuilder b;
  const TensorSpec spec = {.type = Type::kUInt8, .shape = Shape::of(2)};
  const int in = b.tensor(spec), out = b.tensor(spec);
  b.node("edgetpu-custom-op", {in}, {out});
  b.inputs({in});
  b.outputs({out});
  Client c(b);
  ASSERT_NE(c.create(), nullptr) << c.lines.text;
  EXPECT_EQ(c.allocate(), kTfLiteUnresolvedOps);
  EXPECT_TRUE(
      c.lines.contain("compiled for a Coral Edge TPU: take the file without _edgetpu in its "
                      "name, or load its delegate"))
      << c.lines.text;
}

TEST(TfLiteCApi, ThreadsDoNotChangeResults) {
  for (const int threads : {-1, 0, 1, 2, 3, 99}) {
    Client c(absolute());
    TfLiteInterpreterOptionsSetNumThreads(c.options.get(), threads);
    EXPECT_EQ(c.run<float>({-1, 2, -3, 4}), (Floats{1, 2, 3, 4})) << threads;
  }
}

TEST(TfLiteCApi, OptionsCanBeCopied) {
  Client c(absolute());
  Own<TfLiteInterpreterOptions> copy(TfLiteInterpreterOptionsCopy(c.options.get()));
  c.options = std::move(copy);
  ASSERT_NE(c.create(), nullptr);
  EXPECT_EQ(c.invoke(), kTfLiteError);
  EXPECT_NE(c.lines.text, "");  // the reporter came along
}

// Strings come in by common.h's functions, as the original has it.
TEST(TfLiteCApi, StringsComeInByRealloc) {
  ModelBuilder b;
  const TensorSpec spec = {.type = Type::kString, .shape = Shape::of(1)};
  const int in = b.tensor(spec), out = b.tensor(spec);
  b.builtin_node(fb::BuiltinOperator::RESHAPE, {in}, {out});
  b.inputs({in});
  b.outputs({in});
  Client c(b);
  if (c.create() == nullptr) GTEST_SKIP() << c.lines.text;
  ASSERT_EQ(c.allocate(), kTfLiteOk) << c.lines.text;
  EXPECT_EQ(c.input()->allocation_type, kTfLiteDynamic);
  EXPECT_EQ(c.invoke(), kTfLiteError);
  const int32_t text[] = {1, 12, 16, 0x61626364};
  ASSERT_EQ(TfLiteTensorRealloc(sizeof(text), c.input()), kTfLiteOk);
  std::memcpy(c.input()->data.raw, text, sizeof(text));
  EXPECT_EQ(c.invoke(), kTfLiteOk) << c.lines.text;
}

}  // namespace
}  // namespace pipit::test
