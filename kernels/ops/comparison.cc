// SPDX-License-Identifier: Apache-2.0
// EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL.
//
// Quantized: (a - za) * a_scale against (b - zb) * b_scale. The others are compared as they are.
#include <cstring>
#include <functional>

#include "kernels/contracts/broadcast.h"
#include "kernels/math/half.h"
#include "kernels/ops.h"
#include "kernels/ops/binary.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/moves.h"
#include "pipit/strings.h"

namespace pipit {
namespace {

// ---- plain numbers

template <class T, class Compare>
void compare(const Binary& r) {
  each_pair_small<T, uint8_t>(r, [](T a, T b) { return static_cast<uint8_t>(Compare()(a, b)); });
}

template <float (*to_float)(uint16_t), class Compare>
void compare_16_bits(const Binary& r) {
  each_pair_small<uint16_t, uint8_t>(r, [](uint16_t a, uint16_t b) {
    return static_cast<uint8_t>(Compare()(to_float(a), to_float(b)));
  });
}

// ---- quantized numbers: both are brought to real size, with 8 more bits

// In units of 1/256, so that real numbers which are closer than that may count as equal, as in
// TensorFlow Lite.
template <class T, class Compare>
void compare_scaled(const Binary& r) {
  const auto& q = *static_cast<const AddQuantized*>(r.constants);
  each_pair_small<T, uint8_t>(r, [&](T a, T b) {
    const int32_t x = multiply((a - q.zero_point_a) * 256, q.multiplier_a, q.shift_a);
    const int32_t y = multiply((b - q.zero_point_b) * 256, q.multiplier_b, q.shift_b);
    return static_cast<uint8_t>(Compare()(x, y));
  });
}

// Of AddQuantized only what belongs to the operands is used.
Status plan_scaled(Prepare& p, BinaryFn kernel) {
  const Tensor& a = p.input(0);
  const Tensor& b = p.input(1);
  PIPIT_TRY(need_scale(p, a));
  PIPIT_TRY(need_scale(p, b));
  const Multiplier of_a = quantize_multiplier(static_cast<double>(a.scale));
  const Multiplier of_b = quantize_multiplier(static_cast<double>(b.scale));
  const auto* kept = keep(p, AddQuantized{.zero_point_a = a.zero_point,
                                          .multiplier_a = of_a.multiplier,
                                          .shift_a = of_a.shift,
                                          .zero_point_b = b.zero_point,
                                          .multiplier_b = of_b.multiplier,
                                          .shift_b = of_b.shift});
  return kept == nullptr ? Status(Code::kArenaTooSmall) : plan_binary(p, kernel, kept);
}

// ---- strings

bool equal_strings(Span<const char> a, Span<const char> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

struct StringParams {
  Broadcast walk;
  bool equal;  // the answer for equal strings
};

Status run_strings(const Step& s, Run&) {
  const auto& p = *s.params<StringParams>();
  const Strings a(s.input(0).data), b(s.input(1).data);
  bool* out = s.output(0).as<bool>();
  for_each_run(p.walk, [&](const int32_t* at, int32_t to) {
    for (int32_t i = 0; i < p.walk.n; ++i) {
      const bool same = equal_strings(a[at[0] + i * p.walk.step[0]], b[at[1] + i * p.walk.step[1]]);
      out[to + i] = same == p.equal;
    }
  });
  return {};
}

Status plan_strings(Prepare& p, bool equal) {
  Shape shape;
  PIPIT_TRY(broadcast_shape(p, 2, &shape));
  PIPIT_TRY(p.set_output(0, shape));
  auto* params = p.allocate<StringParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->walk = walk_inputs(p, shape, 2);
  params->equal = equal;
  return p.run(run_strings, params, "portable");
}

// ---- the operators

// What an operator takes beyond float32, float16, int8, uint8, int16, int32 and int64.
struct Accepts {
  bool equality = false;  // bool and strings; quantization counts for int16, too
  bool bfloat16 = false;
};

template <class Compare>
BinaryFn plain_kernel(Type type, const Accepts& accepts) {
  switch (type) {
    case Type::kFloat16:
      return compare_16_bits<half_to_float, Compare>;
    case Type::kBFloat16:
      return accepts.bfloat16 ? compare_16_bits<bfloat16_to_float, Compare> : nullptr;
    case Type::kBool:
      return accepts.equality ? compare<uint8_t, Compare> : nullptr;
    default:
      return by_type<float, int8_t, uint8_t, int16_t, int32_t, int64_t>(
          type, []<class T> { return compare<T, Compare>; });
  }
}

template <class Compare>
Status prepare(Prepare& p, const Accepts& accepts) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.input(1)));
  p.set_output_type(0, Type::kBool);
  const Type type = p.input(0).type;
  if (type == Type::kString && accepts.equality) return plan_strings(p, Compare()(0, 0));
  // Without a scale small integers are plain numbers.
  if (p.input(0).scale > 0) {
    if (type == Type::kInt8) return plan_scaled(p, compare_scaled<int8_t, Compare>);
    if (type == Type::kUInt8) return plan_scaled(p, compare_scaled<uint8_t, Compare>);
    if (type == Type::kInt16 && accepts.equality) {
      return plan_scaled(p, compare_scaled<int16_t, Compare>);
    }
  }
  const BinaryFn kernel = plain_kernel<Compare>(type, accepts);
  return kernel == nullptr ? p.unsupported("type ", type) : plan_binary(p, kernel);
}

template <class Compare, bool equality, bool bfloat16>
Status prepare(Prepare& p) {
  return prepare<Compare>(p, {equality, bfloat16});
}

}  // namespace

const Op kEqual = {builtin(fb::BuiltinOperator::EQUAL), "EQUAL",
                   prepare<std::equal_to<>, true, false>};
const Op kNotEqual = {builtin(fb::BuiltinOperator::NOT_EQUAL), "NOT_EQUAL",
                      prepare<std::not_equal_to<>, true, false>};
const Op kLess = {builtin(fb::BuiltinOperator::LESS), "LESS", prepare<std::less<>, false, true>};
const Op kLessEqual = {builtin(fb::BuiltinOperator::LESS_EQUAL), "LESS_EQUAL",
                       prepare<std::less_equal<>, false, false>};
const Op kGreater = {builtin(fb::BuiltinOperator::GREATER), "GREATER",
                     prepare<std::greater<>, false, true>};
const Op kGreaterEqual = {builtin(fb::BuiltinOperator::GREATER_EQUAL), "GREATER_EQUAL",
                          prepare<std::greater_equal<>, false, false>};

}  // namespace pipit
