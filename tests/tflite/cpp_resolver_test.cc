// SPDX-License-Identifier: Apache-2.0
// What resolvers of programs in C++ find, and what interpreters make of it.
#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/kernels/builtin_op_kernels.h"
#include "tensorflow/lite/kernels/register.h"
#include "tensorflow/lite/model.h"
#include "tensorflow/lite/schema/schema_generated.h"
#include "tests/tflite/support.h"

// As programs declare it that know no header for it.
namespace tflite::ops::custom {
TfLiteRegistration* Register_DETECTION_POSTPROCESS();
}

namespace pipit::test {
namespace {

using ::tflite::BuiltinOperator;
using ::tflite::ops::builtin::BuiltinOpResolver;

constexpr char kDigits[] = PIPIT_MODELS_DIR "/digits_int8.tflite";

TEST(TfLiteCppResolver, FindsWhatTheLibraryHas) {
  const BuiltinOpResolver resolver;
  const TfLiteRegistration* add = resolver.FindOp(::tflite::BuiltinOperator_ADD, 1);
  ASSERT_NE(add, nullptr);
  EXPECT_EQ(add->builtin_code, kTfLiteBuiltinAdd);
  EXPECT_EQ(resolver.FindOp(::tflite::BuiltinOperator_ADD, 1), add);
  EXPECT_EQ(resolver.FindOp(::tflite::BuiltinOperator_PLACEHOLDER_FOR_GREATER_OP_CODES, 1),
            nullptr);
  EXPECT_EQ(resolver.FindOp(::tflite::BuiltinOperator_CUSTOM, 1), nullptr);
  EXPECT_EQ(resolver.FindOp(static_cast<BuiltinOperator>(9999), 1), nullptr);
  const TfLiteRegistration* detect = resolver.FindOp("TFLite_Detection_PostProcess", 1);
  ASSERT_NE(detect, nullptr);
  EXPECT_STREQ(detect->custom_name, "TFLite_Detection_PostProcess");
  EXPECT_EQ(detect, ::tflite::ops::custom::Register_DETECTION_POSTPROCESS());
  EXPECT_EQ(resolver.FindOp("edgetpu-custom-op", 1), nullptr);
}

TEST(TfLiteCppResolver, FindsWhatIsAdded) {
  ::tflite::MutableOpResolver few;
  EXPECT_EQ(few.FindOp(::tflite::BuiltinOperator_ADD, 1), nullptr);
  few.AddBuiltin(::tflite::BuiltinOperator_ADD, ::tflite::ops::builtin::Register_ADD(), 1, 3);
  EXPECT_NE(few.FindOp(::tflite::BuiltinOperator_ADD, 3), nullptr);
  EXPECT_EQ(few.FindOp(::tflite::BuiltinOperator_ADD, 4), nullptr);
  EXPECT_EQ(few.FindOp("TFLite_Detection_PostProcess", 1), nullptr);
  TfLiteRegistration own = {};
  std::string name = "Own";
  few.AddCustom(name.c_str(), &own);
  name = "changed";
  ::tflite::MutableOpResolver copy = few;
  copy.AddAll(copy);
  few = {};
  ASSERT_NE(copy.FindOp("Own", 1), nullptr);
  EXPECT_STREQ(copy.FindOp("Own", 1)->custom_name, "Own");
}

// A program that adds each operator that its model needs.
TEST(TfLiteCppResolver, ProgramsAddOneByOne) {
  using namespace ::tflite::ops::builtin;
  ::tflite::MutableOpResolver few;
  few.AddBuiltin(::tflite::BuiltinOperator_CONV_2D, Register_CONV_2D(), 1, 5);
  few.AddBuiltin(::tflite::BuiltinOperator_FULLY_CONNECTED, Register_FULLY_CONNECTED(), 1, 9);
  few.AddBuiltin(::tflite::BuiltinOperator_SOFTMAX, Register_SOFTMAX(), 1, 3);
  const auto model = ::tflite::FlatBufferModel::BuildFromFile(kDigits);
  std::unique_ptr<::tflite::Interpreter> net;
  ASSERT_EQ(::tflite::InterpreterBuilder(*model, few)(&net), kTfLiteOk);
  ASSERT_EQ(net->AllocateTensors(), kTfLiteOk);
  EXPECT_EQ(net->Invoke(), kTfLiteOk);
}

int runs = 0;

// Puts an operator of the program in the place of one of the library's.
struct Replacing : BuiltinOpResolver {
  TfLiteRegistration neg = {};
  Replacing() {
    neg.invoke = [](TfLiteContext* c, TfLiteNode* n) {
      ++runs;
      c->tensors[n->outputs->data[0]].data.f[0] = 77;
      return kTfLiteOk;
    };
  }
  const TfLiteRegistration* FindOp(BuiltinOperator op, int version) const override {
    return op == ::tflite::BuiltinOperator_NEG ? &neg : BuiltinOpResolver::FindOp(op, version);
  }
};

TEST(TfLiteCppResolver, ProgramsHaveResolversOfTheirOwn) {
  ModelBuilder b;
  const TensorSpec one = {.type = Type::kFloat32, .shape = Shape::of(1), .name = "t"};
  const int in = b.tensor(one), mid = b.tensor(one), out = b.tensor(one);
  b.builtin_node(fb::BuiltinOperator::NEG, {in}, {mid});
  b.builtin_node(fb::BuiltinOperator::SQUARE, {mid}, {out});
  b.inputs({in});
  b.outputs({out});
  const ModelBytes bytes = in_memory(b.finish());
  const auto model = ::tflite::FlatBufferModel::BuildFromBuffer(
      reinterpret_cast<const char*>(bytes->data()), bytes->size());
  std::unique_ptr<::tflite::Interpreter> net;
  const Replacing resolver;
  ASSERT_EQ(::tflite::InterpreterBuilder(*model, resolver)(&net), kTfLiteOk);
  ASSERT_EQ(net->AllocateTensors(), kTfLiteOk);
  ASSERT_EQ(net->Invoke(), kTfLiteOk);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(*net->typed_output_tensor<float>(0), 77 * 77);
}

}  // namespace
}  // namespace pipit::test
