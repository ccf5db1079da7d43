// SPDX-License-Identifier: Apache-2.0
// Every copy_box variant, before and after simplify(), against a loop over single elements.
#include "kernels/contracts/copy_box.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

#include "kernels/ops/moves.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

struct Box {
  CopyDims dims;
  int32_t in_offset = 0;
  int32_t in_bytes = 0;
  int32_t out_bytes = 0;
};

// One step for each dimension of `sizes`, laid out densely in a random order of the dimensions,
// perhaps with room between elements. Returns the bytes that this takes.
int32_t random_layout(Random& random, const std::vector<int32_t>& sizes, int32_t element,
                      std::vector<int32_t>* steps) {
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = order.size(); i > 1; --i) {
    if (random.one_in(2)) std::swap(order[i - 1], order[static_cast<size_t>(random.bits() % i)]);
  }
  int32_t step = element;
  steps->resize(sizes.size());
  for (size_t i = order.size(); i-- > 0;) {
    if (random.one_in(4)) step += random.between(1, 5);
    (*steps)[order[i]] = step;
    step *= std::max(sizes[order[i]], 1);
  }
  return step;
}

Box random_box(Random& random) {
  Box box;
  constexpr int32_t kElements[] = {1, 2, 3, 4, 5, 8, 12, 16, 40};
  box.dims.element = kElements[random.between(0, 8)];
  std::vector<int32_t> sizes(static_cast<size_t>(random.between(0, 5)));
  for (int32_t& size : sizes) size = random.one_in(30) ? 0 : random.between(1, 5);
  std::vector<int32_t> in_steps, out_steps;
  box.in_bytes = random_layout(random, sizes, box.dims.element, &in_steps);
  box.out_bytes = random_layout(random, sizes, box.dims.element, &out_steps);
  for (size_t d = 0; d < sizes.size(); ++d) {
    if (random.one_in(5)) in_steps[d] = 0;
    if (random.one_in(5) && sizes[d] > 0) {
      box.in_offset += (sizes[d] - 1) * in_steps[d];
      in_steps[d] = -in_steps[d];
    }
    box.dims.add(sizes[d], in_steps[d], out_steps[d]);
  }
  return box;
}

void slow_copy(const CopyBox& a, int32_t dim, const uint8_t* in, uint8_t* out) {
  if (dim == a.rank) {
    std::memcpy(out, in, static_cast<size_t>(a.element));
    return;
  }
  for (int32_t i = 0; i < a.dims[dim].size; ++i) {
    slow_copy(a, dim + 1, in + i * a.dims[dim].in_step, out + i * a.dims[dim].out_step);
  }
}

TEST(CopyBox, WritesTheSameBytesAsSingleElements) {
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    const Box box = random_box(random);
    std::vector<uint8_t> in(static_cast<size_t>(box.in_bytes));
    for (uint8_t& byte : in) byte = static_cast<uint8_t>(random.bits());
    std::vector<uint8_t> expected(static_cast<size_t>(box.out_bytes), 0xCD);
    const CopyBox plain = box.dims.box(in.data() + box.in_offset, expected.data());
    slow_copy(plain, 0, plain.in, plain.out);
    CopyDims simple = box.dims;
    simple.simplify();
    EXPECT_LE(simple.rank, std::max(box.dims.rank, 0));
    for (const CopyBoxVariant& variant : transposition_variants()) {
      for (const CopyDims& dims : {box.dims, simple}) {
        std::vector<uint8_t> out(expected.size(), 0xCD);
        variant.run(dims.box(in.data() + box.in_offset, out.data()));
        ASSERT_EQ(out, expected) << variant.name << ", box " << i;
      }
    }
  }
}

TEST(CopyDims, DenseBoxesBecomeOneElement) {
  CopyDims dims;
  dims.element = 4;
  dims.add(2, 60, 60);
  dims.add(1, 7, 9);
  dims.add(5, 12, 12);
  dims.add(3, 4, 4);
  dims.simplify();
  EXPECT_EQ(dims.rank, 0);
  EXPECT_EQ(dims.element, 120);
}

TEST(CopyDims, ARepeatedElementStaysOneDimension) {
  CopyDims dims;
  dims.add(6, 0, 20);
  dims.add(20, 0, 1);
  dims.simplify();
  ASSERT_EQ(dims.rank, 1);
  EXPECT_EQ(dims.dims[0].size, 120);
  EXPECT_EQ(dims.element, 1);
}

TEST(Clip, FindsTheIndicesWhosePositionsLieInside) {
  for (int32_t n = 0; n < 6; ++n) {
    for (int32_t size = 0; size < 12; ++size) {
      for (int32_t stride = 1; stride < 5; ++stride) {
        for (int32_t offset = -20; offset < 20; ++offset) {
          const Clip c = clip(n, stride, offset, size);
          for (int32_t i = 0; i < n; ++i) {
            const int32_t at = i * stride + offset;
            EXPECT_EQ(i >= c.first && i < c.first + c.count, at >= 0 && at < size);
          }
        }
      }
    }
  }
}

TEST(Clip, ExtremeNumbersDoNotOverflow) {
  EXPECT_EQ(clip(INT32_MAX, INT32_MAX, INT32_MIN, INT32_MAX).count, 1);
  EXPECT_EQ(clip(INT32_MAX, 1, INT32_MIN, INT32_MAX).count, 0);
  EXPECT_EQ(clip(INT32_MAX, int64_t{1} << 31, 0, INT32_MAX).count, 1);
  EXPECT_EQ(clip(INT32_MAX, 1, 0, INT32_MAX).count, INT32_MAX);
}

}  // namespace
}  // namespace pipit::test
