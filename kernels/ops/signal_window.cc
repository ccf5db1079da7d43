// SPDX-License-Identifier: Apache-2.0
// SignalWindow: frames of audio times weights.
//
//   out[i] = clamp(in[i] * weights[i % n] >> shift)       n: samples of a frame
#include <algorithm>

#include "kernels/ops.h"
#include "kernels/ops/custom_options.h"

namespace pipit {
namespace {

Status run_window(const Step& s, Run&) {
  const int32_t n = s.input(1).elements();
  const int32_t shift = *s.params<int32_t>();
  const int16_t* weights = s.input(1).as<int16_t>();
  const int16_t* in = s.input(0).as<int16_t>();
  int16_t* out = s.output(0).as<int16_t>();
  for (const int16_t* end = in + s.input(0).elements(); in != end; in += n, out += n) {
    for (int32_t i = 0; i < n; ++i) {
      const int32_t product = (int32_t{in[i]} * weights[i]) >> shift;
      out[i] = static_cast<int16_t>(std::clamp(product, INT16_MIN, INT16_MAX));
    }
  }
  return {};
}

Status prepare_window(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(check_vector(p, p.input(1), Type::kInt16));
  const Tensor& in = p.input(0);
  PIPIT_TRY(need_type(p, in, types(Type::kInt16)));
  PIPIT_TRY(same_type(p, in, p.output(0)));
  const int32_t shift = integer_option(p, "shift");
  PIPIT_TRY(check_bits(p, "shift", shift));
  if (in.shape.rank < 1 || p.input(1).elements() == 0 ||
      in.shape.last() % p.input(1).elements() != 0) {
    return p.bad(in, " has no frames as long as ", p.input(1));
  }
  PIPIT_TRY(p.set_output(0, in.shape));
  p.in_place(0, 0);
  const int32_t* kept = keep(p, shift);
  return kept == nullptr ? Status(Code::kArenaTooSmall) : p.run(run_window, kept, "portable");
}

}  // namespace

const Op kSignalWindow = {kCustomOp, "SignalWindow", prepare_window};

}  // namespace pipit
