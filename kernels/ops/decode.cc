// SPDX-License-Identifier: Apache-2.0
// TFLM_DECODE: compressed constants of TensorFlow Lite Micro become plain ones.
//
// For each output there are two inputs, its code, a string of bits with the first in the top bit of
// a byte, and a table: 16 bytes that describe it, and values. Three kinds:
//   a code of 1 to 7 bits for each element is its index among the values of its channel
//   one bit for each element: 1 for the next value, 0 for the channel's zero point
//   Huffman's code, by tables that lead from a few bits to an element or to another table
//
//   lookup, 2 bits:   code 00 01 10 00    values a b c    ->  a b c a
//   bits:             code 1 0 1 1        values a b c    ->  a z b c     z: the zero point
#include <algorithm>
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

enum Kind : uint8_t { kLookup = 0, kHuffman = 1, kPrune = 2 };
constexpr size_t kHeader = 16;

// Where what is in the table's header.
constexpr size_t kKindAt = 0, kVersionAt = 1, kKindVersionAt = 4, kParameterAt = 5, kStrideAt = 6;

struct Decoding {
  Status (*decode)(const Decoding& d, const Step& s, Run& run);
  int32_t output;              // its inputs are twice this, and one more
  int32_t element;             // bytes
  int32_t channels, inner;     // element i is of channel i / inner % channels
  const int64_t* zero_points;  // for each channel, or nullptr
  int32_t width;               // lookup: bits of an index; Huffman: of the first table's
  int32_t stride;              // lookup: values of a channel

  int32_t channel(int32_t i) const { return i / inner % channels; }
};

struct Params {
  int32_t count;
  const Decoding* decodings;
};

// The code, behind which there are zeros.
class Bits {
 public:
  explicit Bits(const Tensor& t) : data_(t.as<uint8_t>()), bytes_(t.bytes) {}

  // Up to 24 bits from bit `at` on.
  uint32_t get(uint64_t at, int32_t count) const {
    uint32_t window = 0;
    for (uint64_t byte = at / 8; byte < at / 8 + 4; ++byte) {
      window = window << 8 | (byte < bytes_ ? data_[byte] : 0u);
    }
    window <<= at % 8;
    return count == 0 ? 0 : window >> (32 - count);
  }
  uint64_t size() const { return uint64_t{8} * bytes_; }

 private:
  const uint8_t* data_;
  size_t bytes_;
};

const Tensor& code_of(const Decoding& d, const Step& s) { return s.input(2 * d.output); }
const Tensor& table_of(const Decoding& d, const Step& s) { return s.input(2 * d.output + 1); }

// How many values of so many bytes follow the table's header.
int64_t values_in(const Tensor& table, int32_t bytes) {
  return static_cast<int64_t>((table.bytes - kHeader) / static_cast<size_t>(bytes));
}

Status decode_lookup(const Decoding& d, const Step& s, Run& run) {
  const Bits bits(code_of(d, s));
  const uint8_t* values = table_of(d, s).as<uint8_t>() + kHeader;
  const int64_t count = values_in(table_of(d, s), d.element);
  const Tensor& out = s.output(d.output);
  auto* to = out.as<uint8_t>();
  for (int32_t i = 0; i < out.elements(); ++i, to += d.element) {
    const uint32_t index =
        bits.get(static_cast<uint64_t>(i) * static_cast<uint64_t>(d.width), d.width);
    const int64_t at = int64_t{d.channel(i)} * d.stride + index;
    if (at >= count)
      return run.fail(s, "element ", i, " of ", out, " is value ", at, " of ", count);
    std::memcpy(to, values + at * d.element, static_cast<size_t>(d.element));
  }
  return {};
}

Status decode_pruned(const Decoding& d, const Step& s, Run& run) {
  const Bits bits(code_of(d, s));
  const uint8_t* values = table_of(d, s).as<uint8_t>() + kHeader;
  const int64_t count = values_in(table_of(d, s), d.element);
  const Tensor& out = s.output(d.output);
  auto* to = out.as<uint8_t>();
  const auto size = static_cast<size_t>(d.element);
  int64_t used = 0;
  for (int32_t i = 0; i < out.elements(); ++i, to += size) {
    if (bits.get(static_cast<uint64_t>(i), 1) == 0) {
      // Only numbers of one byte have zero points.
      const int64_t zero = d.zero_points == nullptr ? 0 : d.zero_points[d.channel(i)];
      std::memset(to, static_cast<int>(zero & 0xff), size);
      continue;
    }
    if (used == count) return run.fail(s, out, " takes more than ", count, " values");
    std::memcpy(to, values + used++ * d.element, size);
  }
  return {};
}

// An entry of Huffman's tables, from the top bit down: whether it is an element, a count of bits,
// and the element or how far on the next table is. An element's bits are those that it takes of the
// last ones read; of a link they are one less than those that select from the next table.
template <class Entry>
struct HuffmanEntry {
  static constexpr int kBits = 8 * static_cast<int>(sizeof(Entry));
  Entry raw;

  bool is_element() const { return (raw >> (kBits - 1) & 1) != 0; }
  int32_t count() const { return static_cast<int32_t>(raw >> (kBits - 5) & 15); }
  uint32_t value() const { return static_cast<uint32_t>(raw) & ((uint32_t{1} << (kBits - 5)) - 1); }
};

template <class Entry, class Element>
Status decode_huffman(const Decoding& d, const Step& s, Run& run) {
  const Bits bits(code_of(d, s));
  const uint8_t* values = table_of(d, s).as<uint8_t>() + kHeader;
  const int64_t count = values_in(table_of(d, s), sizeof(Entry));
  const Tensor& out = s.output(d.output);
  auto* to = out.as<Element>();
  uint64_t at = 0;
  for (int32_t i = 0; i < out.elements(); ++i) {
    // The first table is the values' beginning; each link leads to one behind it.
    int32_t width = d.width;
    int64_t base = 0;
    HuffmanEntry<Entry> e;
    for (;;) {
      base += bits.get(at, width);
      if (base >= count)
        return run.fail(s, "entry ", base, " of ", count, " in the table of ", out);
      std::memcpy(&e.raw, values + base * static_cast<int64_t>(sizeof(Entry)), sizeof(Entry));
      if (e.is_element()) break;
      at += static_cast<uint64_t>(width);
      base += e.value();
      width = e.count() + 1;
    }
    at += static_cast<uint64_t>(std::min(e.count(), width));
    if (at > bits.size()) return run.fail(s, "the code of ", out, " ends at element ", i);
    to[i] = static_cast<Element>(e.raw);
  }
  return {};
}

Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  for (int32_t i = 0; i < p.count; ++i) PIPIT_TRY(p.decodings[i].decode(p.decodings[i], s, run));
  return {};
}

// ---- plan

// Channels lie along the first dimension, or the last.
Status find_element_channels(const Prepare& p, const Tensor& out, Decoding* d) {
  const Quantization q = quantization(out);
  const int32_t n = out.elements();
  const auto channels = static_cast<int64_t>(q.scales.size());
  d->channels = 1;
  d->inner = std::max(n, 1);
  if (channels == 0 || q.zero_points.empty()) return {};
  const bool last = q.dimension == out.shape.rank - 1 && channels > 1;
  if (!last && q.dimension != 0) {
    return p.unsupported("output ", out, " has scales along dimension ", q.dimension);
  }
  if (q.zero_points.size() != q.scales.size() || n % channels != 0) {
    return p.bad("output ", out, " has ", channels, " scales");
  }
  d->channels = static_cast<int32_t>(channels);
  d->inner = last ? 1 : std::max(n / d->channels, 1);
  d->zero_points = q.zero_points.data();
  return {};
}

Status find_lookup(const Prepare& p, const Tensor& table, Decoding* d) {
  const auto* header = table.as<uint8_t>();
  // Of the parameter, the low three bits are the width of an index.
  d->width = header[kParameterAt] & 7;
  d->stride = header[kStrideAt];
  if (d->width == 0) return p.bad("table ", table, " has indices of no bits");
  d->decode = decode_lookup;
  return {};
}

Status find_pruned(const Prepare& p, const Tensor& out, Decoding* d) {
  d->width = 1;
  d->decode = decode_pruned;
  for (int32_t c = 0; d->zero_points != nullptr && c < d->channels; ++c) {
    const int64_t z = d->zero_points[c];
    if (out.type == Type::kInt8 ? z < -128 || z > 127 : z != 0) {
      return p.unsupported("output ", out, " has zero point ", z);
    }
  }
  return {};
}

Status find_huffman(const Prepare& p, const Tensor& table, const Tensor& out, Decoding* d) {
  const auto* header = table.as<uint8_t>();
  // Of the parameter, the lowest bit tells entries of 32 bits from those of 16, and the top four
  // are the first table's bits less one.
  const bool wide = (header[kParameterAt] & 1) != 0;
  d->width = (header[kParameterAt] >> 4) + 1;
  PIPIT_TRY(need_type(p, out, wide ? types(Type::kInt8, Type::kInt16) : types(Type::kInt8)));
  d->decode = !wide                     ? decode_huffman<uint16_t, int8_t>
              : out.type == Type::kInt8 ? decode_huffman<uint32_t, int8_t>
                                        : decode_huffman<uint32_t, int16_t>;
  return {};
}

Status find_decoding(const Prepare& p, Decoding* d) {
  const Tensor& code = p.input(2 * d->output);
  const Tensor& table = p.input(2 * d->output + 1);
  const Tensor& out = p.output(d->output);
  for (const Tensor* t : {&code, &table}) {
    if (!t->constant()) return p.unsupported("input ", *t, " is not a constant");
    PIPIT_TRY(need_type(p, *t, types(Type::kUInt8, Type::kInt8)));
  }
  if (table.bytes < kHeader) return p.bad("table ", table, " has no ", kHeader, " bytes");
  const auto* header = table.as<uint8_t>();
  if (header[kVersionAt] != 1 || header[kKindVersionAt] != 1) {
    return p.unsupported("table ", table, " is of version ", int{header[kVersionAt]}, ".",
                         int{header[kKindVersionAt]}, ", not 1.1");
  }
  PIPIT_TRY(need_type(
      p, out,
      types(Type::kBool, Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64, Type::kFloat32)));
  d->element = element_bytes(out.type);
  PIPIT_TRY(find_element_channels(p, out, d));
  switch (header[kKindAt]) {
    case kLookup:
      PIPIT_TRY(find_lookup(p, table, d));
      break;
    case kPrune:
      PIPIT_TRY(find_pruned(p, out, d));
      break;
    case kHuffman:
      PIPIT_TRY(find_huffman(p, table, out, d));
      break;
    default:
      return p.unsupported("table ", table, " is of kind ", int{header[kKindAt]});
  }
  // No element has less than one bit, so that decoding takes time in proportion to the file.
  const int64_t least = int64_t{out.elements()} * (header[kKindAt] == kHuffman ? 1 : d->width);
  if (least <= static_cast<int64_t>(code.bytes) * 8) return {};
  return p.bad("the code ", code, " has fewer bits than ", out, " takes");
}

Status prepare(Prepare& p) {
  const int32_t count = p.outputs();
  if (count < 1) return p.bad("has no output");
  PIPIT_TRY(p.arity(2 * count, 2 * count, count));
  auto* params = p.allocate<Params>();
  auto* decodings = p.allocate<Decoding>(static_cast<size_t>(count));
  if (params == nullptr || decodings == nullptr) return Code::kArenaTooSmall;
  *params = {count, decodings};
  for (int32_t i = 0; i < count; ++i) {
    decodings[i].output = i;
    PIPIT_TRY(p.set_output(i, p.output(i).shape));
    PIPIT_TRY(find_decoding(p, &decodings[i]));
  }
  // Code and table are constants, so it is enough to decode once, while planning.
  p.fold();
  return p.run(run, params, "portable");
}

}  // namespace

const Op kDecode = {kCustomOp, "TFLM_DECODE", prepare};

}  // namespace pipit
