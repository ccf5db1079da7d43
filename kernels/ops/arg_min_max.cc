// SPDX-License-Identifier: Apache-2.0
// ARG_MAX and ARG_MIN: where along one dimension the first of the largest or smallest values is. A
// NaN is chosen only where there is nothing else.
//
//   out[o, i] = arg max over k of in[o, k, i]      o: indices before the axis, i: those behind it
#include <cstring>

#include "kernels/contracts/arg_max.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

struct Params {
  int32_t outer = 0, size = 0, inner = 0;  // the dimensions before, along and behind the axis
  ArgMaxU8 bytes;                          // with `kernel`, where rows of bytes are searched
  void (*kernel)(const ArgMaxU8&) = nullptr;
};

using SearchFn = void (*)(const Step&, int32_t outer, const void* from, void* to);

// Strict, so that of equal values the first stays.
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

// `outer` times all positions behind the axis.
template <bool max, class T>
void search(const Step& s, int32_t outer, const void* from, void* to) {
  const auto& p = *s.params<Params>();
  const bool wide = s.output(0).type == Type::kInt64;
  const auto* in = static_cast<const T*>(from);
  int32_t at = 0;
  for (int32_t o = 0; o < outer; ++o, in += ptrdiff_t{p.size} * p.inner) {
    for (int32_t i = 0; i < p.inner; ++i, ++at) {
      const int32_t found = find<max>(in + i, p.size, p.inner);
      if (wide) {
        static_cast<int64_t*>(to)[at] = found;
      } else {
        static_cast<int32_t*>(to)[at] = found;
      }
    }
  }
}

// From int32 to int64, in place. From the last one on: a wide number covers only narrow ones that
// are read by then.
void widen(uint8_t* numbers, int32_t n) {
  while (n-- > 0) {
    int32_t narrow = 0;
    std::memcpy(&narrow, numbers + ptrdiff_t{n} * 4, 4);
    const int64_t wide = narrow;
    std::memcpy(numbers + ptrdiff_t{n} * 8, &wide, 8);
  }
}

void search_bytes(const Step& s, int32_t outer, const void* from, void* to) {
  const auto& p = *s.params<Params>();
  ArgMaxU8 a = p.bytes;
  a.rows = outer;
  a.in = static_cast<const uint8_t*>(from);
  a.out = static_cast<int32_t*>(to);
  p.kernel(a);
  if (s.output(0).type == Type::kInt64) widen(static_cast<uint8_t*>(to), outer);
}

template <SearchFn kSearch>
Status run(const Step& s, Run&) {
  kSearch(s, s.params<Params>()->outer, s.input(0).data, s.output(0).data);
  return {};
}

// ---- some rows of [1, rows, ...] at a time

ptrdiff_t row_bytes(const Tensor& t) { return static_cast<ptrdiff_t>(t.bytes) / t.shape[1]; }

template <SearchFn kSearch>
void run_rows(const Step& s, const RowsCall& call) {
  const Tensor& in = s.input(0);
  const int32_t first = call.rows.first;
  const int32_t outer = s.params<Params>()->outer / in.shape[1];
  kSearch(s, outer * call.rows.count, call.in[0].row<uint8_t>(first, row_bytes(in)),
          call.out.row<uint8_t>(first, row_bytes(s.output(0))));
}

template <SearchFn kSearch>
RowsPlan by_rows(const Step&) {
  RowsPlan plan;
  plan.run = run_rows<kSearch>;
  return plan;
}

template <SearchFn kSearch>
Status plan_search(Prepare& p, int32_t axis, const Params* params, const char* variant) {
  // Along the rows themselves, a result would need them all.
  if (p.input(0).shape[0] == 1 && axis > 1) p.by_rows(by_rows<kSearch>);
  return p.run(run<kSearch>, params, variant);
}

// What makes the best byte of a type the largest unsigned one.
template <bool max>
uint8_t flip_for(Type type) {
  const int to_unsigned = type == Type::kInt8 ? 0x80 : 0;
  return static_cast<uint8_t>(max ? to_unsigned : 0xff - to_unsigned);
}

using PlanFn = Status (*)(Prepare&, int32_t axis, const Params*, const char* variant);

template <bool max>
PlanFn plan_for(Type type) {
  switch (type) {
    case Type::kFloat32:
      return plan_search<search<max, float>>;
    case Type::kInt32:
      return plan_search<search<max, int32_t>>;
    case Type::kInt8:
      return plan_search<search<max, int8_t>>;
    case Type::kUInt8:
    case Type::kBool:
      return plan_search<search<max, uint8_t>>;
    default:
      return nullptr;
  }
}

Status set_shape(Prepare& p, int32_t axis, Params* params) {
  const Shape& in = p.input(0).shape;
  // find() takes the first element for granted.
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
  // The option decides, whatever type the file gives the output.
  const auto type = static_cast<Type>(o->output_type());
  if (type != Type::kInt32 && type != Type::kInt64) return p.unsupported("output type ", type);
  p.set_output_type(0, type);
  const PlanFn plan = plan_for<max>(p.input(0).type);
  if (plan == nullptr) return p.unsupported("input ", p.input(0));
  if (!p.values_known(1)) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = {};
  int32_t along = 0;
  PIPIT_TRY(resolve_axis(p, integer(axis, 0), p.input(0).shape.rank, &along));
  PIPIT_TRY(set_shape(p, along, params));
  const bool bytes = type_bits(p.input(0).type) == 8;
  // The kernel searches rows of bytes that lie side by side.
  if (!bytes || params->inner != 1) return plan(p, along, params, "portable");
  params->bytes = {
      .rows = params->outer, .size = params->size, .flip = flip_for<max>(p.input(0).type)};
  const auto& variant = choose(arg_max_u8_variants(), p.cpu());
  params->kernel = variant.run;
  return plan_search<search_bytes>(p, along, params, variant.name);
}

}  // namespace

const Op kArgMax = {builtin(fb::BuiltinOperator::ARG_MAX), "ARG_MAX",
                    prepare<fb::ArgMaxOptions, true>};
const Op kArgMin = {builtin(fb::BuiltinOperator::ARG_MIN), "ARG_MIN",
                    prepare<fb::ArgMinOptions, false>};

}  // namespace pipit
