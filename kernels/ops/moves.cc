// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/moves.h"

#include <algorithm>
#include <cstring>

#include "kernels/contracts/variant.h"
#include "kernels/math/int4.h"
#include "pipit/strings.h"

namespace pipit {

struct MovesParams {
  struct Move {
    // Without dimensions it is one run of `element` bytes, as CopyDims::simplify() leaves a box
    // that is contiguous in both places.
    const CopyDim* dims;
    int32_t rank, element;
    int32_t from, to;
    int32_t in_offset, out_offset;
  };
  CopyBoxFn copy;
  const char* variant;
  Move* list;
  int32_t count;
  uint64_t value;
};

namespace {

void run_move(const MovesParams& p, const MovesParams::Move& m, const uint8_t* from, uint8_t* to) {
  const uint8_t* in = from + m.in_offset;
  uint8_t* out = to + m.out_offset;
  if (m.rank > 0) {
    p.copy({in, out, m.dims, m.rank, m.element});
  } else if (in != out) {
    std::memcpy(out, in, static_cast<size_t>(m.element));
  }
}

Status run_moves(const Step& s, Run&) {
  const auto& p = *s.params<MovesParams>();
  for (int32_t i = 0; i < p.count; ++i) {
    const MovesParams::Move& m = p.list[i];
    uint8_t* out = s.output(m.to).as<uint8_t>();
    const void* in = m.from >= 0                ? s.input(m.from).data
                     : m.from == Moves::kOutput ? out
                                                : static_cast<const void*>(&p.value);
    run_move(p, m, static_cast<const uint8_t*>(in), out);
  }
  return {};
}

// Elements of half a byte are spread to bytes and packed again. One output. Scratch memory: the
// output's elements, then those of the input that is read.
Status run_moves_int4(const Step& s, Run&) {
  const auto& p = *s.params<MovesParams>();
  uint8_t* out = s.scratch;
  uint8_t* in = out + s.output(0).elements();
  int32_t spread = -1;
  for (int32_t i = 0; i < p.count; ++i) {
    const MovesParams::Move& m = p.list[i];
    // Copies from one input follow each other, so it is spread once.
    if (m.from != spread)
      unpack_int4(s.input(m.from).as<uint8_t>(), s.input(m.from).elements(), in);
    spread = m.from;
    run_move(p, m, in, out);
  }
  pack_int4(out, s.output(0).elements(), s.output(0).as<uint8_t>());
  return {};
}

// ---- strings: the copies move their numbers, once, and then the bytes follow

struct StringParams {
  const int32_t* source;  // for each string of the output its number in the input
  int32_t input;
};

Status run_strings(const Step& s, Run&) {
  const auto& p = *s.params<StringParams>();
  const Strings in(s.input(p.input).data);
  StringWriter out(s.output(0).data, s.output(0).elements());
  for (int32_t i = 0; i < s.output(0).elements(); ++i) out.add(in[p.source[i]]);
  return {};
}

// A move that leaves every byte where it was, which can be an alias.
bool whole_tensor(const Prepare& p, const MovesParams::Move& m) {
  return m.from >= 0 && m.rank == 0 && m.in_offset == 0 && m.out_offset == 0 &&
         static_cast<size_t>(m.element) == p.input(m.from).bytes &&
         static_cast<size_t>(m.element) == p.output(m.to).bytes;
}

}  // namespace

namespace {

// Lists of scales and zero points; a tensor without zero points has zeros.
bool equal_quantization(const Quantization& a, const Quantization& b) {
  if (!std::equal(a.scales.begin(), a.scales.end(), b.scales.begin(), b.scales.end())) return false;
  const auto zero_point = [](const Quantization& q, size_t i) {
    return q.zero_points.empty() ? 0 : q.zero_points[std::min(i, q.zero_points.size() - 1)];
  };
  for (size_t i = 0; i < std::max(a.zero_points.size(), b.zero_points.size()); ++i) {
    if (zero_point(a, i) != zero_point(b, i)) return false;
  }
  return true;
}

}  // namespace

Status same_quantization(const Prepare& p, const Tensor& a, const Tensor& b) {
  if (equal_quantization(quantization(a), quantization(b))) return {};
  return p.unsupported(a, " (scale ", static_cast<double>(a.scale), ", zero point ", a.zero_point,
                       ") and ", b, " (", static_cast<double>(b.scale), ", ", b.zero_point,
                       ") differ in quantization");
}

int64_t integer(const Tensor& t, int32_t i) {
  switch (t.type) {
    case Type::kInt64:
      return t.as<int64_t>()[i];
    case Type::kInt32:
      return t.as<int32_t>()[i];
    case Type::kInt16:
      return t.as<int16_t>()[i];
    case Type::kInt8:
      return t.as<int8_t>()[i];
    default:
      return t.as<uint8_t>()[i];
  }
}

Status resolve_axis(const Prepare& p, int64_t axis, int32_t rank, int32_t* index) {
  if (axis < -rank || axis >= rank) {
    return p.bad("axis ", axis, " does not exist in ", rank, " dimensions");
  }
  *index = static_cast<int32_t>(axis < 0 ? axis + rank : axis);
  return {};
}

Status shape_from(const Prepare& p, const Tensor& t, Shape* shape) {
  if (t.elements() > Shape::kMaxRank) {
    return p.unsupported(t, " asks for more than ", Shape::kMaxRank, " dimensions");
  }
  shape->rank = t.elements();
  for (int32_t i = 0; i < shape->rank; ++i) {
    const int64_t size = integer(t, i);
    if (size < 0 || size > INT32_MAX) return p.bad(t, " asks for a dimension of ", size);
    (*shape)[i] = static_cast<int32_t>(size);
  }
  return {};
}

Steps dense_steps(const Shape& shape, int32_t element) {
  Steps steps;
  for (int32_t i = shape.rank, step = element; i-- > 0; step *= shape[i]) steps.of[i] = step;
  return steps;
}

Status begin_strings(Prepare& p, int32_t from, StringNumbers* numbers) {
  const Tensor& input = p.input(from);
  const int32_t n = input.elements();
  numbers->input = from;
  numbers->in = p.allocate<int32_t>(static_cast<size_t>(n));
  numbers->out = p.allocate<int32_t>(static_cast<size_t>(p.output(0).elements()));
  if (numbers->in == nullptr || numbers->out == nullptr) return Code::kArenaTooSmall;
  for (int32_t i = 0; i < n; ++i) numbers->in[i] = i;
  return {};
}

Status set_strings(Prepare& p, int output, const Shape& shape, uint64_t characters) {
  // Offsets in a buffer of strings are int32.
  const ByteCount bytes = strings_bytes(shape.elements(), characters);
  if (bytes > INT32_MAX) return p.bad("the output's strings have ", bytes.value(), " bytes");
  return p.set_output_strings(output, shape, bytes);
}

Status finish_strings(Prepare& p, const StringNumbers& numbers) {
  auto* params = p.allocate<StringParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = {numbers.out, numbers.input};
  const Strings strings(p.input(numbers.input).data);
  const int32_t n = p.output(0).elements();
  uint64_t characters = 0;
  for (int32_t i = 0; i < n; ++i) characters += strings[numbers.out[i]].size();
  PIPIT_TRY(set_strings(p, 0, p.output(0).shape, characters));
  return p.run(run_strings, params, "portable");
}

Clip clip(int32_t n, int64_t stride, int64_t offset, int32_t size) {
  // The first position that is not negative, and the last that is below `size`.
  const int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const int64_t behind = size - offset;
  const int64_t end = behind <= 0 ? 0 : std::min<int64_t>(n, (behind + stride - 1) / stride);
  if (first >= end) return {};
  return {static_cast<int32_t>(first), static_cast<int32_t>(end - first)};
}

Status Moves::begin(int32_t capacity) {
  params_ = p_.allocate<MovesParams>();
  if (params_ == nullptr) return Code::kArenaTooSmall;
  params_->list = p_.allocate<MovesParams::Move>(static_cast<size_t>(capacity));
  if (params_->list == nullptr) return Code::kArenaTooSmall;
  const auto& variant = choose(copy_box_variants(), p_.cpu());
  params_->copy = variant.run;
  params_->variant = variant.name;
  return {};
}

Status Moves::add(int32_t from, int32_t in_offset, int32_t to, int32_t out_offset, CopyDims dims) {
  dims.simplify();
  if (dims.element == 0 || (dims.rank == 1 && dims.dims[0].size == 0)) return {};
  // One box with a transposition in it is reason enough: such kernels copy any other box, too.
  if (find_matrix(dims.box(nullptr, nullptr)).found()) {
    const auto& variant = choose(transposition_variants(), p_.cpu());
    params_->copy = variant.run;
    params_->variant = variant.name;
  }
  CopyDim* kept = p_.allocate<CopyDim>(static_cast<size_t>(dims.rank));
  if (kept == nullptr) return Code::kArenaTooSmall;
  std::copy(dims.dims, dims.dims + dims.rank, kept);
  params_->list[params_->count++] = {kept, dims.rank, dims.element, from,
                                     to,   in_offset, out_offset};
  return {};
}

Status Moves::fill(int32_t from) {
  CopyDims dims;
  dims.element = element_bytes(p_.output(0).type);
  dims.add(p_.output(0).elements(), 0, dims.element);
  return add(from, 0, 0, 0, dims);
}

void Moves::set_value(uint64_t value) { params_->value = value; }

// While late all inputs have their values, so the boxes are copied here, on numbers instead of on
// strings; run() then needs a list of sources alone.
Status Moves::finish_strings() {
  StringNumbers numbers;
  PIPIT_TRY(begin_strings(p_, params_->count == 0 ? 0 : params_->list[0].from, &numbers));
  for (int32_t i = 0; i < params_->count; ++i) {
    run_move(*params_, params_->list[i], reinterpret_cast<uint8_t*>(numbers.in),
             reinterpret_cast<uint8_t*>(numbers.out));
  }
  return pipit::finish_strings(p_, numbers);
}

Status Moves::finish() {
  // How many bytes strings take is known only with them.
  if (p_.output(0).type == Type::kString) return p_.late() ? finish_strings() : p_.defer();
  if (p_.output(0).type == Type::kInt4) {
    int32_t largest = 0;
    for (int32_t i = 0; i < params_->count; ++i) {
      largest = std::max(largest, p_.input(params_->list[i].from).elements());
    }
    p_.scratch(ByteCount(p_.output(0).elements()) + largest);
    return p_.run(run_moves_int4, params_, params_->variant);
  }
  if (params_->count == 1 && whole_tensor(p_, params_->list[0])) {
    p_.alias(params_->list[0].to, params_->list[0].from);
  }
  return p_.run(run_moves, params_, params_->variant);
}

Status move(Prepare& p, int32_t in_offset, int32_t out_offset, const CopyDims& dims) {
  Moves moves(p);
  PIPIT_TRY(moves.begin(1));
  PIPIT_TRY(moves.add(0, in_offset, 0, out_offset, dims));
  return moves.finish();
}

}  // namespace pipit
