// SPDX-License-Identifier: Apache-2.0
// RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL and MULTINOMIAL: the numbers that TensorFlow Lite draws
// for the same seeds. They go on from invocation to invocation.
//
//   MULTINOMIAL:  out[b, i] = c with the probability
//                 exp(logits[b, c]) / sum over k of exp(logits[b, k])
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/math/random_bits.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

// Random numbers come in blocks of four; the first words of the counter tell the block.
//
//   key: the first seed        counter: | block (64 bits) | the second seed |
void draw_block(const Philox& start, uint64_t block, uint32_t* bits) {
  Philox p = start;
  p.counter[0] = static_cast<uint32_t>(block);
  p.counter[1] = static_cast<uint32_t>(block >> 32);
  random_words(p, bits);
}

// Without seeds in the file, each operator starts from a number of its own.
const Philox* keep_start(Prepare& p) {
  const auto* o = options<fb::RandomOptions>(p);
  auto key = o == nullptr ? 0 : static_cast<uint64_t>(o->seed());
  const auto stream = o == nullptr ? 0 : static_cast<uint64_t>(o->seed2());
  if (key == 0 && stream == 0) key = p.random_seed();
  return keep(p,
              Philox{{static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)},
                     {0, 0, static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)}});
}

// Bits as the fraction of a number in [1, 2), less 1.
float unit(uint32_t bits) {
  const uint32_t one = 0x3f800000 | (bits & 0x7fffff);
  float x;
  std::memcpy(&x, &one, sizeof(x));
  return x - 1;
}

double unit(uint32_t high, uint32_t low) {
  const uint64_t one = uint64_t{0x3ff00000 | (high & 0xfffff)} << 32 | low;
  double x;
  std::memcpy(&x, &one, sizeof(x));
  return x - 1;
}

void uniform(const uint32_t* bits, float* out) {
  for (int i = 0; i < Philox::kWords; ++i) out[i] = unit(bits[i]);
}

// Two at a time, after Box and Muller.
void standard_normal(const uint32_t* bits, float* out) {
  constexpr double kTwoPi = 6.283185307179586;
  for (int i = 0; i < Philox::kWords; i += 2) {
    const float angle = static_cast<float>(kTwoPi * static_cast<double>(unit(bits[i + 1])));
    const float radius = std::sqrt(-2.0f * real::log(std::max(unit(bits[i]), 1.0e-7f)));
    out[i] = real::sin(angle) * radius;
    out[i + 1] = real::cos(angle) * radius;
  }
}

template <void (*distribution)(const uint32_t*, float*)>
Status run_numbers(const Step& s, Run& run) {
  uint64_t& block = run.counter(s);
  float* out = s.output(0).as<float>();
  uint32_t bits[Philox::kWords];
  float numbers[Philox::kWords];
  for (int32_t left = s.output(0).elements(); left > 0; left -= Philox::kWords) {
    draw_block(*s.params<Philox>(), block++, bits);
    distribution(bits, numbers);
    out = std::copy_n(numbers, std::min(left, Philox::kWords), out);
  }
  return {};
}

template <void (*distribution)(const uint32_t*, float*)>
Status prepare_numbers(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const Tensor& in = p.input(0);
  PIPIT_TRY(need_type(p, in, types(Type::kInt32)));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kFloat32)));
  if (in.shape.rank != 1) return p.bad("shape ", in, " is no vector");
  if (!p.values_known(0)) return p.defer();
  Shape shape;
  PIPIT_TRY(shape_from(p, in, &shape));
  PIPIT_TRY(p.set_output(0, shape));
  const Philox* start = keep_start(p);
  if (start == nullptr) return Code::kArenaTooSmall;
  return p.run(run_numbers<distribution>, start, "portable");
}

// The running sum of the classes' odds; those that are not finite have none. Odds are exp(logit -
// the largest), so that none overflows.
template <class Real>
double add_odds(const Real* logits, int32_t classes, double* sums) {
  Real most = std::numeric_limits<Real>::lowest();
  for (int32_t i = 0; i < classes; ++i) {
    if (std::isfinite(logits[i])) most = std::max(most, logits[i]);
  }
  double sum = 0;
  for (int32_t i = 0; i < classes; ++i) {
    if (std::isfinite(logits[i])) {
      sum += real::exp(static_cast<double>(logits[i]) - static_cast<double>(most));
    }
    sums[i] = sum;
  }
  return sum;
}

template <class Real, class Out>
Status run_multinomial(const Step& s, Run& run) {
  const Shape& shape = s.output(0).shape;
  const int32_t classes = s.input(0).shape[1];
  const Real* logits = s.input(0).as<Real>();
  double* sums = reinterpret_cast<double*>(s.scratch);
  Out* out = s.output(0).as<Out>();
  uint64_t& counter = run.counter(s);
  uint64_t drawn = 0;
  uint32_t bits[Philox::kWords];
  for (int32_t row = 0; row < shape[0]; ++row, logits += classes) {
    const double all = add_odds(logits, classes, sums);
    for (int32_t i = 0; i < shape[1]; ++i, ++drawn) {
      if (drawn % 2 == 0) draw_block(*s.params<Philox>(), counter + drawn / 2, bits);
      const uint32_t* pair = bits + drawn % 2 * 2;
      // The class is the first whose running sum is above a number drawn from [0, all).
      const double wanted = unit(pair[0], pair[1]) * all;
      *out++ = static_cast<Out>(std::upper_bound(sums, sums + classes, wanted) - sums);
    }
  }
  // As many as TensorFlow Lite leaves out.
  const uint64_t rounded = (static_cast<uint64_t>(shape[1]) + 3) / 4 * 4;
  counter += static_cast<uint64_t>(shape[0]) * rounded * 512;
  return {};
}

Status prepare_multinomial(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& logits = p.input(0);
  const Tensor& samples = p.input(1);
  PIPIT_TRY(need_type(p, logits, types(Type::kFloat32, Type::kFloat64)));
  PIPIT_TRY(need_type(p, samples, types(Type::kInt32)));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kInt32, Type::kInt64)));
  if (logits.shape.rank != 2 || logits.shape[1] < 1) {
    return p.bad("logits ", logits, " are not [batch,classes]");
  }
  if (samples.shape.rank != 0) return p.bad("number of samples ", samples, " is no scalar");
  const int32_t* n = p.values<int32_t>(1);
  if (n == nullptr) return p.defer();
  if (*n < 0) return p.bad("number of samples ", *n, " is negative");
  PIPIT_TRY(p.set_output(0, Shape::of(logits.shape[0], *n)));
  const Philox* start = keep_start(p);
  if (start == nullptr) return Code::kArenaTooSmall;
  p.scratch(ByteCount(logits.shape[1]) * sizeof(double));
  const bool wide = p.output(0).type == Type::kInt64;
  const RunFn run =
      logits.type == Type::kFloat32
          ? (wide ? run_multinomial<float, int64_t> : run_multinomial<float, int32_t>)
          : (wide ? run_multinomial<double, int64_t> : run_multinomial<double, int32_t>);
  return p.run(run, start, "portable");
}

constexpr auto kFlags = static_cast<uint8_t>(kOpNoFold | kOpCounter);

}  // namespace

const Op kRandomUniform = {builtin(fb::BuiltinOperator::RANDOM_UNIFORM), "RANDOM_UNIFORM",
                           prepare_numbers<uniform>, kFlags};
const Op kRandomStandardNormal = {builtin(fb::BuiltinOperator::RANDOM_STANDARD_NORMAL),
                                  "RANDOM_STANDARD_NORMAL", prepare_numbers<standard_normal>,
                                  kFlags};
const Op kMultinomial = {builtin(fb::BuiltinOperator::MULTINOMIAL), "MULTINOMIAL",
                         prepare_multinomial, kFlags};

}  // namespace pipit
