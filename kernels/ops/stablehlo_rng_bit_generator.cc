// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_RNG_BIT_GENERATOR: random integers from a state, and the state that follows. The state
// is a key and a counter, as 32-bit words.
//
//   words of the state:  key 0, key 1, counter 0, counter 1, and for Philox with three uint64
//                        counter 2, counter 3
#include <algorithm>
#include <cstring>

#include "kernels/math/random_bits.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

// The first two words of a counter count on, the others stay.
template <class Generator>
void generate(Generator* g, uint32_t* out, size_t words) {
  uint32_t bits[Generator::kWords];
  while (words > 0) {
    random_words(*g, bits);
    const size_t taken = std::min<size_t>(words, Generator::kWords);
    std::copy_n(bits, taken, out);
    out += taken;
    words -= taken;
    if (++g->counter[0] == 0) ++g->counter[1];
  }
}

// A state of four words gives Philox the key once more as the end of its counter.
template <class Generator>
Status run(const Step& s, Run&) {
  const size_t state_bytes = s.input(0).bytes;
  uint32_t state[6];
  std::memcpy(state, s.input(0).data, state_bytes);
  Generator g = {{state[0], state[1]}, {state[2], state[3]}};
  const uint32_t* rest = state_bytes == sizeof(state) ? state + 4 : state;
  std::copy(rest, rest + Generator::kWords - 2, g.counter + 2);
  generate(&g, s.output(1).as<uint32_t>(), s.output(1).bytes / sizeof(uint32_t));
  std::copy_n(g.counter, 2, state + 2);
  std::memcpy(s.output(0).data, state, state_bytes);
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 2));
  const Tensor& state = p.input(0);
  const Tensor& out = p.output(1);
  PIPIT_TRY(need_type(p, state, types(Type::kUInt64)));
  PIPIT_TRY(same_type(p, state, p.output(0)));
  PIPIT_TRY(need_type(p, out, types(Type::kInt32, Type::kUInt32, Type::kInt64, Type::kUInt64)));
  const auto* o = options2<fb::StablehloRngBitGeneratorOptions>(p);
  if (o == nullptr) return p.bad("has no StablehloRngBitGeneratorOptions");
  const bool threefry = o->algorithm() == fb::RngAlgorithm::THREEFRY;
  if (o->algorithm() > fb::RngAlgorithm::THREEFRY) {
    return p.unsupported("algorithm ", static_cast<int>(o->algorithm()));
  }
  if (state.shape != Shape::of(2) && (threefry || state.shape != Shape::of(3))) {
    return p.bad("state ", state, " has another size than its algorithm's");
  }
  PIPIT_TRY(p.set_output(0, state.shape));
  PIPIT_TRY(p.set_output(1, out.shape));
  return p.run(threefry ? run<Threefry> : run<Philox>, nullptr, "portable");
}

}  // namespace

const Op kStablehloRngBitGenerator = {builtin(fb::BuiltinOperator::STABLEHLO_RNG_BIT_GENERATOR),
                                      "STABLEHLO_RNG_BIT_GENERATOR", prepare};

}  // namespace pipit
