// SPDX-License-Identifier: Apache-2.0
// Every variant of the copies of boxes against the portable one where they transpose: matrices of
// ragged sizes in any place among the dimensions, rows with room between them, unmapped pages
// around both arrays; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "kernels/contracts/copy_box.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

struct Case {
  int32_t element, rows, columns;
  int32_t room;  // bytes behind each row of the input
};

// A matrix within two or no more dimensions, of which one may run backwards.
struct Box {
  CopyDims dims;
  int32_t in_offset = 0, in_bytes = 0, out_bytes = 0;
};

Box box_of(const Case& c, Random* random) {
  Box box;
  const int32_t e = c.element;
  const int32_t in_row = c.columns * e + c.room, out_row = c.rows * e;
  const int32_t images = random->between(1, 3);
  const int32_t in_image = c.rows * in_row, out_image = c.columns * out_row;
  box.dims.element = e;
  const bool backwards = random->one_in(3);
  if (backwards) box.in_offset = (c.rows - 1) * in_row;
  const CopyDim image = {images, in_image, out_image};
  const CopyDim row = {c.rows, backwards ? -in_row : in_row, e};
  const CopyDim column = {c.columns, e, out_row};
  CopyDim order[] = {image, column, row};
  for (int i = 2; i > 0; --i) std::swap(order[i], order[random->between(0, i)]);
  for (const CopyDim& d : order) box.dims.add(d.size, d.in_step, d.out_step);
  box.in_bytes = images * in_image;
  box.out_bytes = images * out_image;
  return box;
}

bool agrees(CopyBoxFn variant, const Case& c, Against side, uint64_t seed) {
  Random random(seed);
  const Box box = box_of(c, &random);
  const auto out_bytes = static_cast<size_t>(box.out_bytes);
  const GuardedBuffer<uint8_t> in(static_cast<size_t>(box.in_bytes - c.room), side);
  const GuardedBuffer<uint8_t> want(out_bytes, side), got(out_bytes, other(side));
  for (uint8_t& x : in.span()) x = static_cast<uint8_t>(random.bits());
  in.make_read_only();
  copy_box_portable(box.dims.box(in.data() + box.in_offset, want.data()));
  variant(box.dims.box(in.data() + box.in_offset, got.data()));
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

bool all_agree(CopyBoxFn variant) {
  bool all = true;
  uint64_t seed = 1;
  constexpr int32_t kSizes[] = {1, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 33};
  for (const int32_t element : {1, 2, 4, 8}) {
    for (const int32_t rows : kSizes) {
      for (const int32_t columns : kSizes) {
        for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
          all = all && agrees(variant, {element, rows, columns, 0}, side, ++seed);
          all = all && agrees(variant, {element, rows, columns, 3}, side, ++seed);
        }
      }
    }
  }
  return all;
}

class CopyBoxVariantTest : public testing::TestWithParam<size_t> {};

TEST_P(CopyBoxVariantTest, TransposesLikePortable) {
  const CopyBoxVariant& variant = transposition_variants()[GetParam()];
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  EXPECT_TRUE(all_agree(variant.run));
}

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return transposition_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(CopyBox, CopyBoxVariantTest,
                         testing::Range(size_t{0}, transposition_variants().size()), name_of);

// ---- the check itself

// Copies all of a dimension of more than sixteen but the last.
void one_short(const CopyBox& a) {
  CopyDim dims[CopyDims::kMax];
  std::copy(a.dims, a.dims + a.rank, dims);
  if (dims[0].size > 16) --dims[0].size;
  CopyBox b = a;
  b.dims = dims;
  copy_box_portable(b);
}

// Walks forwards only.
void forwards(const CopyBox& a) {
  CopyBox b = a;
  CopyDim dims[CopyDims::kMax];
  std::copy(a.dims, a.dims + a.rank, dims);
  for (CopyDim& d : dims) {
    if (d.in_step < 0) {
      b.in += ptrdiff_t{d.in_step} * (d.size - 1);
      d.in_step = -d.in_step;
    }
  }
  b.dims = dims;
  copy_box_portable(b);
}

TEST(CopyBoxCheck, CatchesBrokenVariants) {
  EXPECT_TRUE(all_agree(copy_box_portable));
  EXPECT_FALSE(all_agree(one_short));
  EXPECT_FALSE(all_agree(forwards));
}

}  // namespace
}  // namespace pipit::test
