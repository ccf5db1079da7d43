// SPDX-License-Identifier: Apache-2.0
// REDUCE_WINDOW and STABLEHLO_REDUCE_WINDOW: windows of any rank, folded with one function from an
// initial value. The second one may also spread and pad the input; what that puts between and
// around its elements is the initial value, which is folded like them. Neither is ever stored.
//
//   out[o] = f(...f(f(init, v_0), v_1)...)
//   v_t = in[(o * stride + t * dilation - pad) / spread], or init where there is no such element
//
//   sums of windows of 2 over 1 2 3:   3 5
//   with one before them:              1 3 5
//   spread by 2, so 1 . 2 . 3:         1 2 2 3
#include <cstring>

#include "kernels/math/fold.h"
#include "kernels/ops.h"
#include "kernels/ops/accumulate.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kInit = 1;

// ---- functions: those of <functional>, and extremes that let a NaN in

template <class T>
struct WindowMax {
  T operator()(T a, T b) const { return a >= b ? a : b; }
};

template <class T>
struct WindowMin {
  T operator()(T a, T b) const { return a <= b ? a : b; }
};

template <class T>
struct WindowAll {
  T operator()(T a, T b) const { return static_cast<T>(a != 0 && b != 0); }
};

template <class T>
struct WindowAny {
  T operator()(T a, T b) const { return static_cast<T>(a != 0 || b != 0); }
};

template <template <class> class F>
Accumulate of_type(Type type) {
  if (type == Type::kBool) type = Type::kInt8;
  return by_type<int8_t, uint8_t, int16_t, int32_t, int64_t, float, double>(
      type, []<class T> { return accumulate<T, F<T>>; });
}

Accumulate find_function(fb::ReduceWindowFunction function, Type type) {
  switch (function) {
    case fb::ReduceWindowFunction::ADD:
      return of_type<FoldSum>(type);
    case fb::ReduceWindowFunction::MUL:
      return of_type<FoldProduct>(type);
    case fb::ReduceWindowFunction::MINIMUM:
      return of_type<WindowMin>(type);
    case fb::ReduceWindowFunction::MAXIMUM:
      return of_type<WindowMax>(type);
    case fb::ReduceWindowFunction::ALL:
      return of_type<WindowAll>(type);
    case fb::ReduceWindowFunction::ANY:
      return of_type<WindowAny>(type);
    default:
      return nullptr;
  }
}

// ---- running

// Along one dimension, tap t of output o is at position o * stride + t * dilation - pad of the
// spread input, where element i is at i * spread.
struct Dimension {
  int64_t in = 1, out = 1, window = 1;
  int64_t stride = 1, dilation = 1, spread = 1, pad = 0;
  int64_t step = 1;  // bytes from one element of the input to the next
};

struct Params {
  Dimension dims[Shape::kMaxRank];
  int32_t rank;
  size_t element;
  Accumulate fold;
};

struct Window {
  const Params& p;
  const uint8_t* in;
  const void* init;
  void* total;
  int64_t at[Shape::kMaxRank] = {};  // the output's index

  // Folds the taps of dimension d and those behind it; `from` is nullptr outside of the input.
  void fold(int32_t d, const uint8_t* from) const {
    if (d == p.rank) return p.fold(total, from != nullptr ? from : init);
    const Dimension& dim = p.dims[d];
    for (int64_t t = 0; t < dim.window; ++t) {
      const int64_t position = at[d] * dim.stride + t * dim.dilation - dim.pad;
      const bool inside = from != nullptr && position >= 0 && position % dim.spread == 0 &&
                          position / dim.spread < dim.in;
      fold(d + 1, inside ? from + position / dim.spread * dim.step : nullptr);
    }
  }

  void next() {
    for (int32_t d = p.rank - 1; d >= 0 && ++at[d] == p.dims[d].out; --d) at[d] = 0;
  }
};

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  Window window = {p, s.input(kInput).as<uint8_t>(), s.input(kInit).data, nullptr};
  uint8_t* out = s.output(0).as<uint8_t>();
  for (int32_t i = 0; i < s.output(0).elements(); ++i, out += p.element, window.next()) {
    // The output's element is its own total.
    std::memcpy(out, window.init, p.element);
    window.total = out;
    window.fold(0, window.in);
  }
  return {};
}

// ---- preparing

Status check_tensors(const Prepare& p) {
  const Tensor& in = p.input(kInput);
  const Tensor& init = p.input(kInit);
  if (in.type != p.output(0).type || in.type != init.type) {
    return p.bad(in, ", ", init, " and ", p.output(0), " differ in type");
  }
  if (in.shape.rank < 1) return p.bad("input ", in, " has no dimensions");
  if (init.elements() != 1) return p.bad("initial value ", init, " is not one");
  return {};
}

bool positive(int64_t x) { return x > 0 && x <= INT32_MAX; }

// Checks the numbers of a dimension; `padded` is its size with what is put between and around.
Status find_size(const Prepare& p, int32_t index, int64_t high_pad, Dimension* d, int64_t* padded) {
  const bool pads = d->pad >= -INT32_MAX && d->pad <= INT32_MAX && high_pad >= -INT32_MAX &&
                    high_pad <= INT32_MAX;
  if (!positive(d->window) || !positive(d->stride) || !positive(d->dilation) ||
      !positive(d->spread) || !pads) {
    return p.bad("window ", d->window, ", stride ", d->stride, ", dilations ", d->dilation, " and ",
                 d->spread, ", padding ", d->pad, " and ", high_pad, " of dimension ", index);
  }
  const int64_t spread = d->in == 0 ? 0 : (d->in - 1) * d->spread + 1;
  *padded = spread + d->pad + high_pad;
  // Negative pads cut off. They may not cut off everything, but an input may be empty.
  const bool padding = d->pad != 0 || high_pad != 0;
  if (*padded > INT32_MAX || *padded < (padding ? 1 : 0)) {
    return p.bad("dimension ", index, " would be padded to ", *padded);
  }
  const int64_t extent = (d->window - 1) * d->dilation + 1;
  d->out = *padded < extent ? 0 : (*padded - extent) / d->stride + 1;
  return {};
}

// `dims` are filled in but for the input's and the output's sizes.
Status plan(Prepare& p, Params* params, const int64_t* high_pads) {
  const Tensor& in = p.input(kInput);
  params->rank = in.shape.rank;
  params->element = static_cast<size_t>(whole_bytes(in.type));
  Shape padded = in.shape, out = in.shape;
  auto step = static_cast<int64_t>(params->element);
  for (int32_t i = in.shape.rank - 1; i >= 0; --i) {
    Dimension& d = params->dims[i];
    d.in = in.shape[i];
    d.step = step;
    step *= d.in;
    int64_t size = 0;
    PIPIT_TRY(find_size(p, i, high_pads[i], &d, &size));
    padded[i] = static_cast<int32_t>(size);
    out[i] = static_cast<int32_t>(d.out);
  }
  // Bounds the taps of a window by what fits into memory, though the padding is never stored.
  if (dense_bytes(in.type, padded) < 0) return p.bad("padded shape ", padded, " is too large");
  PIPIT_TRY(p.set_output(0, out));
  return p.run(run, params, "portable");
}

// ---- REDUCE_WINDOW: window, strides and dilations come from tensors

Status prepare_window(Prepare& p) {
  PIPIT_TRY(p.arity(5, 5, 1));
  PIPIT_TRY(check_tensors(p));
  const int32_t rank = p.input(kInput).shape.rank;
  const auto* o = options2<fb::ReduceWindowOptions>(p);
  if (o == nullptr) return p.bad("has no ReduceWindowOptions");
  for (int i = 2; i < 5; ++i) {
    if (p.input(i).type != Type::kInt64 || p.input(i).elements() != rank) {
      return p.bad(p.input(i), " is not one int64 for each of ", rank, " dimensions");
    }
    if (!p.values_known(i)) return p.defer();
  }
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  for (int32_t i = 0; i < rank; ++i) {
    Dimension& d = params->dims[i] = {};
    d.window = p.values<int64_t>(2)[i];
    d.stride = p.values<int64_t>(3)[i];
    d.dilation = p.values<int64_t>(4)[i];
  }
  params->fold = find_function(o->reduce_function(), p.input(kInput).type);
  if (params->fold == nullptr) return p.unsupported("function or input ", p.input(kInput));
  constexpr int64_t kNoPads[Shape::kMaxRank] = {};
  return plan(p, params, kNoPads);
}

// ---- STABLEHLO_REDUCE_WINDOW: all are options, the function is a subgraph of one operator

fb::ReduceWindowFunction function_of(int32_t code) {
  switch (static_cast<fb::BuiltinOperator>(code)) {
    case fb::BuiltinOperator::ADD:
    case fb::BuiltinOperator::STABLEHLO_ADD:
      return fb::ReduceWindowFunction::ADD;
    case fb::BuiltinOperator::MUL:
    case fb::BuiltinOperator::STABLEHLO_MULTIPLY:
      return fb::ReduceWindowFunction::MUL;
    case fb::BuiltinOperator::MAXIMUM:
    case fb::BuiltinOperator::STABLEHLO_MAXIMUM:
      return fb::ReduceWindowFunction::MAXIMUM;
    case fb::BuiltinOperator::MINIMUM:
    case fb::BuiltinOperator::STABLEHLO_MINIMUM:
      return fb::ReduceWindowFunction::MINIMUM;
    case fb::BuiltinOperator::LOGICAL_AND:
    case fb::BuiltinOperator::STABLEHLO_AND:
      return fb::ReduceWindowFunction::ALL;
    case fb::BuiltinOperator::LOGICAL_OR:
    case fb::BuiltinOperator::STABLEHLO_OR:
      return fb::ReduceWindowFunction::ANY;
    default:
      return fb::ReduceWindowFunction::UNSUPPORTED;
  }
}

// Number i of a list that has `size`; an empty or missing one means `otherwise`.
bool has_size(const Int64List* list, int32_t size) {
  return list == nullptr || list->size() == 0 || list->size() == static_cast<unsigned>(size);
}
int64_t number(const Int64List* list, int32_t i, int64_t otherwise) {
  return list == nullptr || list->size() == 0 ? otherwise : element(*list, i);
}

Status find_function(const Prepare& p, int subgraph, Accumulate* fold) {
  int32_t code = 0;
  PIPIT_TRY(p.only_operator(subgraph, &code));
  *fold = find_function(function_of(code), p.input(kInput).type);
  if (*fold != nullptr) return {};
  return p.unsupported("function ", code, " of input ", p.input(kInput));
}

Status prepare_stablehlo(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(check_tensors(p));
  const int32_t rank = p.input(kInput).shape.rank;
  const auto* o = options2<fb::StablehloReduceWindowOptions>(p);
  if (o == nullptr) return p.bad("has no StablehloReduceWindowOptions");
  const bool window = o->window_dimensions() != nullptr && o->window_dimensions()->size() > 0;
  if (!window || !has_size(o->window_dimensions(), rank) || !has_size(o->window_strides(), rank) ||
      !has_size(o->window_dilations(), rank) || !has_size(o->base_dilations(), rank) ||
      !has_size(o->padding(), 2 * rank)) {
    return p.bad("has not one number for each of ", rank, " dimensions in its options");
  }
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  int64_t high_pads[Shape::kMaxRank] = {};
  for (int32_t i = 0; i < rank; ++i) {
    Dimension& d = params->dims[i] = {};
    d.window = number(o->window_dimensions(), i, 1);
    d.stride = number(o->window_strides(), i, 1);
    d.dilation = number(o->window_dilations(), i, 1);
    d.spread = number(o->base_dilations(), i, 1);
    d.pad = number(o->padding(), 2 * i, 0);
    high_pads[i] = number(o->padding(), 2 * i + 1, 0);
  }
  PIPIT_TRY(find_function(p, o->body_subgraph_index(), &params->fold));
  return plan(p, params, high_pads);
}

}  // namespace

const Op kReduceWindow = {builtin(fb::BuiltinOperator::REDUCE_WINDOW), "REDUCE_WINDOW",
                          prepare_window};
const Op kStablehloReduceWindow = {builtin(fb::BuiltinOperator::STABLEHLO_REDUCE_WINDOW),
                                   "STABLEHLO_REDUCE_WINDOW", prepare_stablehlo};

}  // namespace pipit
