// SPDX-License-Identifier: Apache-2.0
// LSH_PROJECTION: bits of locality-sensitive hash functions of a list of items. A bit is the sign
// of the weighted sum of the items' fingerprints, each taken with the bit's own seed.
//
//   bit(f, b) = sum over i of weights[i] * fingerprint64(seeds[f, b] item[i]) > 0
//
//   dense:   out[f * bits + b] = bit(f, b)
//   sparse:  out[f] = f * 2^bits + the number that is made of the bits, the first one on top
#include <cstring>

#include "kernels/math/fingerprint.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

constexpr int kSeeds = 0, kItems = 1, kWeights = 2;

struct Params {
  int32_t functions, bits;  // bits of each function
  int32_t items;            // that count: equal ones of the same weight decide as one does
  size_t item_bytes;
  bool dense;  // a number for each bit, not for each function
};

uint32_t sign_bit(const Step& s, const Params& p, int32_t seed) {
  // A seed and an item behind it, as bytes. The fingerprint counts as a number with a sign.
  uint8_t* key = s.scratch;
  const auto* item = s.input(kItems).as<uint8_t>();
  const float* weights = s.has_input(kWeights) ? s.input(kWeights).as<float>() : nullptr;
  std::memcpy(key, s.input(kSeeds).as<float>() + seed, sizeof(float));
  double sum = 0;
  for (int32_t i = 0; i < p.items; ++i, item += p.item_bytes) {
    if (p.item_bytes != 0) std::memcpy(key + sizeof(float), item, p.item_bytes);
    const auto print = static_cast<int64_t>(fingerprint64(key, sizeof(float) + p.item_bytes));
    sum +=
        (weights == nullptr ? 1.0 : static_cast<double>(weights[i])) * static_cast<double>(print);
  }
  return sum > 0 ? 1 : 0;
}

// The numbers of the functions have ranges of their own.
Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  auto* out = s.output(0).as<uint32_t>();
  for (int32_t f = 0; f < p.functions; ++f) {
    uint64_t number = 0;
    for (int32_t b = 0; b < p.bits; ++b) {
      const uint32_t bit = sign_bit(s, p, f * p.bits + b);
      number = number << 1 | bit;
      if (p.dense) *out++ = bit;
    }
    if (!p.dense) *out++ = static_cast<uint32_t>(number + (static_cast<uint64_t>(f) << p.bits));
  }
  return {};
}

Status check_inputs(const Prepare& p) {
  const Tensor& seeds = p.input(kSeeds);
  const Tensor& items = p.input(kItems);
  PIPIT_TRY(need_type(p, seeds, types(Type::kFloat32)));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kInt32)));
  if (seeds.shape.rank != 2 || seeds.shape[1] > 32) {
    return p.bad("seeds ", seeds, " are not [functions, at most 32 bits]");
  }
  if (type_bits(items.type) < 8) return p.unsupported("input ", items);
  if (items.shape.rank < 1 || items.shape[0] < 1) return p.bad("input ", items, " has no items");
  if (!p.has_input(kWeights)) return {};
  const Tensor& weights = p.input(kWeights);
  PIPIT_TRY(need_type(p, weights, types(Type::kFloat32)));
  if (weights.shape == Shape::of(items.shape[0])) return {};
  return p.bad("weights ", weights, " are not one for each item of ", items);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 3, 1));
  PIPIT_TRY(check_inputs(p));
  const auto* o = options<fb::LSHProjectionOptions>(p);
  const auto type = o == nullptr ? fb::LSHProjectionType::UNKNOWN : o->type();
  if (type != fb::LSHProjectionType::SPARSE && type != fb::LSHProjectionType::DENSE) {
    return p.bad("is neither sparse nor dense: type ", static_cast<int>(type));
  }
  const Shape& seeds = p.input(kSeeds).shape;
  const Tensor& items = p.input(kItems);
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const bool dense = type == fb::LSHProjectionType::DENSE;
  const bool equal = items.bytes == 0 && !p.has_input(kWeights);
  *params = {.functions = dense && seeds[1] == 0 ? 0 : seeds[0],
             .bits = seeds[1],
             .items = equal ? 1 : items.shape[0],
             .item_bytes = items.bytes / static_cast<size_t>(items.shape[0]),
             .dense = dense};
  p.scratch(ByteCount(params->item_bytes) + sizeof(float));
  PIPIT_TRY(p.set_output(0, Shape::of(params->dense ? seeds.elements() : seeds[0])));
  return p.run(run, params, "portable");
}

}  // namespace

// Planning counts a product for each byte of an input and an output, but here each bit of the
// output has a fingerprint of each item.
const Op kLshProjection = {builtin(fb::BuiltinOperator::LSH_PROJECTION), "LSH_PROJECTION", prepare,
                           kOpNoFold};

}  // namespace pipit
