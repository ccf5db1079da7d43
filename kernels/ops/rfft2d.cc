// SPDX-License-Identifier: Apache-2.0
// RFFT2D: the Fourier transform of each matrix of real numbers, cut or padded with zeros to the
// lengths asked for; of the columns, the first half and the middle one. Those two columns come out
// mixed, as TensorFlow Lite computes them: see mix_edges().
#include <algorithm>
#include <cstring>

#include "kernels/fft.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

struct Params {
  int32_t matrices;
  int32_t in_height, in_width;
  int32_t height, width;  // of the transform
  int32_t roots_n;
  const float* roots;
  int32_t columns() const { return width / 2 + 1; }
};

void transform_rows(const Params& p, const float* in, float* row, float* out) {
  const int32_t given = std::min(p.in_width, p.width);
  const size_t row_floats = 2 * static_cast<size_t>(p.columns());
  for (int32_t y = 0; y < p.height; ++y, in += p.in_width, out += row_floats) {
    if (y >= p.in_height) {
      std::fill_n(out, row_floats, 0.0f);
      continue;
    }
    std::copy_n(in, given, row);
    std::fill(row + given, row + p.width, 0.0f);
    real_fft(p.width, p.roots, p.roots_n, row);
    std::copy_n(row, row_floats, out);
  }
}

void transform_columns(const Params& p, float* column, float* out) {
  const ptrdiff_t row_floats = 2 * ptrdiff_t{p.columns()};
  for (int32_t x = 0; x < p.columns(); ++x, out += 2) {
    for (int32_t y = 0; y < p.height; ++y) std::copy_n(out + y * row_floats, 2, column + 2 * y);
    fft(p.height, p.roots, p.roots_n, column);
    for (int32_t y = 0; y < p.height; ++y) std::copy_n(column + 2 * y, 2, out + y * row_floats);
  }
}

// Rows of real numbers have real sums in the first column A and in the last, B, so TensorFlow Lite
// transforms both at once, as the complex column A + iB. It then reorders the halves of the result
// as if they had been taken apart, which they have not. For 0 < y < height / 2 its answers are
//   row y:           A[y] - i B[y],         the conjugate of (B[y] - i A[y])
//   row height - y:  the conjugate of the former,   B[y] - i A[y]
// and models whose matrices have four rows or more have been made to work with these.
void mix_edges(const Params& p, float* out) {
  const ptrdiff_t row_floats = 2 * ptrdiff_t{p.columns()};
  for (int32_t y = 1; y < p.height / 2; ++y) {
    float* first = out + y * row_floats;
    float* last = first + row_floats - 2;
    float* mirrored_first = out + (p.height - y) * row_floats;
    float* mirrored_last = mirrored_first + row_floats - 2;
    const float ab_re = first[0] + last[1], ab_im = first[1] - last[0];
    const float ba_re = last[0] + first[1], ba_im = last[1] - first[0];
    first[0] = mirrored_first[0] = ab_re;
    first[1] = ab_im;
    mirrored_first[1] = -ab_im;
    last[0] = mirrored_last[0] = ba_re;
    last[1] = -ba_im;
    mirrored_last[1] = ba_im;
  }
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const float* in = s.input(0).as<float>();
  float* out = s.output(0).as<float>();
  float* work = reinterpret_cast<float*>(s.scratch);
  for (int32_t i = 0; i < p.matrices; ++i) {
    transform_rows(p, in, work, out);
    transform_columns(p, work, out);
    if (p.width > 1) mix_edges(p, out);
    in += ptrdiff_t{p.in_height} * p.in_width;
    out += ptrdiff_t{p.height} * p.columns() * 2;
  }
  return {};
}

Status find_lengths(Prepare& p, const int32_t* lengths, Params* params) {
  if (!is_fft_length(lengths[0]) || !is_fft_length(lengths[1])) {
    return p.bad("lengths ", lengths[0], " and ", lengths[1], " are not powers of two");
  }
  Shape shape = p.input(0).shape;
  params->in_height = shape[shape.rank - 2];
  params->in_width = shape[shape.rank - 1];
  params->height = lengths[0];
  params->width = lengths[1];
  shape[shape.rank - 2] = params->height;
  shape[shape.rank - 1] = params->columns();
  PIPIT_TRY(p.set_output(0, shape));
  // Nothing to compute, and what is multiplied here may overflow, unless the output has elements.
  const bool any = p.output(0).bytes != 0;
  params->matrices = any ? shape.product(0, shape.rank - 2) : 0;
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& in = p.input(0);
  const Tensor& length = p.input(1);
  PIPIT_TRY(need_type(p, in, types(Type::kFloat32)));
  PIPIT_TRY(need_type(p, length, types(Type::kInt32)));
  if (in.shape.rank < 2) return p.bad("input ", in, " is no matrix");
  if (length.shape != Shape::of(2)) return p.bad("lengths ", length, " are not two");
  p.set_output_type(0, Type::kComplex64);
  const int32_t* lengths = p.values<int32_t>(1);
  if (lengths == nullptr) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(find_lengths(p, lengths, params));
  if (params->matrices == 0) return p.run(run, params, "portable");
  params->roots_n = std::max(params->height, params->width);
  float* roots = p.allocate<float>(static_cast<size_t>(fft_roots_size(params->roots_n)));
  if (roots == nullptr) return Code::kArenaTooSmall;
  fill_fft_roots(params->roots_n, roots);
  params->roots = roots;
  const size_t most = std::max(size_t{2} * static_cast<size_t>(params->height),
                               static_cast<size_t>(params->width) + 2);
  p.scratch(most * sizeof(float));
  return p.run(run, params, "portable");
}

}  // namespace

const Op kRfft2d = {builtin(fb::BuiltinOperator::RFFT2D), "RFFT2D", prepare};

}  // namespace pipit
