// SPDX-License-Identifier: Apache-2.0
// Sparse constants whose lists do not describe what is stored.
#include "tests/malformed/malformed.h"
#include "tests/support/edit.h"

namespace pipit::test {
namespace {

using Numbers = std::vector<int32_t>;

template <class List>
void set_list(List* list, const Numbers& values) {
  edit::Int32VectorT numbers;
  numbers.values = values;
  list->Set(std::move(numbers));
}

std::unique_ptr<edit::DimensionMetadataT> level(int32_t dense_size) {
  auto level = std::make_unique<edit::DimensionMetadataT>();
  level->format = edit::DimensionType::DENSE;
  level->dense_size = dense_size;
  return level;
}

// Rows stored densely, columns compressed: `segments` has a start for each row and the last's end.
std::unique_ptr<edit::SparsityParametersT> compressed_rows(const Numbers& segments,
                                                           const Numbers& indices,
                                                           const Numbers& order) {
  auto s = std::make_unique<edit::SparsityParametersT>();
  s->traversal_order = order;
  s->dim_metadata.push_back(level(2));
  s->dim_metadata.push_back(level(2));
  s->dim_metadata[1]->format = edit::DimensionType::SPARSE_CSR;
  set_list(&s->dim_metadata[1]->array_segments, segments);
  set_list(&s->dim_metadata[1]->array_indices, indices);
  return s;
}

// A [2,2] constant of two stored values that DENSIFY makes dense.
std::string densify(std::unique_ptr<edit::SparsityParametersT> sparsity) {
  const auto file = one(BuiltinOperator::DENSIFY, {filled(floats(Shape::of(2, 2)), 16)},
                        {floats(Shape::of(2, 2))})
                        .finish();
  return verdict(edited(file, [&](edit::ModelT& m) {
    m.buffers[1]->data.assign(8, 0);
    m.subgraphs[0]->tensors[0]->sparsity = std::move(sparsity);
  }));
}

std::string sparse(const Numbers& segments, const Numbers& indices, const Numbers& order = {0, 1}) {
  return densify(compressed_rows(segments, indices, order));
}

// Its bytes are fewer than its shape says.
TEST(Malformed, SparseConstantIsAnOutput) {
  const auto file = one(BuiltinOperator::ABS, {floats(Shape::of(1))}, {floats(Shape::of(1))});
  EXPECT_THAT(verdict(edited(file.finish(),
                             [](edit::ModelT& m) {
                               auto t = std::make_unique<edit::TensorT>();
                               t->shape = {2, 2};
                               t->sparsity = compressed_rows({0, 1, 2}, {0, 1}, {0, 1});
                               t->buffer = static_cast<uint32_t>(m.buffers.size());
                               m.buffers.push_back(std::make_unique<edit::BufferT>());
                               m.buffers.back()->data.assign(8, 0);
                               m.subgraphs[0]->tensors.push_back(std::move(t));
                               m.subgraphs[0]->outputs.push_back(2);
                             })),
              AllOf(HasSubstr("output 1, tensor 2"), HasSubstr("is a sparse constant")));
}

TEST(Malformed, CVE_2022_23560_InconsistentSparsity) {
  EXPECT_EQ(sparse({0, 1, 2}, {0, 1}), "runs");
  const char* const kOperator = "DENSIFY (operator 0): ";
  EXPECT_THAT(sparse({0, 1, 2}, {0, 2}), HasSubstr("sparse index 2 is outside of 2"));
  EXPECT_THAT(sparse({0, 1, 2}, {0, -1}), HasSubstr("sparse index -1 is outside of 2"));
  EXPECT_THAT(sparse({0, 1, 5}, {0, 1}), HasSubstr("do not add up"));
  EXPECT_THAT(sparse({0, 3, 2}, {0, 1}), HasSubstr("list 1 ends too early"));
  EXPECT_THAT(sparse({0, 1}, {0, 1}), HasSubstr("do not add up"));
  EXPECT_THAT(sparse({}, {}), HasSubstr(kOperator));
  EXPECT_THAT(sparse({0, 1, 2}, {0, 1}, {0, 0}), HasSubstr("walks dimension 0"));
  EXPECT_THAT(sparse({0, 1, 2}, {0, 1}, {0, 7}), HasSubstr("walks dimension 7"));
  EXPECT_THAT(sparse({0, 1, 2}, {0, 1}, {}), HasSubstr(kOperator));
}

// Two blocks of one column each, and what a block's size is said to be.
std::string blocks(int32_t size) {
  auto s = std::make_unique<edit::SparsityParametersT>();
  s->traversal_order = {0, 1, 2};
  s->block_map = {1};
  for (const int32_t dense_size : {2, 1, size}) s->dim_metadata.push_back(level(dense_size));
  return densify(std::move(s));
}

TEST(Malformed, BlockLargerThanItsDimension) {
  EXPECT_EQ(blocks(1), "runs");
  for (const int32_t size : {3, 1 << 30, INT32_MAX, 0, -1}) {
    EXPECT_THAT(blocks(size), AllOf(HasSubstr("DENSIFY (operator 0): "),
                                    HasSubstr("blocks of " + std::to_string(size))));
  }
}

// Weights [2,2] of which two values are stored, used where they lie.
std::string fully_connected(const Numbers& segments, const Numbers& indices) {
  const auto file =
      one(BuiltinOperator::FULLY_CONNECTED,
          {floats(Shape::of(1, 2)), filled(floats(Shape::of(2, 2)), 16)}, {floats(Shape::of(1, 2))})
          .finish();
  return verdict(edited(file, [&](edit::ModelT& m) {
    m.buffers[1]->data.assign(8, 0);
    m.subgraphs[0]->tensors[1]->sparsity = compressed_rows(segments, indices, {0, 1});
  }));
}

TEST(Malformed, CVE_2022_23561_SparseWeightsOutside) {
  EXPECT_EQ(fully_connected({0, 1, 2}, {0, 1}), "runs");
  for (const int32_t column : {2, -1, INT32_MAX}) {
    EXPECT_THAT(fully_connected({0, 1, 2}, {0, column}),
                HasSubstr("sparse column index " + std::to_string(column) + " is outside"));
  }
  EXPECT_THAT(fully_connected({0, 1, 9}, {0, 1}), HasSubstr("the sparse rows do not add up"));
  EXPECT_THAT(fully_connected({0, 1}, {0, 1}), HasSubstr("the sparse rows do not add up"));
  EXPECT_THAT(fully_connected({0, 3, 2}, {0, 1}), HasSubstr("sparse row 1 ends too early"));
  EXPECT_THAT(fully_connected({0, 1, 3}, {0, 1, 1}), HasSubstr("3 sparse values, but 8 bytes"));
}

}  // namespace
}  // namespace pipit::test
