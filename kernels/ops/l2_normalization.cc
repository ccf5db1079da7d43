// SPDX-License-Identifier: Apache-2.0
// L2_NORMALIZATION: each row of the last dimension divided by its length.
//
//   out[r, c] = in[r, c] / sqrt(sum over k of in[r, k]^2)
#include <algorithm>
#include <cmath>

#include "kernels/math/fixed_point_functions.h"
#include "kernels/ops.h"
#include "kernels/ops/rows.h"

namespace pipit {
namespace {

void normalize_f32(int32_t n, const float* in, float* out) {
  float squares = 0;
  for (int32_t c = 0; c < n; ++c) squares += in[c] * in[c];
  // A row of zeros stays one.
  const float length = std::max(std::sqrt(squares), 1e-6f);
  for (int32_t c = 0; c < n; ++c) out[c] = in[c] / length;
}

// Outputs are 1/128. The factor 128 goes into the multiplication for uint8 and into the shift for
// int8, which round differently.
template <class T>
void normalize_q(int32_t n, int32_t zero_point, const T* in, T* out) {
  // Rows of bytes may be long; what does not fit 32 bits saturates.
  int64_t squares = 0;
  for (int32_t c = 0; c < n; ++c) {
    const int32_t x = in[c] - zero_point;
    squares += x * x;
  }
  int shift = 0;
  const int32_t inverse =
      inverse_root(static_cast<int32_t>(std::min<int64_t>(squares, INT32_MAX)), &shift);
  constexpr bool kSigned = static_cast<T>(-1) < 0;
  for (int32_t c = 0; c < n; ++c) {
    const int32_t x = in[c] - zero_point;
    out[c] = static_cast<T>(kSigned ? clamp(multiply(x, inverse, 7 - shift), -128, 127)
                                    : clamp(128 + multiply(128 * x, inverse, -shift), 0, 255));
  }
}

template <class T, class Normalize>
Status each_row(const Step& s, Normalize normalize) {
  const Rows& rows = *s.params<Rows>();
  const T* in = s.input(0).as<T>();
  T* out = s.output(0).as<T>();
  for (int32_t r = 0; r < rows.count; ++r, in += rows.depth, out += rows.depth) {
    normalize(rows.depth, in, out);
  }
  return {};
}

Status run_f32(const Step& s, Run&) { return each_row<float>(s, normalize_f32); }

template <class T>
Status run_q(const Step& s, Run&) {
  return each_row<T>(s, [zero_point = s.input(0).zero_point](int32_t n, const T* in, T* out) {
    normalize_q<T>(n, zero_point, in, out);
  });
}

Status need_128ths(const Prepare& p, int32_t zero_point) {
  const Tensor& out = p.output(0);
  if (out.scale == 1.0f / 128 && out.zero_point == zero_point) {
    return need_scale(p, p.input(0));
  }
  return p.unsupported(out, " has scale ", static_cast<double>(out.scale), " and zero point ",
                       out.zero_point, ", not 1/128 and ", zero_point);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.output(0)));
  const auto* o = options<fb::L2NormOptions>(p);
  if (o != nullptr && o->fused_activation_function() != fb::ActivationFunctionType::NONE) {
    return p.unsupported("a fused activation");
  }
  Rows rows;
  PIPIT_TRY(find_rows(p, &rows));
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  p.in_place(0, 0);
  const auto* kept = keep(p, rows);
  if (kept == nullptr) return Code::kArenaTooSmall;
  switch (p.input(0).type) {
    case Type::kFloat32:
      return p.run(run_f32, kept, "portable");
    case Type::kInt8:
      PIPIT_TRY(need_128ths(p, 0));
      return p.run(run_q<int8_t>, kept, "portable");
    case Type::kUInt8:
      PIPIT_TRY(need_128ths(p, 128));
      return p.run(run_q<uint8_t>, kept, "portable");
    default:
      return p.unsupported("type ", p.input(0).type);
  }
}

}  // namespace

const Op kL2Normalization = {builtin(fb::BuiltinOperator::L2_NORMALIZATION), "L2_NORMALIZATION",
                             prepare};

}  // namespace pipit
