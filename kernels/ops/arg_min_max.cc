// SPDX-License-Identifier: Apache-2.0
// ARG_MAX and ARG_MIN: where along one dimension the first of the largest or smallest values is. A
// NaN is chosen only where there is nothing else.
#include <cstring>

#include "kernels/arg_max.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

struct Params {
  int32_t outer = 0, size = 0, inner = 0;  // the dimensions before, along and behind the axis
  ArgMaxU8 bytes;                          // with `kernel`, where rows of bytes are searched
  void (*kernel)(const ArgMaxU8&) = nullptr;
};

template <bool max, class T>
bool better(T candidate, T best) {
  if (best != best) return candidate == candidate;
  return max ? candidate > best : candidate < best;
}

template <bool max, class T>
int32_t find(const T* in, int32_t size, int32_t stride) {
  int32_t found = 0;
  T best = in[0];
  for (int32_t i = 1; i < size; ++i) {
    const T value = in[ptrdiff_t{i} * stride];
    if (!better<max>(value, best)) continue;
    best = value;
    found = i;
  }
  return found;
}

template <bool max, class T>
Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const bool wide = s.output(0).type == Type::kInt64;
  int32_t at = 0;
  for (int32_t o = 0; o < p.outer; ++o) {
    const T* in = s.input(0).as<T>() + ptrdiff_t{o} * p.size * p.inner;
    for (int32_t i = 0; i < p.inner; ++i, ++at) {
      const int32_t found = find<max>(in + i, p.size, p.inner);
      if (wide) {
        s.output(0).as<int64_t>()[at] = found;
      } else {
        s.output(0).as<int32_t>()[at] = found;
      }
    }
  }
  return {};
}

// From int32 to int64, in place.
void widen(uint8_t* numbers, int32_t n) {
  while (n-- > 0) {
    int32_t narrow = 0;
    std::memcpy(&narrow, numbers + ptrdiff_t{n} * 4, 4);
    const int64_t wide = narrow;
    std::memcpy(numbers + ptrdiff_t{n} * 8, &wide, 8);
  }
}

Status run_bytes(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  ArgMaxU8 a = p.bytes;
  a.in = s.input(0).as<uint8_t>();
  a.out = s.output(0).as<int32_t>();
  p.kernel(a);
  if (s.output(0).type == Type::kInt64) widen(s.output(0).as<uint8_t>(), a.rows);
  return {};
}

// What makes the best byte of a type the largest unsigned one.
template <bool max>
uint8_t flip_for(Type type) {
  const int to_unsigned = type == Type::kInt8 ? 0x80 : 0;
  return static_cast<uint8_t>(max ? to_unsigned : 0xff - to_unsigned);
}

template <bool max>
RunFn run_for(Type type) {
  switch (type) {
    case Type::kFloat32:
      return run<max, float>;
    case Type::kInt32:
      return run<max, int32_t>;
    case Type::kInt8:
      return run<max, int8_t>;
    case Type::kUInt8:
    case Type::kBool:
      return run<max, uint8_t>;
    default:
      return nullptr;
  }
}

Status set_shape(Prepare& p, Params* params) {
  const Shape& in = p.input(0).shape;
  int32_t axis = 0;
  PIPIT_TRY(resolve_axis(p, integer(p.input(1), 0), in.rank, &axis));
  if (in[axis] < 1) return p.bad("input ", p.input(0), " has nothing along axis ", axis);
  params->outer = in.product(0, axis);
  params->size = in[axis];
  params->inner = in.product(axis + 1, in.rank);
  Shape out;
  for (int32_t i = 0; i < in.rank; ++i) {
    if (i != axis) out[out.rank++] = in[i];
  }
  return p.set_output(0, out);
}

template <class Options, bool max>
Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& axis = p.input(1);
  if ((axis.type != Type::kInt32 && axis.type != Type::kInt64) || axis.elements() != 1) {
    return p.bad("axis ", axis, " is not one int32 or int64");
  }
  const auto* o = options<Options>(p);
  if (o == nullptr) return p.bad("has no options");
  const auto type = static_cast<Type>(o->output_type());
  if (type != Type::kInt32 && type != Type::kInt64) return p.unsupported("output type ", type);
  p.set_output_type(0, type);
  const RunFn run = run_for<max>(p.input(0).type);
  if (run == nullptr) return p.unsupported("input ", p.input(0));
  if (!p.values_known(1)) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = {};
  PIPIT_TRY(set_shape(p, params));
  const bool bytes = type_bits(p.input(0).type) == 8;
  if (!bytes || params->inner != 1) return p.run(run, params, "portable");
  params->bytes = {
      .rows = params->outer, .size = params->size, .flip = flip_for<max>(p.input(0).type)};
  const auto& variant = choose(arg_max_u8_variants(), p.cpu());
  params->kernel = variant.run;
  return p.run(run_bytes, params, variant.name);
}

}  // namespace

const Op kArgMax = {builtin(fb::BuiltinOperator::ARG_MAX), "ARG_MAX",
                    prepare<fb::ArgMaxOptions, true>};
const Op kArgMin = {builtin(fb::BuiltinOperator::ARG_MIN), "ARG_MIN",
                    prepare<fb::ArgMinOptions, false>};

}  // namespace pipit
