// SPDX-License-Identifier: Apache-2.0
// A pooling of any rows, columns and channels of the output is a pooling again.
#include "kernels/contracts/pool.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

#include "tests/support/random.h"

namespace pipit::test {
namespace {

template <class T>
struct Whole {
  Pool<T> args;
  std::vector<T> in, out;
};

template <class T>
Whole<T> random_pool(Random& random) {
  Whole<T> whole;
  ConvGeometry& g = whole.args.size;
  g.batch = random.between(1, 2);
  g.in_h = random.between(3, 8);
  g.in_w = random.between(3, 8);
  g.in_c = g.out_c = random.between(1, 150);
  g.kernel_h = random.between(1, 4);
  g.kernel_w = random.between(1, 4);
  g.stride_h = random.between(1, 3);
  g.stride_w = random.between(1, 3);
  g.pad_top = random.between(0, g.kernel_h - 1);
  g.pad_left = random.between(0, g.kernel_w - 1);
  g.out_h = (g.in_h - 1 + g.pad_top) / g.stride_h + 1;
  g.out_w = (g.in_w - 1 + g.pad_left) / g.stride_w + 1;
  whole.args.stride = dense_strides(g);
  whole.args.clamp = {std::is_unsigned_v<T> ? 0 : -100, 100};  // results of T
  whole.in.resize(static_cast<size_t>(g.batch * g.in_h * g.in_w * g.in_c));
  for (T& x : whole.in) x = static_cast<T>(random.bits() % 256);
  whole.out.resize(static_cast<size_t>(g.batch * g.out_h * g.out_w * g.out_c));
  whole.args.in = whole.in.data();
  whole.args.out = whole.out.data();
  return whole;
}

// A random box of one image's output.
template <class T>
Pool<T> random_box(Random& random, Pool<T> a) {
  ConvGeometry& g = a.size;
  const int32_t image = random.between(0, g.batch - 1);
  const int32_t y = random.between(0, g.out_h - 1);
  const int32_t x = random.between(0, g.out_w - 1);
  const int32_t c = random.between(0, g.out_c - 1);
  a.in += (image * g.in_h * g.in_w) * a.stride.in_pixel + c;
  a.out += (image * g.out_h + y) * a.stride.out_row + x * a.stride.out_pixel + c;
  g.batch = 1;
  g.out_h = random.between(1, g.out_h - y);
  g.out_w = random.between(1, g.out_w - x);
  g.out_c = random.between(1, g.out_c - c);
  g.pad_top -= y * g.stride_h;
  g.pad_left -= x * g.stride_w;
  return a;
}

template <class T>
void expect_boxes_fit(Span<const PoolVariant<T>> variants) {
  Random random(7);
  for (const PoolVariant<T>& variant : variants) {
    if ((variant.needs & ~detect_cpu()) != 0) continue;
    for (int i = 0; i < 200; ++i) {
      Whole<T> whole = random_pool<T>(random);
      variant.run(whole.args);
      const std::vector<T> expected = whole.out;
      const Pool<T> box = random_box(random, whole.args);
      const auto at = [&](int32_t y, int32_t x) {
        return box.out + y * box.stride.out_row + x * box.stride.out_pixel;
      };
      for (int32_t y = 0; y < box.size.out_h; ++y) {
        for (int32_t x = 0; x < box.size.out_w; ++x) {
          std::fill_n(at(y, x), box.size.out_c, static_cast<T>(101));
        }
      }
      variant.run(box);
      ASSERT_EQ(whole.out, expected) << variant.name << ", pooling " << i;
    }
  }
}

TEST(Pool, AverageOfABox) {
  expect_boxes_fit(average_pool_variants<float>());
  expect_boxes_fit(average_pool_variants<int8_t>());
  expect_boxes_fit(average_pool_variants<uint8_t>());
  expect_boxes_fit(average_pool_variants<int16_t>());
}

TEST(Pool, MaximumOfABox) {
  expect_boxes_fit(max_pool_variants<float>());
  expect_boxes_fit(max_pool_variants<int8_t>());
  expect_boxes_fit(max_pool_variants<uint8_t>());
  expect_boxes_fit(max_pool_variants<int16_t>());
}

TEST(Pool, L2OfABox) { expect_boxes_fit(l2_pool_variants()); }

}  // namespace
}  // namespace pipit::test
