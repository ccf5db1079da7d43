// SPDX-License-Identifier: Apache-2.0
// What the tests of the TensorFlow Lite interface share: handles that free themselves, and a
// reporter that keeps what it is told.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/lite/c/c_api_experimental.h"
#include "tests/support/model_builder.h"

namespace pipit::test {

struct Deleter {
  void operator()(TfLiteModel* p) const { TfLiteModelDelete(p); }
  void operator()(TfLiteInterpreter* p) const { TfLiteInterpreterDelete(p); }
  void operator()(TfLiteInterpreterOptions* p) const { TfLiteInterpreterOptionsDelete(p); }
  void operator()(TfLiteSignatureRunner* p) const { TfLiteSignatureRunnerDelete(p); }
  void operator()(TfLiteOperator* p) const { TfLiteOperatorDelete(p); }
  void operator()(TfLiteIntArray* p) const { TfLiteIntArrayFree(p); }
};
template <class T>
using Own = std::unique_ptr<T, Deleter>;

struct Lines {
  std::string text;

  static void report(void* user, const char* format, va_list arguments) {
    char line[2048];
    std::vsnprintf(line, sizeof(line), format, arguments);
    static_cast<Lines*>(user)->text += std::string(line) + "\n";
  }
  bool contain(const std::string& part) const { return text.find(part) != std::string::npos; }
};

inline const TensorSpec kFour = {.type = Type::kFloat32, .shape = Shape::of(4), .name = "t"};

// An operator `length` times, each on the output of the one before it.
inline ModelBuilder chain(int length, fb::BuiltinOperator op = fb::BuiltinOperator::NEG) {
  ModelBuilder b;
  const int in = b.tensor(kFour);
  int last = in;
  for (int i = 0; i < length; ++i) {
    const int next = b.tensor(kFour);
    b.builtin_node(op, {last}, {next});
    last = next;
  }
  b.inputs({in});
  b.outputs({last});
  return b;
}

// A model in memory with an interpreter, and what was reported.
struct Client {
  explicit Client(const ModelBuilder& b) : bytes(in_memory(b.finish())) { open(); }
  explicit Client(ModelBytes file) : bytes(std::move(file)) { open(); }

  void open() {
    model.reset(
        TfLiteModelCreateWithErrorReporter(bytes->data(), bytes->size(), Lines::report, &lines));
    options.reset(TfLiteInterpreterOptionsCreate());
    TfLiteInterpreterOptionsSetErrorReporter(options.get(), Lines::report, &lines);
    TfLiteInterpreterOptionsSetNumThreads(options.get(), 1);
  }
  TfLiteInterpreter* create() {
    net.reset(TfLiteInterpreterCreate(model.get(), options.get()));
    return net.get();
  }
  TfLiteTensor* input(int i = 0) { return TfLiteInterpreterGetInputTensor(net.get(), i); }
  const TfLiteTensor* output(int i = 0) { return TfLiteInterpreterGetOutputTensor(net.get(), i); }
  TfLiteStatus allocate() { return TfLiteInterpreterAllocateTensors(net.get()); }
  TfLiteStatus invoke() { return TfLiteInterpreterInvoke(net.get()); }

  template <class T>
  void set(const std::vector<T>& values, int i = 0) {
    ASSERT_EQ(TfLiteTensorCopyFromBuffer(input(i), values.data(), values.size() * sizeof(T)),
              kTfLiteOk);
  }
  template <class T>
  std::vector<T> get(int i = 0) {
    std::vector<T> values(TfLiteTensorByteSize(output(i)) / sizeof(T));
    EXPECT_EQ(TfLiteTensorCopyToBuffer(output(i), values.data(), values.size() * sizeof(T)),
              kTfLiteOk);
    return values;
  }
  // One invocation, all of it.
  template <class T>
  std::vector<T> run(const std::vector<T>& values) {
    if (net == nullptr) create();
    if (net == nullptr || allocate() != kTfLiteOk) return {};
    set(values);
    return invoke() == kTfLiteOk ? get<T>() : std::vector<T>();
  }

  ModelBytes bytes;
  Lines lines;
  Own<TfLiteModel> model;
  Own<TfLiteInterpreterOptions> options;
  Own<TfLiteInterpreter> net;
};

}  // namespace pipit::test
