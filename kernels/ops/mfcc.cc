// SPDX-License-Identifier: Apache-2.0
// Mfcc: how the energies of a spectrogram change over pitch, as people hear it ("mel-frequency
// cepstral coefficients").
//
//   columns of a spectrogram (power) -> roots -> bands, by weights over the mel scale -> logarithms
//       -> a cosine transform (DCT-II), of which the first coefficients are kept
//
//   mel(f) = 1127 * ln(1 + f / 700)
//   out[k] = sqrt(2 / n) * sum over bands j of ln(energy[j]) * cos(pi * k * (j + 1/2) / n)
#include <algorithm>
#include <cmath>

#include "core/flexbuffer.h"
#include "core/to_integer.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

constexpr int kSpectrogram = 0, kRate = 1;
constexpr double kFloor = 1e-12;  // of an energy, so that it has a logarithm

struct Params {
  int32_t columns;  // of the spectrogram
  int32_t bands;
  int32_t coefficients;
  double low, high;      // Hz
  const double* cosine;  // [coefficients, bands]
};

double mel(double frequency) { return 1127.0 * real::log1p(frequency / 700.0); }

// Bands overlap: a column belongs to the band left of it by its weight, and by the rest to the
// next.
struct Column {
  int32_t band;  // -1: in front of the first
  double weight;
};

// The columns [first, end) that count; none when the limits are beyond the spectrogram.
struct Bands {
  int32_t first, end;
  Column* columns;
};

// The bands' centers divide the range into equal steps of mel; band -1 is its lower end.
double center(const Params& p, int32_t band) {
  const double low = mel(p.low);
  return low + (mel(p.high) - low) / (p.bands + 1) * (band + 1);
}

// Done while running, for the sample rate is an input.
Bands place_bands(const Params& p, double rate, Column* columns) {
  const double step = 0.5 * rate / (p.columns - 1);
  if (p.high / step >= p.columns) return {0, 0, nullptr};
  const Bands bands = {to_integer<int32_t>(1.5 + p.low / step),
                       to_integer<int32_t>(p.high / step) + 1, columns};
  int32_t band = 0;
  for (int32_t i = bands.first; i < bands.end; ++i) {
    const double at = mel(i * step);
    while (band < p.bands && center(p, band) < at) ++band;
    const double right = center(p, band);
    columns[i] = {band - 1, (right - at) / (right - center(p, band - 1))};
  }
  return bands;
}

void add_energies(const Params& p, const Bands& bands, const float* in, double* energy) {
  std::fill(energy, energy + p.bands, 0.0);
  for (int32_t i = bands.first; i < bands.end; ++i) {
    const Column& c = bands.columns[i];
    const double value = std::sqrt(double{in[i]});
    const double left = value * c.weight;
    if (c.band >= 0) energy[c.band] += left;
    if (c.band + 1 < p.bands) energy[c.band + 1] += value - left;
  }
}

void transform(const Params& p, const double* energy, float* out) {
  for (int32_t i = 0; i < p.coefficients; ++i) {
    double sum = 0;
    for (int32_t j = 0; j < p.bands; ++j) sum += p.cosine[i * p.bands + j] * energy[j];
    out[i] = static_cast<float>(sum);
  }
}

Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const int32_t rate = s.input(kRate).as<int32_t>()[0];
  if (rate < 1) return run.fail(s, "the sample rate is ", rate);
  auto* columns = reinterpret_cast<Column*>(s.scratch);
  auto* energy = reinterpret_cast<double*>(columns + p.columns);
  const Bands bands = place_bands(p, rate, columns);
  const Shape& shape = s.input(kSpectrogram).shape;
  if (bands.columns == nullptr) {
    // The reference computes nothing then.
    std::fill(s.output(0).as<float>(), s.output(0).as<float>() + s.output(0).elements(), 0.0f);
    return {};
  }
  const float* in = s.input(kSpectrogram).as<float>();
  float* out = s.output(0).as<float>();
  for (int32_t i = 0; i < shape[0] * shape[1]; ++i, in += p.columns, out += p.coefficients) {
    add_energies(p, bands, in, energy);
    for (int32_t j = 0; j < p.bands; ++j) energy[j] = real::log(std::max(energy[j], kFloor));
    transform(p, energy, out);
  }
  return {};
}

Status fill_cosine(Prepare& p, Params* params) {
  const auto n = static_cast<size_t>(params->coefficients) * static_cast<size_t>(params->bands);
  auto* cosine = p.allocate<double>(n);
  if (cosine == nullptr) return Code::kArenaTooSmall;
  const double scale = std::sqrt(2.0 / params->bands);
  const double step = real::kPi / params->bands;
  for (int32_t i = 0; i < params->coefficients; ++i) {
    for (int32_t j = 0; j < params->bands; ++j) {
      cosine[i * params->bands + j] = scale * real::cos(i * step * (j + 0.5));
    }
  }
  params->cosine = cosine;
  return {};
}

Status check_inputs(const Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(need_type(p, p.input(kSpectrogram), types(Type::kFloat32)));
  PIPIT_TRY(need_type(p, p.input(kRate), types(Type::kInt32)));
  PIPIT_TRY(same_type(p, p.input(kSpectrogram), p.output(0)));
  const Shape& shape = p.input(kSpectrogram).shape;
  if (shape.rank != 3 || shape[2] < 2) {
    return p.bad(p.input(kSpectrogram), " is not [channels, windows, frequencies]");
  }
  return p.input(kRate).elements() == 1 ? Status() : p.bad(p.input(kRate), " is not one rate");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(check_inputs(p));
  const Flex o = Flex::root(p.custom_options());
  const int64_t low = o["lower_frequency_limit"].integer();
  const int64_t high = o["upper_frequency_limit"].integer();
  const int64_t bands = o["filterbank_channel_count"].integer();
  const int64_t coefficients = o["dct_coefficient_count"].integer();
  if (low < 0 || high <= low || high > INT32_MAX) {
    return p.bad("frequencies from ", low, " to ", high);
  }
  if (bands < 1 || bands > 1 << 14 || coefficients < 1 || coefficients > bands) {
    return p.bad(coefficients, " coefficients of ", bands, " bands");
  }
  const Shape& in = p.input(kSpectrogram).shape;
  PIPIT_TRY(p.set_output(0, Shape::of(in[0], in[1], coefficients)));
  Params* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = {in[2],
             static_cast<int32_t>(bands),
             static_cast<int32_t>(coefficients),
             static_cast<double>(low),
             static_cast<double>(high),
             nullptr};
  PIPIT_TRY(fill_cosine(p, params));
  p.scratch(ByteCount(in[2]) * sizeof(Column) + ByteCount(bands) * sizeof(double));
  return p.run(run, params, "portable");
}

}  // namespace

const Op kMfcc = {kCustomOp, "Mfcc", prepare};

}  // namespace pipit
