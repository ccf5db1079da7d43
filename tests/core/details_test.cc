// SPDX-License-Identifier: Apache-2.0
// What a file says of itself beyond what is needed to run it.
#include "pipit/details.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/edit.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes copy(Span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

// Two constants share buffer 1, metadata is in buffer 2; the second subgraph has a name.
edit::ModelT described() {
  ModelBuilder b;
  const int a = b.tensor({.shape = Shape::of(1), .bytes = {1, 2, 3, 4}});
  const int same = b.tensor({.shape = Shape::of(1)});
  b.spoil_buffer(1);
  const int sum = b.tensor({.shape = Shape::of(1)});
  const int state = b.tensor({.shape = Shape::of(1), .variable = true});
  b.node("ADD", {a, same}, {sum}, {7, 8});
  b.builtin_node(static_cast<fb::BuiltinOperator>(4000), {sum}, {state});
  b.begin_subgraph();
  edit::ModelT model = unpacked(b.finish());
  model.subgraphs[0]->operators[1]->intermediates = {sum, -1};
  model.subgraphs[1]->name = "other";
  model.metadata.push_back(std::make_unique<edit::MetadataT>());
  model.metadata[0]->name = "note";
  model.metadata[0]->buffer = static_cast<uint32_t>(model.buffers.size());
  model.buffers.push_back(std::make_unique<edit::BufferT>());
  model.buffers.back()->data = {9};
  return model;
}

class Details : public testing::Test {
 protected:
  const ModelBytes file = in_memory(packed(described()));
  const Model model = Model::parse(file->span()).value();
};

TEST_F(Details, OfSubgraphs) {
  EXPECT_STREQ(subgraph_name(model, 0), "");
  EXPECT_STREQ(subgraph_name(model, 1), "other");
}

TEST_F(Details, OfBuffers) {
  ASSERT_EQ(buffer_count(model), 3);
  EXPECT_EQ(copy(buffer(model, 0)), Bytes());
  EXPECT_EQ(copy(buffer(model, 1)), (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(copy(buffer(model, 2)), (Bytes{9}));
  for (const int i : {0, 1}) EXPECT_EQ(buffer_index(model.tensor(i)), 1);
  for (const int i : {2, 3}) EXPECT_EQ(buffer_index(model.tensor(i)), 0);
}

TEST_F(Details, OfMetadata) {
  ASSERT_EQ(metadata_count(model), 1);
  EXPECT_STREQ(metadata_name(model, 0), "note");
  EXPECT_EQ(copy(metadata(model, 0)), (Bytes{9}));
  EXPECT_EQ(copy(metadata(model, "note")), (Bytes{9}));
  EXPECT_EQ(metadata(model, "not").data(), nullptr);
}

TEST_F(Details, OfOperators) {
  EXPECT_EQ(copy(custom_options(model, 0)), (Bytes{7, 8}));
  EXPECT_TRUE(custom_options(model, 1).empty());
  EXPECT_TRUE(intermediates(model, 0).empty());
  const Span<const int32_t> list = intermediates(model, 1);
  EXPECT_EQ((std::vector<int32_t>{list.begin(), list.end()}), (std::vector<int32_t>{2, -1}));
  EXPECT_TRUE(known_operator(model.node(0).code));
  EXPECT_FALSE(known_operator(model.node(1).code));
  EXPECT_EQ(model.node(1).code, 4000);
  EXPECT_STREQ(model.node(1).op, "unknown code");
}

TEST_F(Details, OfTensors) {
  EXPECT_FALSE(is_variable(model.tensor(2)));
  EXPECT_TRUE(is_variable(model.tensor(3)));
}

}  // namespace
}  // namespace pipit::test
