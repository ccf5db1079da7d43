// SPDX-License-Identifier: Apache-2.0
// RFFT2D and FlexRFFT: the Fourier transform of each matrix of real numbers, or of each row,
// cut or padded with zeros to the lengths asked for; of the columns, the first half and the middle
// one.
//
//   out[..., u, v] = sum over y, x of in[..., y, x] * e^(-2 pi i (u y / height + v x / width))
//
// Rows first, into the output, then its columns, one at a time by way of scratch memory.
#include <algorithm>

#include "kernels/math/fft.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"
#include "kernels/ops/node_def.h"
#include "kernels/ops/scratch.h"

namespace pipit {
namespace {

using C = Complex<float>;

struct Params {
  int32_t matrices;
  int32_t in_height, in_width;
  int32_t height, width;  // of the transform
  const C* row_table;
  const C* column_table;
  size_t signal, work;  // in scratch memory: a row, or a column, and what its transform needs
  int32_t columns() const { return width / 2 + 1; }
};

void transform_row(const Params& p, const float* in, float* signal, C* work, C* out) {
  const int32_t given = std::min(p.in_width, p.width);
  std::copy_n(in, given, signal);
  std::fill(signal + given, signal + p.width, 0.0f);
  if (p.width == 1) {
    *out = {*signal, 0};
  } else {
    RealFft<float>(p.width, false, p.row_table, work).forward(signal, out);
  }
}

void transform_rows(const Params& p, const float* in, const Step& s, C* out) {
  for (int32_t y = 0; y < p.height; ++y, in += p.in_width, out += p.columns()) {
    if (y < p.in_height) {
      transform_row(p, in, scratch_at<float>(s, p.signal), scratch_at<C>(s, p.work), out);
    } else {
      std::fill_n(out, p.columns(), C{0, 0});
    }
  }
}

void transform_columns(const Params& p, C* work, C* out) {
  const ComplexFft<float> fft(p.height, false, p.column_table);
  for (int32_t x = 0; x < p.columns(); ++x, ++out) {
    fft.transform(out, p.columns(), work);
    for (int32_t y = 0; y < p.height; ++y) out[ptrdiff_t{y} * p.columns()] = work[y];
  }
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const float* in = s.input(0).as<float>();
  C* out = static_cast<C*>(s.output(0).data);
  for (int32_t i = 0; i < p.matrices; ++i) {
    transform_rows(p, in, s, out);
    if (p.height > 1) transform_columns(p, scratch_at<C>(s, p.work), out);
    in += ptrdiff_t{p.in_height} * p.in_width;
    out += ptrdiff_t{p.height} * p.columns();
  }
  return {};
}

Status fill_tables(Prepare& p, Params* params) {
  const int32_t row_size = std::max(RealFft<float>::table_size(params->width), 1);
  C* rows = p.allocate<C>(static_cast<size_t>(row_size));
  C* columns = p.allocate<C>(static_cast<size_t>(params->height));
  if (rows == nullptr || columns == nullptr) return Code::kArenaTooSmall;
  if (params->width > 1) RealFft<float>::fill_table(params->width, false, rows);
  ComplexFft<float>::fill_table(params->height, false, columns);
  params->row_table = rows;
  params->column_table = columns;
  return {};
}

// Transforms with these lengths, whose output has this shape.
Status plan(Prepare& p, const Params& lengths, Shape shape) {
  Params* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = lengths;
  shape[shape.rank - 1] = params->columns();
  PIPIT_TRY(p.set_output(0, shape));
  // Nothing to compute, and what is multiplied here may overflow, unless the output has elements.
  if (p.output(0).bytes != 0) {
    params->matrices = shape.product(0, shape.rank - 1) / params->height;
    PIPIT_TRY(fill_tables(p, params));
    ScratchLayout scratch;
    params->signal = scratch.add(params->width, sizeof(float));
    params->work = scratch.add(std::max(params->height, params->width / 2), sizeof(C));
    p.scratch(scratch.bytes());
  }
  return p.run(run, params, "portable");
}

// Fails unless this is a transform of real numbers along so many dimensions.
Status check(Prepare& p, int32_t dimensions) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& in = p.input(0);
  const Tensor& length = p.input(1);
  PIPIT_TRY(need_type(p, in, types(Type::kFloat32)));
  PIPIT_TRY(need_type(p, length, types(Type::kInt32)));
  if (in.shape.rank < dimensions) {
    return p.bad("input ", in, " has not the ", dimensions, " dimensions to transform");
  }
  if (length.shape != Shape::of(dimensions))
    return p.bad("lengths ", length, " are not ", dimensions);
  p.set_output_type(0, Type::kComplex64);
  return {};
}

Status check_length(const Prepare& p, int32_t length) {
  return is_fft_length(length) ? Status() : p.bad("length ", length, " is not a power of two");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(check(p, 2));
  const int32_t* lengths = p.values<int32_t>(1);
  if (lengths == nullptr) return p.defer();
  PIPIT_TRY(check_length(p, lengths[0]));
  PIPIT_TRY(check_length(p, lengths[1]));
  Shape shape = p.input(0).shape;
  Params params = {};
  params.in_height = shape[shape.rank - 2];
  params.in_width = shape.last();
  params.height = lengths[0];
  params.width = lengths[1];
  shape[shape.rank - 2] = params.height;
  return plan(p, params, shape);
}

// FlexRFFT is what TensorFlow's own RFFT is called in a file: of each row alone, which has at least
// as many numbers as it transforms.
Status prepare_flex(Prepare& p) {
  PIPIT_TRY(check(p, 1));
  NodeDef node;
  PIPIT_TRY(NodeDef::read(p, "RFFT", &node));
  const int32_t* length = p.values<int32_t>(1);
  if (length == nullptr) return p.defer();
  if (!is_fft_length(*length)) {
    return p.unsupported("length ", *length, " is not a power of two");
  }
  const Shape& shape = p.input(0).shape;
  if (shape.last() < *length) return p.bad(p.input(0), " has rows of less than ", *length);
  Params params = {};
  params.in_height = params.height = 1;
  params.in_width = shape.last();
  params.width = *length;
  return plan(p, params, shape);
}

}  // namespace

const Op kFlexRfft = {kCustomOp, "FlexRFFT", prepare_flex};
const Op kRfft2d = {builtin(fb::BuiltinOperator::RFFT2D), "RFFT2D", prepare};

}  // namespace pipit
