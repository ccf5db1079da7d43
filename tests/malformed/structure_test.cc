// SPDX-License-Identifier: Apache-2.0
// Faults of the file itself: tables, offsets, indices, shapes, quantization, subgraphs.
#include <cmath>
#include <cstring>
#include <limits>

#include "core/limits.h"
#include "pipit/strings.h"
#include "tests/malformed/malformed.h"
#include "tests/support/edit.h"
#include "tests/support/loop.h"
#include "tests/support/net.h"

namespace pipit::test {
namespace {

using Edit = std::function<void(edit::ModelT&)>;

// One addition of a quantized constant.
std::vector<uint8_t> good() {
  ModelBuilder b = one(
      BuiltinOperator::ADD,
      {quantized(Type::kInt8, Shape::of(2, 3)), filled(quantized(Type::kInt8, Shape::of(2, 3)), 6)},
      {quantized(Type::kInt8, Shape::of(2, 3))});
  b.signature("serve", 0);
  return b.finish();
}

std::string spoilt(const Edit& change) { return verdict(edited(good(), change)); }

edit::TensorT& tensor(edit::ModelT& m, size_t i) { return *m.subgraphs[0]->tensors[i]; }
edit::OperatorT& node(edit::ModelT& m) { return *m.subgraphs[0]->operators[0]; }

TEST(Malformed, TheModelWithoutFaultRuns) { EXPECT_EQ(verdict(good()), "runs"); }

TEST(Malformed, TF_115308_EightBytes) {
  EXPECT_THAT(verdict({0x18, 0, 0, 0, 'T', 'F', 'L', '3'}), HasSubstr("damaged .tflite model"));
}

TEST(Malformed, LiteRT_10080_CutShort) {
  const std::vector<uint8_t> file = good();
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_THAT(
        verdict({file.begin(), file.begin() + static_cast<ptrdiff_t>(size)}),
        testing::AnyOf(HasSubstr("not a .tflite model"), HasSubstr("damaged .tflite model")))
        << size;
  }
}

TEST(Malformed, TF_121217_MisalignedVector) {
  // Constants that lie at odd places are read all the same, or refused; never with a bus error.
  std::vector<uint8_t> file = edited(good(), [](edit::ModelT& m) {
    for (auto& t : m.subgraphs[0]->tensors) t->type = edit::TensorType::FLOAT32;
    m.buffers[1]->data.assign(24, 0);
  });
  file.resize(file.size() + 64);
  const size_t at = file.size() - 37;
  file = edited(file, [&](edit::ModelT& m) {
    m.buffers[1]->data.clear();
    m.buffers[1]->offset = at;
    m.buffers[1]->size = 24;
  });
  file.resize(at + 37);
  EXPECT_EQ(verdict(file), "runs");
}

TEST(Malformed, CVE_2020_15209_CVE_2021_29592_ConstantWithoutBytes) {
  EXPECT_THAT(spoilt([](edit::ModelT& m) { tensor(m, 1).buffer = 0; }),
              HasSubstr("has no bytes and no earlier operator computes it"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) { m.buffers[1]->data.clear(); }),
              HasSubstr("has no bytes and no earlier operator computes it"));
  const TensorSpec shape = of(Type::kInt32, Shape::of(1));
  ModelBuilder b =
      one(BuiltinOperator::RESHAPE, {floats(Shape::of(4)), shape}, {floats(Shape::of(4))});
  b.inputs({0});
  EXPECT_THAT(verdict(b.finish()), HasSubstr("has no bytes and no earlier operator computes it"));
  for (const Shape& strings : {Shape::of(1), Shape::of(0)}) {
    ModelBuilder m = one(BuiltinOperator::EQUAL, {of(Type::kString, strings), number(0)},
                         {of(Type::kBool, strings)});
    m.inputs({});
    EXPECT_THAT(verdict(m.finish()), HasSubstr("has no bytes and no earlier operator computes it"));
  }
}

TEST(Malformed, NoOperatorReadsWhatNobodyComputes) {
  // Whatever the type: handles of resources have once been let through.
  int runs = 0;
  for (const BuiltinOperator op : fb::EnumValuesBuiltinOperator()) {
    for (int type = 0; type < kTypeCount; ++type) {
      if (type_bits(static_cast<Type>(type)) == 0 && static_cast<Type>(type) != Type::kString) {
        continue;  // has no bytes that anybody could read
      }
      const TensorSpec spec = of(static_cast<Type>(type), Shape::of(1));
      for (const size_t inputs : {1, 2}) {
        ModelBuilder b = one(op, std::vector<TensorSpec>(inputs, spec), {spec});
        b.inputs({});
        runs += verdict(b.finish()) == "runs" ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(runs, 0);
}

TEST(Malformed, NoOutputIsWhatNobodyComputes) {
  for (const Type type : {Type::kFloat32, Type::kResource, Type::kString}) {
    ModelBuilder b;
    b.outputs({b.tensor(of(type, Shape::of(1)))});
    EXPECT_THAT(verdict(b.finish()), HasSubstr("is computed by no operator"));
  }
}

TEST(Malformed, CVE_2020_15210_InputIsOutput) {
  EXPECT_THAT(spoilt([](edit::ModelT& m) { node(m).outputs = {0}; }),
              HasSubstr("ADD (operator 0): tensor 0 int8 [2,3] is both input and output"));
}

TEST(Malformed, CVE_2020_15211_IndexMinus1) {
  EXPECT_THAT(spoilt([](edit::ModelT& m) { node(m).outputs = {-1}; }),
              HasSubstr("operator 0: output 0 is tensor -1 of 3"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) {
                node(m).inputs = {0, -1};
              }),
              HasSubstr("ADD (operator 0): input 1 is left out"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) { m.subgraphs[0]->inputs = {-1}; }),
              HasSubstr("subgraph 0 names tensor -1 as an input, but has 3 tensors"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) { m.subgraphs[0]->outputs = {-1}; }),
              HasSubstr("subgraph 0 names tensor -1 as an output, but has 3 tensors"));
}

TEST(Malformed, CVE_2021_29591_LoopsAndCycles) {
  EXPECT_THAT(verdict(loop(1, 2)),
              AllOf(HasSubstr("WHILE (operator 0)"), HasSubstr("endless loop")));
  EXPECT_THAT(verdict(loop(1, 1)), HasSubstr("WHILE (operator 0): "));
  EXPECT_THAT(verdict(loop(2, 2)), HasSubstr("WHILE (operator 0): "));
  EXPECT_THAT(verdict(loop(0, 2)), HasSubstr("subgraph 0"));
  EXPECT_THAT(verdict(loop(1, 0)), HasSubstr("subgraph 0"));
  EXPECT_THAT(verdict(loop(1, 3)), HasSubstr("calls subgraph 3, but the model has 3"));
  EXPECT_THAT(verdict(loop(-1, 2)), HasSubstr("calls subgraph -1, but the model has 3"));
}

TEST(Malformed, CVE_2021_37682_NoQuantization) {
  EXPECT_THAT(spoilt([](edit::ModelT& m) { tensor(m, 0).quantization.reset(); }),
              AllOf(HasSubstr("ADD (operator 0): "), HasSubstr("scale")));
}

TEST(Malformed, ScalesAndZeroPoints) {
  const auto scale = [](float value) {
    return spoilt([=](edit::ModelT& m) { tensor(m, 0).quantization->scale = {value}; });
  };
  EXPECT_THAT(scale(std::numeric_limits<float>::quiet_NaN()), HasSubstr("scale 0 is nan"));
  EXPECT_THAT(scale(std::numeric_limits<float>::infinity()), HasSubstr("scale 0 is inf"));
  EXPECT_THAT(scale(-1), HasSubstr("scale 0 is -1"));
  EXPECT_THAT(scale(0), HasSubstr("scale"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) { tensor(m, 0).quantization->zero_point = {INT64_MAX}; }),
              HasSubstr("zero point 9223372036854775807 is out of range"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) { tensor(m, 0).quantization->zero_point = {300}; }),
              AllOf(HasSubstr("ADD (operator 0): "), HasSubstr("300")));
  EXPECT_THAT(spoilt([](edit::ModelT& m) {
                tensor(m, 0).quantization->scale = {1, 1, 1, 1, 1};
              }),
              HasSubstr("5 scales do not fit its 2 dimensions along dimension 0"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) {
                tensor(m, 0).quantization->scale = {1, 1};
                tensor(m, 0).quantization->quantized_dimension = 2;
              }),
              HasSubstr("2 scales do not fit its 2 dimensions along dimension 2"));
}

TEST(Malformed, TF_116632_OffsetPlusSizeWraps) {
  EXPECT_THAT(spoilt([](edit::ModelT& m) {
                m.buffers[1]->data.clear();
                m.buffers[1]->offset = UINT64_MAX - 3;
                m.buffers[1]->size = 8;
              }),
              HasSubstr("buffer 1 is said to lie at 18446744073709551612 with 8 bytes, but"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) {
                node(m).large_custom_options_offset = UINT64_MAX - 3;
                node(m).large_custom_options_size = 8;
              }),
              HasSubstr("its custom options are said to lie at 18446744073709551612"));
}

TEST(Malformed, TF_111458_TFLM_3761_DimensionsOverflow) {
  for (const std::vector<int32_t>& shape : std::vector<std::vector<int32_t>>{{INT32_MAX, 2},
                                                                             {65536, 65536},
                                                                             {1 << 30, 4, 0},
                                                                             {-1, 3},
                                                                             {INT32_MIN},
                                                                             {INT32_MAX, 0, 9}}) {
    EXPECT_THAT(spoilt([&](edit::ModelT& m) { tensor(m, 0).shape = shape; }),
                HasSubstr("has a negative dimension or is too large"));
  }
}

// Loops that take several elements at a time count past the last one.
TEST(Malformed, SizesLeaveRoomToCount) {
  EXPECT_EQ(dense_bytes(Type::kInt8, Shape::of(kMostItems)), kMostItems);
  for (const int32_t more : {kMostItems + 1, INT32_MAX}) {
    EXPECT_EQ(dense_bytes(Type::kInt8, Shape::of(more)), -1);
    EXPECT_EQ(dense_bytes(Type::kInt4, Shape::of(more)), -1);
    EXPECT_EQ(dense_bytes(Type::kFloat32, Shape::of(more / 4 + 1)), -1);
    EXPECT_EQ(dense_bytes(Type::kInt8, Shape::of(0, more)), -1);
  }
}

TEST(Malformed, TFLM_3075_3076_3077_3389_BufferIndex) {
  for (const size_t i : {size_t{0}, size_t{1}, size_t{2}}) {
    for (const uint32_t index : {2u, 0x7fffffffu, 0xffffffffu}) {
      EXPECT_THAT(spoilt([&](edit::ModelT& m) { tensor(m, i).buffer = index; }),
                  HasSubstr("buffer " + std::to_string(index) + " of 2"));
    }
  }
}

TEST(Malformed, IndicesOutOfRange) {
  EXPECT_THAT(spoilt([](edit::ModelT& m) { node(m).opcode_index = 1; }),
              HasSubstr("operator 0: operator code 1 of 1"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) { m.signature_defs[0]->subgraph_index = 1; }),
              HasSubstr("signature 'serve' runs subgraph 1 of 1"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) {
                auto entry = std::make_unique<edit::TensorMapT>();
                entry->name = "x";
                entry->tensor_index = 3;
                m.signature_defs[0]->inputs.push_back(std::move(entry));
              }),
              HasSubstr("signature 'serve' names tensor 3 of 3 as 'x'"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) { m.subgraphs.clear(); }),
              HasSubstr("the model has no subgraph"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) {
                tensor(m, 0).shape_signature = {-1, 3, 1};
              }),
              HasSubstr("shape_signature has 3 dimensions, the shape 2"));
  EXPECT_THAT(spoilt([](edit::ModelT& m) {
                m.metadata.push_back(std::make_unique<edit::MetadataT>());
                m.metadata[0]->name = "m";
                m.metadata[0]->buffer = 2;
              }),
              HasSubstr("metadata 'm' is in buffer 2 of 2"));
  EXPECT_EQ(spoilt([](edit::ModelT& m) { m.signature_defs[0]->signature_key.clear(); }), "runs");
}

TEST(Malformed, RuntimeVersionIsNoText) {
  // Nothing depends on what it says.
  EXPECT_EQ(spoilt([](edit::ModelT& m) {
              m.metadata.push_back(std::make_unique<edit::MetadataT>());
              m.metadata[0]->name = "min_runtime_version";
              m.metadata[0]->buffer = 2;
              m.buffers.push_back(std::make_unique<edit::BufferT>());
              m.buffers[2]->data.assign(16, 0xff);
            }),
            "runs");
}

TEST(Malformed, AVariableHoldsStrings) {
  ModelBuilder b;
  b.outputs({b.tensor({.type = Type::kString, .shape = Shape::of(1), .variable = true})});
  EXPECT_THAT(verdict(b.finish()), HasSubstr("a variable, holds strings"));
}

// Strings have no bytes in the plan.
TEST(Malformed, StringsThatNobodyBound) {
  const TensorSpec strings = of(Type::kString, Shape::of(2));
  const ModelBuilder b =
      one(BuiltinOperator::EQUAL, {strings, strings}, {of(Type::kBool, Shape::of(2))});
  EXPECT_THAT(
      verdict(b.finish()),
      HasSubstr("input 0, tensor 0 string [2], has no strings: bind a buffer of them to it"));
  Net net(b);
  char left[strings_bytes(2, 5)], right[strings_bytes(2, 5)];
  for (char* bytes : {left, right}) {
    StringWriter writer(bytes, 2);
    writer.add({"ab", 2});
    writer.add({bytes == left ? "cde" : "cdf", 3});
  }
  ASSERT_TRUE(net.interpreter().bind_input(0, left, sizeof(left)).ok());
  Message why;
  EXPECT_FALSE(net.interpreter().invoke(&why).ok());
  EXPECT_THAT(why.text(), HasSubstr("input 1, tensor 1 string [2], has no strings"));
  ASSERT_TRUE(net.interpreter().bind_input(1, right, sizeof(right)).ok());
  EXPECT_THAT(net.run<uint8_t>(), testing::ElementsAre(1, 0));
  ASSERT_TRUE(net.interpreter().bind_input(0, nullptr, 0).ok());
  EXPECT_FALSE(net.invoke());
}

// A subgraph returns strings that it never computes.
TEST(Malformed, StringsThatNobodyComputes) {
  const TensorSpec strings = of(Type::kString, Shape::of(3));
  ModelBuilder b;
  const int yes = b.tensor(of(Type::kBool, {})), text = b.tensor(strings);
  const int same = b.tensor(of(Type::kBool, Shape::of(3)));
  b.builtin_node(BuiltinOperator::IF, {yes}, {text}, options(fb::CreateIfOptions, 1, 1));
  b.builtin_node(BuiltinOperator::EQUAL, {text, text}, {same});
  b.inputs({yes});
  b.outputs({same});
  b.begin_subgraph();
  b.outputs({b.tensor(strings)});
  EXPECT_THAT(verdict(b.finish()), HasSubstr("is computed by no operator"));
}

// Their places in the header alone would have more bytes than a tensor may have.
TEST(Malformed, MoreStringsThanFitIntoATensor) {
  ModelBuilder b;
  b.inputs({b.tensor({.type = Type::kString, .shape = Shape::of(1 << 29)})});
  EXPECT_THAT(verdict(b.finish()),
              HasSubstr("shape [536870912] has a negative dimension or is too large"));
}

}  // namespace
}  // namespace pipit::test
