// SPDX-License-Identifier: Apache-2.0
// Names of a model: very many of them, and those that would do something to a terminal.
#include "tests/core/bounded.h"
#include "tests/tflite/support.h"

namespace pipit::test {
namespace {

const TensorSpec kOne = {.type = Type::kFloat32, .shape = Shape::of(1)};

// A row of custom operators that nobody has.
ModelBuilder unknown(int operators, int kinds, const std::string& name) {
  ModelBuilder b;
  int last = b.tensor(kOne);
  b.inputs({last});
  for (int i = 0; i < operators; ++i) {
    const int next = b.tensor(kOne);
    b.node(name + std::to_string(i % kinds), {last}, {next});
    last = next;
  }
  b.outputs({last});
  return b;
}

TEST(TfLiteNames, KindsOfUnknownOperatorsAreCounted) {
  Client few(unknown(20'000, 256, "x"));
  const double begin = cpu_seconds();
  EXPECT_NE(few.create(), nullptr) << few.lines.text;
  EXPECT_EQ(few.allocate(), kTfLiteUnresolvedOps);
  EXPECT_LT(cpu_seconds() - begin, 10);
  EXPECT_TRUE(few.lines.contain("custom operators that nobody computes: 'x0', 'x1', "));
  Client many(unknown(257, 257, "x"));
  EXPECT_EQ(many.create(), nullptr);
  EXPECT_TRUE(many.lines.contain("more than 256 kinds of custom operators")) << many.lines.text;
}

TEST(TfLiteNames, StayInALineOfBoundedLength) {
  for (const std::string& name :
       {std::string("a\x1b[2J\n\xc2\x9b\xff"), std::string(1 << 20, 'n')}) {
    const ModelBytes file = in_memory(unknown(3, 3, name).finish());
    testing::internal::CaptureStderr();
    const Own<TfLiteModel> model(TfLiteModelCreate(file->data(), file->size()));
    const Own<TfLiteInterpreter> net(TfLiteInterpreterCreate(model.get(), nullptr));
    EXPECT_EQ(TfLiteInterpreterAllocateTensors(net.get()), kTfLiteUnresolvedOps);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_LT(said.size(), 1200u);
    EXPECT_EQ(said.find('\n'), said.size() - 1);
    EXPECT_EQ(said.find_first_of("\x1b\xc2\x9b\xff"), std::string::npos);
  }
}

TEST(TfLiteNames, OfSignaturesAreListedAtOnce) {
  const auto list_some = [](int n) {
    ModelBuilder b;
    std::vector<int> inputs;
    ModelBuilder::Names names;
    for (int i = 0; i < n; ++i) {
      inputs.push_back(b.tensor(kOne));
      names.emplace_back("x" + std::to_string(i), static_cast<uint32_t>(i));
    }
    b.inputs(inputs);
    b.outputs({0});
    b.signature("all", 0, names, {{"y", 0}});
    Client c(b);
    EXPECT_NE(c.create(), nullptr) << c.lines.text;
    const double begin = cpu_seconds();
    const Own<TfLiteSignatureRunner> runner(
        TfLiteInterpreterGetSignatureRunner(c.net.get(), "all"));
    const auto count = static_cast<int32_t>(TfLiteSignatureRunnerGetInputCount(runner.get()));
    EXPECT_EQ(count, n);
    size_t bytes = 0;
    for (int32_t i = 0; i < count; ++i) {
      bytes += std::string(TfLiteSignatureRunnerGetInputName(runner.get(), i)).size();
    }
    EXPECT_GT(bytes, static_cast<size_t>(n));
    return Planned{"", cpu_seconds() - begin, n};
  };
  expect_linear(list_some, kMany / 25);
}

}  // namespace
}  // namespace pipit::test
