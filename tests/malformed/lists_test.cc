// SPDX-License-Identifier: Apache-2.0
// Lists that lie where no compiler puts them, or are longer than the file.
#include "tests/malformed/malformed.h"
#include "tests/support/edit.h"

namespace pipit::test {
namespace {

using Bytes = std::vector<uint8_t>;

uint32_t word_at(const Bytes& file, size_t at) {
  return flatbuffers::ReadScalar<uint32_t>(file.data() + at);
}
void set_word(Bytes* file, size_t at, size_t value) {
  flatbuffers::WriteScalar(file->data() + at, static_cast<uint32_t>(value));
}

// Where a table's field says how far away its list is. `T` has the same layout as a table.
template <class T>
size_t field_at(const Bytes& file, const T* table, flatbuffers::voffset_t field) {
  const auto* address = reinterpret_cast<const flatbuffers::Table*>(table)->GetAddressOf(field);
  return static_cast<size_t>(address - file.data());
}

// Moves a list of 64-bit numbers to the end of the file, 4 bytes from where they would be aligned.
void misalign(Bytes* file, size_t field) {
  constexpr size_t kLength = sizeof(uint32_t), kNumber = sizeof(int64_t);
  const size_t list = field + word_at(*file, field);
  const size_t bytes = kLength + word_at(*file, list) * kNumber;
  file->resize((file->size() + kNumber - 1) / kNumber * kNumber);
  const size_t end = file->size();
  file->resize(end + bytes);
  std::copy_n(file->begin() + static_cast<ptrdiff_t>(list), bytes,
              file->begin() + static_cast<ptrdiff_t>(end));
  set_word(file, field, end - field);
}

const fb::SubGraph& subgraph(const Bytes& file) {
  return *fb::GetModel(file.data())->subgraphs()->Get(0);
}

TEST(Malformed, ZeroPointsNotAligned) {
  const TensorSpec t = quantized(Type::kInt8, Shape::of(2, 3));
  Bytes file = one(BuiltinOperator::ADD, {t, t}, {t}).finish();
  EXPECT_EQ(verdict(file), "runs");
  misalign(&file, field_at(file, subgraph(file).tensors()->Get(1)->quantization(),
                           fb::QuantizationParameters::VT_ZERO_POINT));
  EXPECT_THAT(verdict(file),
              AllOf(HasSubstr("tensor 1 "), HasSubstr("zero points are not aligned to 8 bytes")));
}

// Gives the only operator of a model options from the second union.
Bytes with_options(const ModelBuilder& model, const edit::BuiltinOptions2Union& options) {
  return edited(model.finish(), [&](edit::ModelT& m) {
    m.subgraphs[0]->operators[0]->builtin_options_2 = options;
  });
}

template <class Options>
void expect_runs_misaligned(Bytes file, std::initializer_list<flatbuffers::voffset_t> lists) {
  EXPECT_EQ(verdict(file), "runs");
  for (const auto list : lists) {
    const auto* o = subgraph(file).operators()->Get(0)->builtin_options_2_as<Options>();
    ASSERT_NE(o, nullptr);
    misalign(&file, field_at(file, o, list));
  }
  EXPECT_EQ(verdict(file), "runs");
}

TEST(Malformed, PaddingNotAligned) {
  edit::StablehloPadOptionsT pad;
  pad.edge_padding_low = {1, 0};
  pad.edge_padding_high = {0, -1};
  pad.interior_padding = {1, 0};
  edit::BuiltinOptions2Union options;
  options.Set(std::move(pad));
  using Options = fb::StablehloPadOptions;
  expect_runs_misaligned<Options>(
      with_options(one(BuiltinOperator::STABLEHLO_PAD, {floats(Shape::of(2, 3)), floats({})},
                       {floats(Shape::of(4, 2))}),
                   options),
      {Options::VT_EDGE_PADDING_LOW, Options::VT_EDGE_PADDING_HIGH, Options::VT_INTERIOR_PADDING});
}

TEST(Malformed, GatherDimensionsNotAligned) {
  edit::StablehloGatherOptionsT gather;
  gather.offset_dims = {1};
  gather.collapsed_slice_dims = {0};
  gather.start_index_map = {0};
  gather.index_vector_dim = 1;
  gather.slice_sizes = {1, 3};
  edit::BuiltinOptions2Union options;
  options.Set(std::move(gather));
  using Options = fb::StablehloGatherOptions;
  expect_runs_misaligned<Options>(
      with_options(one(BuiltinOperator::STABLEHLO_GATHER,
                       {floats(Shape::of(2, 3)), of(Type::kInt32, Shape::of(2, 1))},
                       {floats(Shape::of(2, 3))}),
                   options),
      {Options::VT_OFFSET_DIMS, Options::VT_COLLAPSED_SLICE_DIMS, Options::VT_START_INDEX_MAP,
       Options::VT_SLICE_SIZES});
}

// The model with another subgraph, which adds two numbers.
ModelBuilder with_sum(ModelBuilder b) {
  b.begin_subgraph();
  const int x = b.tensor(floats({})), y = b.tensor(floats({})), sum = b.tensor(floats({}));
  b.builtin_node(BuiltinOperator::STABLEHLO_ADD, {x, y}, {sum});
  b.inputs({x, y});
  b.outputs({sum});
  return b;
}

TEST(Malformed, WindowNotAligned) {
  edit::StablehloReduceWindowOptionsT window;
  window.window_dimensions = {2};
  window.window_strides = {1};
  window.base_dilations = {1};
  window.window_dilations = {1};
  window.padding = {0, 0};
  window.body_subgraph_index = 1;
  edit::BuiltinOptions2Union options;
  options.Set(std::move(window));
  using Options = fb::StablehloReduceWindowOptions;
  expect_runs_misaligned<Options>(
      with_options(with_sum(one(BuiltinOperator::STABLEHLO_REDUCE_WINDOW,
                                {floats(Shape::of(4)), floats({})}, {floats(Shape::of(3))})),
                   options),
      {Options::VT_WINDOW_DIMENSIONS, Options::VT_WINDOW_STRIDES, Options::VT_BASE_DILATIONS,
       Options::VT_WINDOW_DILATIONS, Options::VT_PADDING});
}

TEST(Malformed, ScatterDimensionsNotAligned) {
  edit::StablehloScatterOptionsT scatter;
  scatter.update_window_dims = {1};
  scatter.inserted_window_dims = {0};
  scatter.scatter_dims_to_operand_dims = {0};
  scatter.index_vector_dim = 1;
  scatter.update_computation_subgraph_index = 1;
  edit::BuiltinOptions2Union options;
  options.Set(std::move(scatter));
  using Options = fb::StablehloScatterOptions;
  expect_runs_misaligned<Options>(
      with_options(with_sum(one(BuiltinOperator::STABLEHLO_SCATTER,
                                {floats(Shape::of(4, 3)), of(Type::kInt32, Shape::of(2, 1)),
                                 floats(Shape::of(2, 3))},
                                {floats(Shape::of(4, 3))})),
                   options),
      {Options::VT_UPDATE_WINDOW_DIMS, Options::VT_INSERTED_WINDOW_DIMS,
       Options::VT_SCATTER_DIMS_TO_OPERAND_DIMS});
}

// The file says that a list is longer than it is itself.
std::string with_length(size_t length, const std::function<size_t(const Bytes&)>& field) {
  Bytes file =
      one(BuiltinOperator::ABS, {floats(Shape::of(2, 3))}, {floats(Shape::of(2, 3))}).finish();
  EXPECT_EQ(verdict(file), "runs");
  const size_t at = field(file);
  set_word(&file, at + word_at(file, at), length);
  return verdict(file);
}

TEST(Malformed, ABillionOperators) {
  for (const size_t length : {size_t{1'000'000'000}, size_t{INT32_MAX}, size_t{UINT32_MAX}}) {
    EXPECT_THAT(with_length(length,
                            [](const Bytes& f) {
                              return field_at(f, &subgraph(f), fb::SubGraph::VT_OPERATORS);
                            }),
                HasSubstr("damaged .tflite model"));
  }
}

TEST(Malformed, CVE_2021_29605_CVE_2022_23558_ListTimesSizeWraps) {
  const auto shape = [](const Bytes& f) {
    return field_at(f, subgraph(f).tensors()->Get(0), fb::Tensor::VT_SHAPE);
  };
  for (const size_t length : {size_t{1} << 30, (size_t{1} << 30) + 2, size_t{UINT32_MAX}}) {
    EXPECT_THAT(with_length(length, shape), HasSubstr("damaged .tflite model"));
  }
  const auto file = one(BuiltinOperator::ABS, {floats(Shape::of(1))}, {floats(Shape::of(1))});
  EXPECT_THAT(
      verdict(edited(file.finish(),
                     [](edit::ModelT& m) { m.subgraphs[0]->tensors[0]->shape.assign(9, 1); })),
      HasSubstr("rank 9 is more than 8"));
}

}  // namespace
}  // namespace pipit::test
