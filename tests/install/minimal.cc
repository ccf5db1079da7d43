// SPDX-License-Identifier: Apache-2.0
// The smallest program that is written for TensorFlow Lite in C++.
#include <cstdio>
#include <memory>

#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/kernels/register.h"
#include "tensorflow/lite/model.h"

int main(int argc, char** argv) {
  auto model = tflite::FlatBufferModel::BuildFromFile(argc > 1 ? argv[1] : "");
  if (model == nullptr) return 1;
  tflite::ops::builtin::BuiltinOpResolver resolver;
  std::unique_ptr<tflite::Interpreter> net;
  if (tflite::InterpreterBuilder(*model, resolver)(&net) != kTfLiteOk) return 1;
  if (net->AllocateTensors() != kTfLiteOk) return 1;
  std::printf("invoke %d\n", static_cast<int>(net->Invoke()));
  return 0;
}
