// SPDX-License-Identifier: Apache-2.0
// SignalRfft, SignalIrfft, SignalFftAutoScale: spectra of audio frames, as in the front end for
// microcontrollers.
//
//   samples -> SignalWindow -> SignalFftAutoScale -> SignalRfft -> SignalEnergy -> SignalFilterBank
//     -> SignalFilterBankSquareRoot -> SignalFilterBankSpectralSubtraction -> SignalPCAN
//     -> SignalFilterBankLog -> features
//
// is the order in TensorFlow Lite Micro's micro_speech. The shift of SignalFftAutoScale goes to the
// square root, which takes it back, and the noise of the subtraction to SignalPCAN.
#include <algorithm>
#include <bit>

#include "core/flexbuffer.h"
#include "kernels/math/fft.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

// ---- SignalRfft, SignalIrfft

struct Params {
  int32_t n;      // of a transform
  int32_t given;  // values of a row of the input: the rest of the n are 0
  int32_t rows;
  const void* table;
};

// Values of a spectrum: pairs of a real and an imaginary part.
constexpr int32_t spectrum_values(int32_t n) { return n + 2; }

template <class T>
Status run_forward(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  // Scratch memory: a frame of n values, then n / 2 complex numbers for the transform.
  auto* frame = reinterpret_cast<T*>(s.scratch);
  auto* work = reinterpret_cast<Complex<T>*>(frame + p.n);
  const RealFft<T> fft(p.n, false, static_cast<const Complex<T>*>(p.table), work);
  const T* in = s.input(0).as<T>();
  auto* out = static_cast<Complex<T>*>(s.output(0).data);
  for (int32_t row = 0; row < p.rows; ++row, in += p.given, out += p.n / 2 + 1) {
    std::copy(in, in + p.given, frame);
    std::fill(frame + p.given, frame + p.n, T{0});
    fft.forward(frame, out);
  }
  return {};
}

template <class T>
Status run_backward(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  auto* work = reinterpret_cast<Complex<T>*>(s.scratch);
  const RealFft<T> fft(p.n, true, static_cast<const Complex<T>*>(p.table), work);
  const auto* in = static_cast<const Complex<T>*>(s.input(0).data);
  T* out = s.output(0).as<T>();
  for (int32_t row = 0; row < p.rows; ++row, in += p.n / 2 + 1, out += p.n) {
    fft.backward(in, out);
    // Fixed-point transforms have halved on the way (fft.h).
    if constexpr (std::is_floating_point_v<T>) {
      for (int32_t i = 0; i < p.n; ++i) out[i] /= static_cast<T>(p.n);
    }
  }
  return {};
}

template <class T>
Status plan(Prepare& p, Params params, bool inverse, Params* kept) {
  auto* table = p.allocate<Complex<T>>(static_cast<size_t>(RealFft<T>::table_size(params.n)));
  if (table == nullptr) return Code::kArenaTooSmall;
  RealFft<T>::fill_table(params.n, inverse, table);
  params.table = table;
  *kept = params;
  p.scratch(ByteCount(params.n) * (2 * sizeof(T)));
  return p.run(inverse ? run_backward<T> : run_forward<T>, kept, "portable");
}

Status prepare(Prepare& p, bool inverse) {
  PIPIT_TRY(need_one_to_one(p, types(Type::kInt16, Type::kInt32, Type::kFloat32)));
  const Tensor& in = p.input(0);
  const int64_t n = Flex::root(p.custom_options())["fft_length"].integer();
  if (!RealFft<float>::accepts(n)) {
    return p.unsupported("fft_length ", n, ": powers of two from 4 to 2^20 only");
  }
  Params params = {static_cast<int32_t>(n), 0, 0, nullptr};
  if (in.shape.rank < 1) return p.bad(in, " is no vector");
  params.given = in.shape.last();
  params.rows = in.shape.product(0, in.shape.rank - 1);
  // A frame may be shorter than a transform; a spectrum is whole.
  if (inverse ? params.given != spectrum_values(params.n) : params.given > params.n) {
    return p.bad(in, " does not fit a transform of ", n, " values");
  }
  Shape shape = in.shape;
  shape[shape.rank - 1] = inverse ? params.n : spectrum_values(params.n);
  PIPIT_TRY(p.set_output(0, shape));
  Params* kept = p.allocate<Params>();
  if (kept == nullptr) return Code::kArenaTooSmall;
  if (in.type == Type::kInt16) return plan<int16_t>(p, params, inverse, kept);
  if (in.type == Type::kInt32) return plan<int32_t>(p, params, inverse, kept);
  return plan<float>(p, params, inverse, kept);
}

Status prepare_rfft(Prepare& p) { return prepare(p, false); }
Status prepare_irfft(Prepare& p) { return prepare(p, true); }

// ---- SignalFftAutoScale: shifts left until the largest value needs all bits

// Bits by which the largest absolute value may be shifted; silence is not shifted. As in the
// reference, -32768 has no absolute value, and any later value takes its place.
int32_t free_bits(const int16_t* values, int32_t n) {
  int16_t largest = 0;
  for (int32_t i = 0; i < n; ++i) {
    const int32_t v = values[i];
    if (v > largest || -v > largest) largest = static_cast<int16_t>(v > largest ? v : -v);
  }
  if (largest <= 0) return 0;
  return 15 - static_cast<int32_t>(std::bit_width(static_cast<uint16_t>(largest)));
}

Status run_scale(const Step& s, Run&) {
  const int32_t n = s.input(0).elements();
  const int16_t* in = s.input(0).as<int16_t>();
  int16_t* out = s.output(0).as<int16_t>();
  const int32_t bits = free_bits(in, n);
  for (int32_t i = 0; i < n; ++i) out[i] = static_cast<int16_t>(in[i] * (1 << bits));
  s.output(1).as<int32_t>()[0] = bits;
  return {};
}

Status prepare_scale(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 2));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kInt16)));
  PIPIT_TRY(same_type(p, p.input(0), p.output(0)));
  PIPIT_TRY(need_type(p, p.output(1), types(Type::kInt32)));
  if (p.input(0).shape.rank != 1) return p.bad(p.input(0), " is no vector");
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  PIPIT_TRY(p.set_output(1, Shape()));
  return p.run(run_scale, nullptr, "portable");
}

}  // namespace

const Op kSignalFftAutoScale = {kCustomOp, "SignalFftAutoScale", prepare_scale};
const Op kSignalIrfft = {kCustomOp, "SignalIrfft", prepare_irfft};
const Op kSignalRfft = {kCustomOp, "SignalRfft", prepare_rfft};

}  // namespace pipit
