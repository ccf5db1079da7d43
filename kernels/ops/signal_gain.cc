// SPDX-License-Identifier: Apache-2.0
// SignalFilterBankSpectralSubtraction, SignalPCAN, SignalFilterBankLog: noise subtraction, gain
// control and logarithm of the channels of a filter bank. All on integers.
#include <algorithm>
#include <bit>
#include <cmath>

#include "core/to_integer.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/custom_options.h"

namespace pipit {
namespace {

// ---- SignalFilterBankSpectralSubtraction: less a running mean of what was there before

//   noise = (smoothing * signal + one_minus_smoothing * noise) / 2^bits
//   out = max(signal - noise, signal * min_remaining / 2^bits)
//
// The noise has smoothing_bits more bits than the signal.
struct Subtraction {
  uint32_t smoothing[2], one_minus_smoothing[2];  // of even and odd channels
  uint32_t min_remaining;
  int32_t smoothing_bits, bits;
  bool clamping;
  uint32_t* noise;
};

uint32_t subtract_noise(const Subtraction& p, int32_t i, uint32_t signal) {
  const uint32_t scaled = signal << p.smoothing_bits;
  uint32_t& noise = p.noise[i];
  noise = static_cast<uint32_t>(
      (uint64_t{scaled} * p.smoothing[i & 1] + uint64_t{noise} * p.one_minus_smoothing[i & 1]) >>
      p.bits);
  const uint32_t estimate = std::min(noise, scaled);
  if (p.clamping) noise = estimate;
  const auto least = static_cast<uint32_t>((uint64_t{signal} * p.min_remaining) >> p.bits);
  return std::max((scaled - estimate) >> p.smoothing_bits, least);
}

Status run_subtraction(const Step& s, Run&) {
  const auto& p = *s.params<Subtraction>();
  const int32_t n = s.input(0).elements();
  for (int32_t i = 0; i < n; ++i) {
    s.output(0).as<uint32_t>()[i] = subtract_noise(p, i, s.input(0).as<uint32_t>()[i]);
  }
  std::copy(p.noise, p.noise + n, s.output(1).as<uint32_t>());
  return {};
}

Status prepare_subtraction(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 2));
  PIPIT_TRY(check_vector(p, p.input(0), Type::kUInt32));
  for (int i = 0; i < 2; ++i) {
    PIPIT_TRY(same_type(p, p.input(0), p.output(i)));
    PIPIT_TRY(p.set_output(i, p.input(0).shape));
  }
  const auto factor = [&](const char* key) {
    return static_cast<uint32_t>(integer_option(p, key));
  };
  auto* o = p.allocate<Subtraction>();
  if (o == nullptr) return Code::kArenaTooSmall;
  *o = {{factor("smoothing"), factor("alternate_smoothing")},
        {factor("one_minus_smoothing"), factor("alternate_one_minus_smoothing")},
        factor("min_signal_remaining"),
        integer_option(p, "smoothing_bits"),
        integer_option(p, "spectral_subtraction_bits"),
        integer_option(p, "clamping") != 0,
        nullptr};
  PIPIT_TRY(check_bits(p, "smoothing_bits", o->smoothing_bits));
  PIPIT_TRY(check_bits(p, "spectral_subtraction_bits", o->bits));
  const int32_t channels = integer_option(p, "num_channels");
  if (channels != p.input(0).elements()) {
    return p.bad(p.input(0), " has not num_channels values, which is ", channels);
  }
  PIPIT_TRY(p.state(static_cast<size_t>(channels), &o->noise));
  return p.run(run_subtraction, o, "portable");
}

// ---- SignalPCAN: automatic gain control. A table tells the gain for each level of noise.

constexpr int32_t kSnrBits = 12;
constexpr int32_t kOutputBits = 6;
constexpr int32_t kGains = 125;  // 4 for each power of two of 32 bits, less those of 1 and 2

// Between the table's points: a polynomial of degree 2, whose coefficients are in the table. `at`
// is where between two powers of two the noise lies, in 1/1024.
int16_t gain(uint32_t noise, const int16_t* table) {
  if (noise <= 2) return table[noise];
  const auto bits = static_cast<int32_t>(std::bit_width(noise));
  table += 4 * bits - 6;
  const auto at =
      static_cast<int32_t>((bits < 11 ? noise << (11 - bits) : noise >> (bits - 11)) & 0x3ff);
  int64_t result = (int64_t{table[2]} * at >> 5) + int64_t{table[1]} * 32;
  result = ((result * at) + (1 << 14)) >> 15;
  return static_cast<int16_t>(result + table[0]);
}

// x^2 / 4 for x < 2 and x - 1 above, which meet at 2 with one slope; from units of 2^-12 to 2^-6.
uint32_t shrink(uint32_t snr) {
  if (snr < 2u << kSnrBits) return (snr * snr) >> (2 + 2 * kSnrBits - kOutputBits);
  return (snr >> (kSnrBits - kOutputBits)) - (1u << kOutputBits);
}

Status run_pcan(const Step& s, Run&) {
  const int32_t shift = *s.params<int32_t>();
  for (int32_t i = 0; i < s.input(0).elements(); ++i) {
    const auto factor = static_cast<uint32_t>(
        int32_t{gain(s.input(1).as<uint32_t>()[i], s.input(2).as<int16_t>())});
    const uint64_t amplified = uint64_t{s.input(0).as<uint32_t>()[i]} * factor;
    s.output(0).as<uint32_t>()[i] = shrink(static_cast<uint32_t>(amplified >> shift));
  }
  return {};
}

Status prepare_pcan(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  PIPIT_TRY(check_vector(p, p.input(0), Type::kUInt32));
  PIPIT_TRY(check_vector(p, p.input(1), Type::kUInt32));
  PIPIT_TRY(check_vector(p, p.input(2), Type::kInt16));
  PIPIT_TRY(same_type(p, p.input(0), p.output(0)));
  if (p.input(1).elements() < p.input(0).elements()) {
    return p.bad(p.input(1), " is shorter than ", p.input(0));
  }
  if (p.input(2).elements() < kGains) return p.bad(p.input(2), " has not ", kGains, " gains");
  const int32_t shift = integer_option(p, "snr_shift");
  PIPIT_TRY(check_bits(p, "snr_shift", shift));
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  const int32_t* kept = keep(p, shift);
  return kept == nullptr ? Status(Code::kArenaTooSmall) : p.run(run_pcan, kept, "portable");
}

// ---- SignalFilterBankLog: natural logarithms times output_scale

constexpr int32_t kLogSegments = 128;

struct Log {
  int32_t correction_bits, scale;
  // By how much log2(1 + i / 128) exceeds i / 128, in 1/65536; 0 at both ends.
  int32_t excess[kLogSegments + 1];
};

void fill_table(int32_t* excess) {
  for (int32_t i = 0; i <= kLogSegments; ++i) {
    const double x = static_cast<double>(i) / kLogSegments;
    excess[i] = to_integer<int32_t>(std::round(65536 * (real::log2(1 + x) - x)));
  }
}

// log2(2^whole * (1 + part)) = whole + part + excess(part), excess by a table and straight lines
// between its points; then times ln(2) and the output's scale. Numbers have 16 bits behind the
// point.
uint32_t log_of(uint32_t x, const Log& p) {
  constexpr uint32_t kHalf = 1u << 15, kLn2 = 45426;
  const auto whole = static_cast<int32_t>(std::bit_width(x)) - 1;
  uint32_t part = x - (1u << whole);
  part = whole < 16 ? part << (16 - whole) : part >> (whole - 16);
  const uint32_t segment = part / (65536 / kLogSegments);
  const int32_t from = p.excess[segment];
  const int32_t slope = p.excess[segment + 1] - from;
  const auto into = static_cast<int32_t>(part % (65536 / kLogSegments));
  const int32_t log2 = (whole << 16) + static_cast<int32_t>(part) + from + (slope * into >> 16);
  const auto ln =
      static_cast<uint32_t>((uint64_t{kLn2} * static_cast<uint32_t>(log2) + kHalf) >> 16);
  return (static_cast<uint32_t>(p.scale) * ln + kHalf) >> 16;
}

Status run_log(const Step& s, Run&) {
  const auto& p = *s.params<Log>();
  for (int32_t i = 0; i < s.input(0).elements(); ++i) {
    const uint32_t x = s.input(0).as<uint32_t>()[i] << p.correction_bits;
    const uint32_t log = x > 1 ? log_of(x, p) : 0;
    s.output(0).as<int16_t>()[i] = static_cast<int16_t>(std::min<uint32_t>(log, INT16_MAX));
  }
  return {};
}

Status prepare_log(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(check_vector(p, p.input(0), Type::kUInt32));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kInt16)));
  Log* log = p.allocate<Log>();
  if (log == nullptr) return Code::kArenaTooSmall;
  log->correction_bits = integer_option(p, "input_correction_bits");
  log->scale = integer_option(p, "output_scale");
  PIPIT_TRY(check_bits(p, "input_correction_bits", log->correction_bits));
  fill_table(log->excess);
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  return p.run(run_log, log, "portable");
}

}  // namespace

const Op kSignalFilterBankLog = {kCustomOp, "SignalFilterBankLog", prepare_log};
const Op kSignalFilterBankSpectralSubtraction = {kCustomOp, "SignalFilterBankSpectralSubtraction",
                                                 prepare_subtraction, kOpNoFold};
const Op kSignalPcan = {kCustomOp, "SignalPCAN", prepare_pcan};

}  // namespace pipit
