// SPDX-License-Identifier: Apache-2.0
// BATCH_MATMUL: the products of two stacks of matrices, whose leading dimensions broadcast.
//
//   out[..., i, j] = sum over k of left[..., i, k] * right[..., k, j]
//
// Kernels want both operands along k, so the columns of the right one are what they call weights:
// in place where it is adjoint, [n][k], else turned in tiles. Quantized sums are scaled with fixed
// point: the multiplier is left.scale * right.scale / out.scale.
#include "kernels/ops/batch_matmul.h"

#include <limits>
#include <type_traits>

#include "kernels/contracts/matmul.h"
#include "kernels/contracts/requantize_s8.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_point.h"
#include "kernels/ops.h"
#include "kernels/ops/zero_points.h"

namespace pipit {
namespace batch_matmul {
namespace {

// Scratch memory of a share: a tile of the left rows, if they have to be turned; one of the right
// columns; what sums start from; the sums; and for each row its sum times the right zero point.
template <class In, class Weight, class Sum>
struct Params {
  Size size;
  int32_t tile_m, tile_n;
  int32_t shares;
  size_t share_scratch;
  int32_t left_zero_point, right_zero_point, out_zero_point;
  Multiplier multiplier;
  const Multiplier* columns;  // where the right operand has a scale for each, else nullptr
  size_t left_at, right_at, start_at, sums_at, terms_at;  // in scratch
  void (*kernel)(const Matmul<In, Weight, Sum>&);
  void (*requantize)(const RequantizeS8&);
};

// Each column by a multiplier of its own.
template <class Sum, class Out, class P>
void rescale_columns(const P& p, int32_t rows, int32_t first, int32_t count, const Sum* sums,
                     Out* out) {
  const Range range = {std::numeric_limits<Out>::min(), std::numeric_limits<Out>::max()};
  for (int32_t r = 0; r < rows; ++r, out += p.size.n) {
    for (int32_t o = 0; o < count; ++o) {
      const Multiplier& m = p.columns[first + o];
      const int64_t scaled = multiply(*sums++, m.multiplier, m.shift);
      out[o] =
          static_cast<Out>(std::clamp<int64_t>(scaled + p.out_zero_point, range.min, range.max));
    }
  }
}

// The sums that `a` left for the columns from `first` on to results, whose rows are n apart.
void rescale_rows(const Step& s, const Params<int8_t, int8_t, int32_t>& p, const MatmulS8& a,
                  int32_t first, int8_t* out) {
  if (p.columns != nullptr) return rescale_columns(p, a.rows, first, a.outputs, a.out, out);
  auto* terms = scratch_at<int32_t>(s, p.terms_at);
  for (int32_t r = 0; r < a.rows; ++r) {
    terms[r] = input_term(a.in + r * a.in_stride, a.depth, p.right_zero_point);
  }
  p.requantize({.rows = a.rows,
                .outputs = a.outputs,
                .sums = a.out,
                .terms = terms,
                .out = out,
                .out_stride = p.size.n,
                .multiplier = p.multiplier.multiplier,
                .shift = p.multiplier.shift,
                .zero_point = p.out_zero_point});
}

// 16-bit activations have no zero points.
template <class Weight>
void rescale_rows(const Step&, const Params<int16_t, Weight, int64_t>& p,
                  const Matmul<int16_t, Weight, int64_t>& a, int32_t first, int16_t* out) {
  if (p.columns != nullptr) return rescale_columns(p, a.rows, first, a.outputs, a.out, out);
  const int64_t* sums = a.out;
  for (int32_t r = 0; r < a.rows; ++r, out += p.size.n) {
    for (int32_t o = 0; o < a.outputs; ++o) {
      const int32_t scaled = multiply(*sums++, p.multiplier.multiplier, p.multiplier.shift);
      out[o] = static_cast<int16_t>(clamp(scaled, INT16_MIN, INT16_MAX));
    }
  }
}

// The columns [first, first + count) of one batch's output. Sums are the output itself when they
// are of its type.
template <class Out, class In, class Weight, class Sum>
void run_columns(const Step& s, const Params<In, Weight, Sum>& p, const In* left,
                 const Weight* right, int32_t first, int32_t count, Out* out) {
  constexpr bool kDirect = std::is_same_v<Sum, Out>;
  const Size& z = p.size;
  Matmul<In, Weight, Sum> a;
  a.outputs = count;
  a.depth = z.k;
  a.in_stride = z.k;
  a.weights = rows_along_k(right, z.right_adjoint, z.n, z.k, first, count,
                           scratch_at<Weight>(s, p.right_at));
  if constexpr (!kDirect) {
    auto* start = scratch_at<Sum>(s, p.start_at);
    std::fill_n(start, count, Sum{0});
    WeightRows plain;
    plain.depth = z.k;
    add_zero_points(plain, a.weights, 0, count, Sum{p.left_zero_point}, Sum{p.right_zero_point},
                    start);
    a.start = start;
    a.out = scratch_at<Sum>(s, p.sums_at);
    a.out_stride = count;
  }
  for (int32_t row = 0; row < z.m; row += a.rows) {
    a.rows = std::min(p.tile_m, z.m - row);
    a.in = rows_along_k(left, !z.left_adjoint, z.m, z.k, row, a.rows, scratch_at<In>(s, p.left_at));
    Out* to = out + int64_t{row} * z.n + first;
    if constexpr (kDirect) {
      a.out = to;
      a.out_stride = z.n;
      p.kernel(a);
    } else {
      p.kernel(a);
      rescale_rows(s, p, a, first, to);
    }
  }
}

template <class In, class Weight, class Sum, class Out>
Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params<In, Weight, Sum>>();
  for_each_columns(s, run, p.size, p.shares, p.share_scratch,
                   [&](const Step& own, const Offsets& at, const Part& columns) {
                     const In* left = s.input(kLeft).as<In>() + at.left;
                     const Weight* right = s.input(kRight).as<Weight>() + at.right;
                     Out* out = s.output(0).as<Out>() + at.out;
                     const int32_t end = columns.first + columns.count;
                     for (int32_t first = columns.first; first < end; first += p.tile_n) {
                       const int32_t count = std::min(p.tile_n, end - first);
                       run_columns(own, p, left, right, first, count, out);
                     }
                   });
  return {};
}

// ---- plan

// From products whose right factor has this scale to results.
Status find_multiplier(const Prepare& p, float right_scale, Multiplier* m) {
  const Tensor& left = p.input(kLeft);
  const Tensor& out = p.output(0);
  const double real = static_cast<double>(left.scale * right_scale) / out.scale;
  *m = quantize_multiplier(real);
  // TensorFlow Lite's product of 64-bit sums takes shifts below 8.
  if (left.type != Type::kInt16 || m->shift <= 7) return {};
  return p.unsupported(out, ": its scale is ", real, " times that of the products");
}

template <class P>
Status find_multipliers(Prepare& p, P* params) {
  const Tensor& left = p.input(kLeft);
  const Tensor& right = p.input(kRight);
  const Tensor& out = p.output(0);
  PIPIT_TRY(need_scale(p, left));
  PIPIT_TRY(check_right(p, params->size));
  PIPIT_TRY(need_scale(p, out));
  for (const Tensor* t : {&left, &right, &out}) {
    if (left.type == Type::kInt16) PIPIT_TRY(need_symmetric(p, *t));
  }
  const Span<const float> scales = quantization(right).scales;
  PIPIT_TRY(find_multiplier(p, scales[0], &params->multiplier));
  if (scales.size() > 1) {
    Multiplier* columns = p.allocate<Multiplier>(scales.size());
    if (columns == nullptr) return Code::kArenaTooSmall;
    for (const float scale : scales) PIPIT_TRY(find_multiplier(p, scale, columns++));
    params->columns = columns - scales.size();
  }
  params->left_zero_point = left.zero_point;
  params->right_zero_point = right.zero_point;
  params->out_zero_point = out.zero_point;
  return {};
}

template <class In, class Weight, class Sum, class Out>
Status prepare_typed(Prepare& p, const Size& z,
                     Span<const MatmulVariant<Matmul<In, Weight, Sum>>> variants) {
  constexpr bool kDirect = std::is_same_v<Sum, Out>;
  auto* params = p.allocate<Params<In, Weight, Sum>>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->size = z;
  if constexpr (!kDirect) PIPIT_TRY(find_multipliers(p, params));
  // An operand that lies along k needs no tile. It is taken whole, unless sums of a tile have to be
  // kept before they become results.
  params->tile_m =
      z.left_adjoint || !kDirect ? std::min(tile_rows(z.m, z.k, sizeof(In)), 64) : std::max(z.m, 1);
  params->tile_n = z.right_adjoint && kDirect ? std::max(z.n, 1)
                                              : std::min(tile_rows(z.n, z.k, sizeof(Weight)), 256);
  ScratchLayout layout;
  params->left_at = layout.add(z.left_adjoint ? int64_t{params->tile_m} * z.k : 0, sizeof(In));
  params->right_at =
      layout.add(z.right_adjoint ? 0 : int64_t{params->tile_n} * z.k, sizeof(Weight));
  params->start_at = layout.add(kDirect ? 0 : params->tile_n, sizeof(Sum));
  params->sums_at = layout.add(kDirect ? 0 : int64_t{params->tile_m} * params->tile_n, sizeof(Sum));
  params->terms_at = layout.add(kDirect ? 0 : params->tile_m, sizeof(Sum));
  params->shares = choose_shares(p, z, sizeof(Weight));
  params->share_scratch = layout.repeat(params->shares);
  p.scratch(layout.bytes());
  params->requantize = choose(requantize_s8_variants(), p.cpu()).run;
  const auto& variant = choose(variants, p.cpu());
  params->kernel = variant.run;
  return p.run(run<In, Weight, Sum, Out>, params, variant.name);
}

// The leading dimensions, counted from the innermost; 1 where an operand has none.
int32_t batch_dim(const Shape& s, int i) {
  const int at = s.rank - 2 - kBatchDims + i;
  return at < 0 ? 1 : s[at];
}

void find_steps(const Shape& s, int64_t* step) {
  // A dimension of 1 is repeated by not moving on.
  int64_t n = int64_t{s[s.rank - 1]} * s[s.rank - 2];
  for (int i = kBatchDims - 1; i >= 0; --i) {
    step[i] = batch_dim(s, i) == 1 ? 0 : n;
    n *= batch_dim(s, i);
  }
}

Status find_size(Prepare& p, const fb::BatchMatMulOptions* o, Size* z) {
  const Shape& left = p.input(kLeft).shape;
  const Shape& right = p.input(kRight).shape;
  for (const int i : {kLeft, kRight}) {
    const int rank = p.input(i).shape.rank;
    if (rank < 2 || rank > 2 + kBatchDims) return p.bad(p.input(i), " has not rank 2 to 5");
  }
  z->left_adjoint = o != nullptr && o->adj_x();
  z->right_adjoint = o != nullptr && o->adj_y();
  z->m = left[left.rank - (z->left_adjoint ? 1 : 2)];
  z->k = left[left.rank - (z->left_adjoint ? 2 : 1)];
  z->n = right[right.rank - (z->right_adjoint ? 2 : 1)];
  if (right[right.rank - (z->right_adjoint ? 1 : 2)] != z->k) {
    return p.bad(p.input(kLeft), " and ", p.input(kRight), " do not agree in the inner dimension");
  }
  Shape out;
  out.rank = std::max(left.rank, right.rank);
  for (int i = 0; i < kBatchDims; ++i) {
    const int32_t l = batch_dim(left, i), r = batch_dim(right, i);
    if (l != r && l != 1 && r != 1) {
      return p.bad(p.input(kLeft), " and ", p.input(kRight), " do not broadcast");
    }
    z->batch[i] = l == 1 ? r : l;
    const int at = out.rank - 2 - kBatchDims + i;
    if (at >= 0) out[at] = z->batch[i];
  }
  find_steps(left, z->left_step);
  find_steps(right, z->right_step);
  out[out.rank - 2] = z->m;
  out[out.rank - 1] = z->n;
  return p.set_output(0, out);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const auto* o = options<fb::BatchMatMulOptions>(p);
  Size z;
  PIPIT_TRY(find_size(p, o, &z));
  const Type l = p.input(kLeft).type, r = p.input(kRight).type, out = p.output(0).type;
  const auto are = [&](Type left, Type right, Type output) {
    return l == left && r == right && out == output;
  };
  if (are(Type::kFloat32, Type::kFloat32, Type::kFloat32)) {
    return prepare_typed<float, float, float, float>(p, z, matmul_f32_variants());
  }
  if (are(Type::kFloat32, Type::kInt8, Type::kFloat32)) {
    return prepare_hybrid(p, z, o != nullptr && o->asymmetric_quantize_inputs());
  }
  if (are(Type::kInt8, Type::kInt8, Type::kInt8)) {
    return prepare_typed<int8_t, int8_t, int32_t, int8_t>(p, z, matmul_s8_variants());
  }
  if (are(Type::kInt8, Type::kInt8, Type::kInt32)) {  // plain integers: no zero points
    return prepare_typed<int8_t, int8_t, int32_t, int32_t>(p, z, matmul_s8_variants());
  }
  if (are(Type::kInt16, Type::kInt8, Type::kInt16)) {
    return prepare_typed<int16_t, int8_t, int64_t, int16_t>(p, z, matmul_s16s8_variants());
  }
  if (are(Type::kInt16, Type::kInt16, Type::kInt16)) {
    return prepare_typed<int16_t, int16_t, int64_t, int16_t>(p, z, matmul_s16_variants());
  }
  return p.unsupported("inputs ", l, " and ", r, ", output ", out);
}

}  // namespace

Status check_right(const Prepare& p, const Size& z) {
  const Tensor& right = p.input(kRight);
  PIPIT_TRY(need_scales(p, right));
  PIPIT_TRY(check_channel_scales(p, right, z.n, right.shape.rank - (z.right_adjoint ? 2 : 1)));
  return quantization(right).scales.size() > 1 ? need_symmetric(p, right) : Status();
}

}  // namespace batch_matmul

const Op kBatchMatmul = {builtin(fb::BuiltinOperator::BATCH_MATMUL), "BATCH_MATMUL",
                         batch_matmul::prepare};

}  // namespace pipit
