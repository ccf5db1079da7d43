// SPDX-License-Identifier: Apache-2.0
// SignalEnergy, SignalFilterBank, SignalFilterBankSquareRoot: what the front end for
// microcontrollers makes of a spectrum. All on integers.
#include <algorithm>

#include "kernels/math/fft.h"
#include "kernels/ops.h"
#include "kernels/ops/custom_options.h"

namespace pipit {
namespace {

// ---- SignalEnergy: the squared magnitudes of a spectrum, from start_index to before end_index

struct Slice {
  int32_t from, to;
};

Status run_energy(const Step& s, Run&) {
  const auto& p = *s.params<Slice>();
  const auto* in = static_cast<const Complex<int16_t>*>(s.input(0).data);
  uint32_t* out = s.output(0).as<uint32_t>();
  std::fill(out, out + s.output(0).elements(), 0u);
  for (int32_t i = p.from; i < p.to; ++i) {
    // Two squares of 16 bits are at most 2^31, which 32 bits without a sign hold.
    out[i] = static_cast<uint32_t>(in[i].r * in[i].r) + static_cast<uint32_t>(in[i].i * in[i].i);
  }
  return {};
}

Status prepare_energy(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(check_vector(p, p.input(0), Type::kInt16));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kUInt32)));
  const Slice slice = {integer_option(p, "start_index"), integer_option(p, "end_index")};
  const int32_t n = p.input(0).elements() / 2;
  if (slice.from < 0 || slice.from > slice.to || slice.to > n) {
    return p.bad("takes values ", slice.from, " to ", slice.to, " of ", n);
  }
  PIPIT_TRY(p.set_output(0, Shape::of(n)));
  const Slice* kept = keep(p, slice);
  return kept == nullptr ? Status(Code::kArenaTooSmall) : p.run(run_energy, kept, "portable");
}

// ---- SignalFilterBank: weighted sums of neighbours. What a channel does not get of its part, by
// the second weights, goes to the next one.

//   out[c] = sum over part c + 1 of weights * in + sum over part c of unweights * in
//
// where part c is in[frequency[c]], ..., `width[c]` of them, with weights from first_weight[c] on.
constexpr int kWeights = 1, kUnweights = 2, kFrequency = 3, kFirstWeight = 4, kWidth = 5;

// Channel 0 only passes on; the sums wrap.
Status run_filter_bank(const Step& s, Run&) {
  const uint32_t* in = s.input(0).as<uint32_t>();
  const int32_t channels = s.output(0).elements();
  uint64_t* out = s.output(0).as<uint64_t>();
  uint64_t sum = 0, rest = 0;
  for (int32_t c = 0; c <= channels; ++c) {
    const int16_t* weights =
        s.input(kWeights).as<int16_t>() + s.input(kFirstWeight).as<int16_t>()[c];
    const int16_t* unweights =
        s.input(kUnweights).as<int16_t>() + s.input(kFirstWeight).as<int16_t>()[c];
    const uint32_t* part = in + s.input(kFrequency).as<int16_t>()[c];
    for (int32_t j = 0; j < s.input(kWidth).as<int16_t>()[c]; ++j) {
      sum += static_cast<uint64_t>(int64_t{weights[j]}) * part[j];
      rest += static_cast<uint64_t>(int64_t{unweights[j]}) * part[j];
    }
    if (c > 0) out[c - 1] = sum;
    sum = rest;
    rest = 0;
  }
  return {};
}

// Where the parts begin must be known, so that they can be checked.
Status check_parts(Prepare& p, int32_t channels) {
  const int16_t* width = p.values<int16_t>(kWidth);
  const int16_t* weight = p.values<int16_t>(kFirstWeight);
  const int16_t* frequency = p.values<int16_t>(kFrequency);
  const int32_t weights = std::min(p.input(kWeights).elements(), p.input(kUnweights).elements());
  for (int32_t c = 0; c <= channels; ++c) {
    if (width[c] <= 0) continue;
    if (weight[c] < 0 || weight[c] + width[c] > weights || frequency[c] < 0 ||
        frequency[c] + width[c] > p.input(0).elements()) {
      return p.bad("channel ", c, " takes ", int{width[c]}, " values from ", int{frequency[c]},
                   " and weights from ", int{weight[c]});
    }
  }
  return {};
}

Status prepare_filter_bank(Prepare& p) {
  PIPIT_TRY(p.arity(6, 6, 1));
  PIPIT_TRY(check_vector(p, p.input(0), Type::kUInt32));
  for (int i = kWeights; i <= kWidth; ++i) PIPIT_TRY(check_vector(p, p.input(i), Type::kInt16));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kUInt64)));
  const int32_t channels = integer_option(p, "num_channels");
  for (int i = kFrequency; i <= kWidth; ++i) {
    if (channels >= 1 && p.input(i).elements() > channels) continue;
    return p.bad(p.input(i), " has not one value for each of ", channels, " channels and one more");
  }
  for (int i = kFrequency; i <= kWidth; ++i) {
    if (!p.values_known(i)) return p.defer();
  }
  PIPIT_TRY(check_parts(p, channels));
  PIPIT_TRY(p.set_output(0, Shape::of(channels)));
  return p.run(run_filter_bank, nullptr, "portable");
}

// ---- SignalFilterBankSquareRoot: rounded, then shifted right by a value that arrives

// The rounded root; one that would not fit is the largest that does. Bit by bit from the top: a bit
// stays where the square of the number so far is not above x.
uint32_t root(uint64_t x) {
  uint64_t low = 0;
  for (uint64_t bit = uint64_t{1} << 31; bit != 0; bit >>= 1) {
    if ((low | bit) * (low | bit) <= x) low |= bit;
  }
  const uint64_t most = x >> 32 == 0 ? 0xffff : 0xffffffff;
  return static_cast<uint32_t>(x - low * low > low && low != most ? low + 1 : low);
}

Status run_root(const Step& s, Run& run) {
  const int32_t bits = s.input(1).as<int32_t>()[0];
  if (bits < 0 || bits > 31) return run.fail(s, "shifts by ", bits, " bits");
  for (int32_t i = 0; i < s.input(0).elements(); ++i) {
    s.output(0).as<uint32_t>()[i] = root(s.input(0).as<uint64_t>()[i]) >> bits;
  }
  return {};
}

Status prepare_root(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(check_vector(p, p.input(0), Type::kUInt64));
  PIPIT_TRY(need_type(p, p.input(1), types(Type::kInt32)));
  if (p.input(1).elements() != 1) return p.bad(p.input(1), " is not one number");
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kUInt32)));
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  return p.run(run_root, nullptr, "portable");
}

}  // namespace

const Op kSignalEnergy = {kCustomOp, "SignalEnergy", prepare_energy};
const Op kSignalFilterBank = {kCustomOp, "SignalFilterBank", prepare_filter_bank};
const Op kSignalFilterBankSquareRoot = {kCustomOp, "SignalFilterBankSquareRoot", prepare_root};

}  // namespace pipit
