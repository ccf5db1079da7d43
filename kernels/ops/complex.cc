// SPDX-License-Identifier: Apache-2.0
// REAL, IMAG and COMPLEX_ABS. A complex number is two reals that follow each other, the real part
// first.
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

struct Real {
  template <class T>
  static T of(T re, T) {
    return re;
  }
};

struct Imaginary {
  template <class T>
  static T of(T, T im) {
    return im;
  }
};

struct Magnitude {
  template <class T>
  static T of(T re, T im) {
    return real::hypot(re, im);
  }
};

template <class F, class T>
void parts(const Unary& r) {
  const T* in = static_cast<const T*>(r.in);
  T* out = static_cast<T*>(r.out);
  for (int32_t i = 0; i < r.n; ++i) out[i] = F::of(in[2 * i], in[2 * i + 1]);
}

template <class F>
Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const Type in = p.input(0).type, out = p.output(0).type;
  if (in == Type::kComplex64 && out == Type::kFloat32)
    return plan_unary(p, parts<F, float>, nullptr);
  if (in == Type::kComplex128 && out == Type::kFloat64) {
    return plan_unary(p, parts<F, double>, nullptr);
  }
  return p.unsupported("input ", in, ", output ", out);
}

}  // namespace

const Op kReal = {builtin(fb::BuiltinOperator::REAL), "REAL", prepare<Real>};
const Op kImag = {builtin(fb::BuiltinOperator::IMAG), "IMAG", prepare<Imaginary>};
const Op kComplexAbs = {builtin(fb::BuiltinOperator::COMPLEX_ABS), "COMPLEX_ABS",
                        prepare<Magnitude>};

}  // namespace pipit
