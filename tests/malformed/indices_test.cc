// SPDX-License-Identifier: Apache-2.0
// Indices, axes and sizes in tensors that lead outside of other tensors, constant or given at run
// time.
#include "tests/malformed/malformed.h"

namespace pipit::test {
namespace {

TEST(Malformed, CVE_2020_15212_15213_15214_SegmentIds) {
  const auto check = [](const std::vector<int32_t>& ids) {
    return verdict(BuiltinOperator::SEGMENT_SUM, {floats(Shape::of(3, 2)), ints(ids)},
                   {floats(Shape::of(2, 2))});
  };
  EXPECT_EQ(check({0, 0, 1}), "runs");
  EXPECT_THAT(check({-1, 0, 1}), AllOf(HasSubstr("SEGMENT_SUM (operator 0): "), HasSubstr("-1")));
  EXPECT_THAT(check({0, 0, INT32_MAX}), HasSubstr("SEGMENT_SUM (operator 0): "));
  EXPECT_THAT(check({0, 1, 1'000'000'000}), HasSubstr("SEGMENT_SUM (operator 0): "));
  EXPECT_THAT(check({0, 2, 1}), HasSubstr("SEGMENT_SUM (operator 0): "));
}

TEST(Malformed, CVE_2021_29589_GatherNdOfNothing) {
  EXPECT_THAT(verdict(BuiltinOperator::GATHER_ND,
                      {floats(Shape::of(0, 2)),
                       {.shape = Shape::of(1, 1), .bytes = bytes_of<int32_t>({0})}},
                      {floats(Shape::of(1, 2))}),
              HasSubstr("GATHER_ND (operator 0): "));
}

TEST(Malformed, CVE_2021_29600_OneHotOfNothing) {
  const TensorSpec none = of(Type::kInt32, Shape::of(0));
  EXPECT_EQ(verdict(BuiltinOperator::ONE_HOT, {none, number(3), number(1), number(0)},
                    {of(Type::kInt32, Shape::of(0, 3))}, options(fb::CreateOneHotOptions, -1)),
            "runs");
  EXPECT_THAT(verdict(BuiltinOperator::ONE_HOT, {none, number(-1), number(1), number(0)},
                      {of(Type::kInt32, Shape::of(0, 3))}, options(fb::CreateOneHotOptions, -1)),
              HasSubstr("ONE_HOT (operator 0): "));
}

TEST(Malformed, CVE_2021_29601_ConcatenationOverflows) {
  TensorSpec big = of(Type::kInt8, Shape::of(1 << 30, 1));
  EXPECT_THAT(verdict(BuiltinOperator::CONCATENATION, {big, big, big}, {big},
                      options(fb::CreateConcatenationOptions, 0, kNoActivation)),
              HasSubstr("CONCATENATION (operator 0): "));
  EXPECT_THAT(verdict(BuiltinOperator::CONCATENATION, {big, big}, {big},
                      options(fb::CreateConcatenationOptions, 2, kNoActivation)),
              HasSubstr("axis 2"));
}

TEST(Malformed, CVE_2021_29603_ArgMaxAxis) {
  for (const auto op : {BuiltinOperator::ARG_MAX, BuiltinOperator::ARG_MIN}) {
    for (const int32_t axis : {2, -3, INT32_MAX, INT32_MIN}) {
      const auto o = op == BuiltinOperator::ARG_MAX
                         ? options(fb::CreateArgMaxOptions, fb::TensorType::INT32)
                         : options(fb::CreateArgMinOptions, fb::TensorType::INT32);
      EXPECT_THAT(
          verdict(op, {floats(Shape::of(2, 3)), number(axis)}, {of(Type::kInt32, Shape::of(2))}, o),
          HasSubstr("axis " + std::to_string(axis)));
    }
  }
}

TEST(Malformed, CVE_2021_29606_SplitVAxis) {
  for (const int32_t axis : {2, -3, INT32_MIN}) {
    EXPECT_THAT(
        verdict(BuiltinOperator::SPLIT_V, {floats(Shape::of(2, 3)), ints({2}), number(axis)},
                {floats(Shape::of(2, 3))}, options(fb::CreateSplitVOptions, 1)),
        AllOf(HasSubstr("SPLIT_V (operator 0): "), HasSubstr("axis " + std::to_string(axis))));
  }
  EXPECT_THAT(verdict(BuiltinOperator::SPLIT_V, {floats(Shape::of(2, 3)), ints({5, -3}), number(0)},
                      {floats(Shape::of(5, 3)), floats(Shape::of(1, 3))},
                      options(fb::CreateSplitVOptions, 2)),
              HasSubstr("SPLIT_V (operator 0): "));
}

TEST(Malformed, CVE_2021_37683_DivisionBy0) {
  for (const auto op :
       {BuiltinOperator::DIV, BuiltinOperator::FLOOR_DIV, BuiltinOperator::FLOOR_MOD}) {
    const TensorSpec in = of(Type::kInt32, Shape::of(2));
    EXPECT_THAT(verdict(op, {in, in}, {in}), AllOf(HasSubstr("(operator 0): "), HasSubstr("0")));
    EXPECT_THAT(verdict(op, {in, ints({1, 0})}, {in}), HasSubstr("(operator 0): "));
  }
}

TEST(Malformed, CVE_2021_37685_ExpandDimsAxis) {
  for (const int32_t axis : {-100000, 3, INT32_MIN, INT32_MAX}) {
    EXPECT_THAT(
        verdict(BuiltinOperator::EXPAND_DIMS, {floats(Shape::of(2, 3)), number(axis)},
                {floats(Shape::of(1, 2, 3))}),
        AllOf(HasSubstr("EXPAND_DIMS (operator 0): "), HasSubstr("axis " + std::to_string(axis))));
  }
}

std::string strided_slice(int32_t ellipsis, int32_t new_axis, const std::vector<int32_t>& strides) {
  return verdict(BuiltinOperator::STRIDED_SLICE,
                 {floats(Shape::of(2, 3)), ints({0, 0}), ints({2, 3}), ints(strides)},
                 {floats(Shape::of(2, 3))},
                 options(fb::CreateStridedSliceOptions, 0, 0, ellipsis, new_axis, 0, false));
}

TEST(Malformed, CVE_2021_37686_StridedSliceMasks) {
  EXPECT_EQ(strided_slice(1, 0, {1, 1}), "runs");
  EXPECT_EQ(strided_slice(INT32_MIN, 0, {1, 1}), "runs");  // a bit for no dimension at all
  EXPECT_EQ(strided_slice(3, 0, {1, 1}), "runs");          // the first one counts
  EXPECT_EQ(strided_slice(1, 1, {1, 1}), "runs");
  EXPECT_THAT(strided_slice(0, 0, {0, 1}),
              AllOf(HasSubstr("STRIDED_SLICE (operator 0): "), HasSubstr("stride")));
}

TensorSpec index_rows(const std::vector<int32_t>& values) {
  return {.shape = Shape::of(values.size(), 1), .bytes = bytes_of(values)};
}

TEST(Malformed, CVE_2021_37687_CVE_2022_35938_GatherOutside) {
  for (const int32_t index : {-1, 3, INT32_MAX, INT32_MIN}) {
    EXPECT_THAT(verdict(BuiltinOperator::GATHER, {floats(Shape::of(3, 2)), ints({0, index})},
                        {floats(Shape::of(2, 2))}, options(fb::CreateGatherOptions, 0, 0)),
                AllOf(HasSubstr("GATHER (operator 0): "), HasSubstr(std::to_string(index))));
    EXPECT_THAT(verdict(BuiltinOperator::GATHER_ND, {floats(Shape::of(3, 2)), index_rows({index})},
                        {floats(Shape::of(1, 2))}),
                AllOf(HasSubstr("GATHER_ND (operator 0): "), HasSubstr(std::to_string(index))));
  }
}

TEST(Malformed, CVE_2022_35937_MoreIndicesThanDimensions) {
  EXPECT_THAT(verdict(BuiltinOperator::GATHER_ND,
                      {floats(Shape::of(3, 2)),
                       {.shape = Shape::of(1, 3), .bytes = bytes_of<int32_t>({0, 0, 0})}},
                      {floats(Shape::of(1))}),
              AllOf(HasSubstr("GATHER_ND (operator 0): "), HasSubstr("3")));
}

TEST(Malformed, CVE_2022_35939_ScatterOutside) {
  for (const int32_t index : {-1, 4, INT32_MAX, INT32_MIN}) {
    EXPECT_THAT(
        verdict(BuiltinOperator::SCATTER_ND, {index_rows({index}), floats(Shape::of(1)), ints({4})},
                {floats(Shape::of(4))}),
        AllOf(HasSubstr("SCATTER_ND (operator 0): "), HasSubstr(std::to_string(index))));
  }
}

TEST(Malformed, CVE_2021_29605_CVE_2022_23558_CVE_2022_23559_HugeSizes) {
  // A list of more dimensions than memory has bytes, and products beyond any integer.
  EXPECT_THAT(verdict(BuiltinOperator::FILL, {ints({INT32_MAX, INT32_MAX, INT32_MAX}), number(1)},
                      {of(Type::kInt32, Shape::of(1))}),
              AllOf(HasSubstr("FILL (operator 0): "), HasSubstr("2147483647")));
  EXPECT_THAT(
      verdict(BuiltinOperator::EMBEDDING_LOOKUP,
              {ints({0}), of(Type::kFloat32, Shape::of(1, 65536, 65536))}, {floats(Shape::of(1))}),
      HasSubstr("[1,65536,65536] has a negative dimension or is too large"));
  EXPECT_THAT(verdict(BuiltinOperator::EMBEDDING_LOOKUP_SPARSE,
                      {ints({0}),
                       {.shape = Shape::of(1, 2), .bytes = bytes_of<int32_t>({0, 0})},
                       ints({INT32_MAX, 9}),
                       filled(floats(Shape::of(1)), 4),
                       floats(Shape::of(1, 2))},
                      {floats(Shape::of(1, 2))},
                      options(fb::CreateEmbeddingLookupSparseOptions, fb::CombinerType::SUM)),
              HasSubstr("EMBEDDING_LOOKUP_SPARSE (operator 0): "));
}

TEST(Malformed, TF_115068_ResizeWraps) {
  for (const int32_t size : {INT32_MAX, 65536, 0, -1}) {
    EXPECT_THAT(
        verdict(BuiltinOperator::RESIZE_BILINEAR,
                {floats(Shape::of(1, 2, 2, 1)), ints({size, size})},
                {floats(Shape::of(1, 2, 2, 1))},
                options(fb::CreateResizeBilinearOptions, false, false)),
        AllOf(HasSubstr("RESIZE_BILINEAR (operator 0): "), HasSubstr(std::to_string(size))));
  }
}

}  // namespace
}  // namespace pipit::test
