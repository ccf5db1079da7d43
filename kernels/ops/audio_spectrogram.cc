// SPDX-License-Identifier: Apache-2.0
// AudioSpectrogram: the power of the frequencies in windows of a signal.
//
//   out[c, w, k] = |X(k)| or its square, X the transform of in[w * stride + i, c] * hann[i]
//
// A window is filled up with zeros to the next power of two, n, and k goes to n / 2. In double.
#include <algorithm>
#include <cmath>

#include "core/flexbuffer.h"
#include "kernels/math/fft.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

struct Params {
  int32_t window, stride, n;  // n: values of a transform
  int32_t channels, windows;
  bool squared;
  const double* weights;  // of the window
  const Complex<double>* table;
};

void transform(const Params& p, const float* in, double* signal, Complex<double>* spectrum,
               const RealFft<double>& fft) {
  for (int32_t i = 0; i < p.window; ++i) signal[i] = p.weights[i] * double{in[i * p.channels]};
  std::fill(signal + p.window, signal + p.n, 0.0);
  fft.forward(signal, spectrum);
}

// The work area: a signal, its spectrum, and what the transform needs.
Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  auto* signal = reinterpret_cast<double*>(s.scratch);
  auto* spectrum = reinterpret_cast<Complex<double>*>(signal + p.n);
  const RealFft<double> fft(p.n, false, p.table, spectrum + p.n / 2 + 1);
  const float* in = s.input(0).as<float>();
  float* out = s.output(0).as<float>();
  for (int32_t c = 0; c < p.channels; ++c) {
    for (int32_t w = 0; w < p.windows; ++w, out += p.n / 2 + 1) {
      transform(p, in + w * p.stride * p.channels + c, signal, spectrum, fft);
      for (int32_t i = 0; i <= p.n / 2; ++i) {
        const Complex<double> v = spectrum[i];
        const auto power = static_cast<float>(v.r * v.r + v.i * v.i);
        out[i] = p.squared ? power : std::sqrt(power);
      }
    }
  }
  return {};
}

// A Hann window whose period is its length, and the roots of the transform.
Status fill_tables(Prepare& p, Params* params) {
  auto* weights = p.allocate<double>(static_cast<size_t>(params->window));
  auto* table =
      p.allocate<Complex<double>>(static_cast<size_t>(RealFft<double>::table_size(params->n)));
  if (weights == nullptr || table == nullptr) return Code::kArenaTooSmall;
  for (int32_t i = 0; i < params->window; ++i) {
    weights[i] = 0.5 - 0.5 * real::cos(2 * real::kPi * i / params->window);
  }
  RealFft<double>::fill_table(params->n, false, table);
  params->weights = weights;
  params->table = table;
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(need_one_to_one(p, types(Type::kFloat32)));
  const Tensor& in = p.input(0);
  if (in.shape.rank != 2) return p.bad(in, " is not [samples, channels]");
  const Flex o = Flex::root(p.custom_options());
  const int64_t window = o["window_size"].integer(), stride = o["stride"].integer();
  int64_t n = 4;
  while (n < window && RealFft<double>::accepts(n)) n *= 2;
  if (window < 3 || !RealFft<double>::accepts(n) || stride < 1 || stride > INT32_MAX) {
    return p.unsupported("windows of ", window, " samples every ", stride);
  }
  Params* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const int64_t rest = in.shape[0] - window;
  *params = {static_cast<int32_t>(window),
             static_cast<int32_t>(stride),
             static_cast<int32_t>(n),
             in.shape[1],
             rest < 0 ? 0 : static_cast<int32_t>(1 + rest / stride),
             o["magnitude_squared"].boolean(),
             nullptr,
             nullptr};
  PIPIT_TRY(p.set_output(0, Shape::of(params->channels, params->windows, n / 2 + 1)));
  PIPIT_TRY(fill_tables(p, params));
  p.scratch(ByteCount(n + 2 * (n / 2 + 1) + n) * sizeof(double));
  return p.run(run, params, "portable");
}

}  // namespace

const Op kAudioSpectrogram = {kCustomOp, "AudioSpectrogram", prepare};

}  // namespace pipit
