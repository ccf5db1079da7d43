// SPDX-License-Identifier: Apache-2.0
// HASHTABLE_LOOKUP: rows of values by keys that are sorted, and whether each was found.
//
//   out[i, ...] = values[row, ...] and hits[i] = 1, where keys[row] = lookup[i]
//
// Without such a key the output has zeros, or an empty string, and hits[i] is 0.
#include <algorithm>
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/moves.h"
#include "pipit/strings.h"

namespace pipit {
namespace {

constexpr int kLookup = 0, kKeys = 1, kValues = 2;
constexpr int kOutput = 0, kHits = 1;

// The row of lookup `i`, or -1.
int32_t find(const Step& s, int32_t i) {
  const int32_t* keys = s.input(kKeys).as<int32_t>();
  const int32_t* end = keys + s.input(kKeys).elements();
  const int32_t wanted = s.input(kLookup).as<int32_t>()[i];
  const int32_t* found = std::lower_bound(keys, end, wanted);
  return found != end && *found == wanted ? static_cast<int32_t>(found - keys) : -1;
}

void find_strings(const Step& s) {
  const Strings values(s.input(kValues).data);
  const int32_t n = s.input(kLookup).elements();
  StringWriter out(s.output(kOutput).data, n);
  for (int32_t i = 0; i < n; ++i) {
    const int32_t row = find(s, i);
    s.output(kHits).as<uint8_t>()[i] = row >= 0 ? 1 : 0;
    out.add(row >= 0 ? values[row] : Span<const char>());
  }
}

Status run(const Step& s, Run&) {
  const Tensor& values = s.input(kValues);
  if (values.type == Type::kString) {
    find_strings(s);
    return {};
  }
  const size_t row_bytes = values.bytes / static_cast<size_t>(values.shape[0]);
  auto* out = s.output(kOutput).as<uint8_t>();
  for (int32_t i = 0; i < s.input(kLookup).elements(); ++i, out += row_bytes) {
    const int32_t row = find(s, i);
    s.output(kHits).as<uint8_t>()[i] = row >= 0 ? 1 : 0;
    if (row_bytes == 0) continue;
    if (row < 0) {
      std::memset(out, 0, row_bytes);
    } else {
      std::memcpy(out, values.as<uint8_t>() + static_cast<size_t>(row) * row_bytes, row_bytes);
    }
  }
  return {};
}

Status check(const Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 2));
  const Tensor& values = p.input(kValues);
  for (const int i : {kLookup, kKeys}) {
    PIPIT_TRY(need_type(p, p.input(i), types(Type::kInt32)));
    if (p.input(i).shape.rank != 1) return p.bad(p.input(i), " is no vector");
  }
  PIPIT_TRY(need_type(p, values, kByteTypes | types(Type::kString)));
  PIPIT_TRY(need_type(p, p.output(kHits), types(Type::kUInt8)));
  PIPIT_TRY(same_type(p, values, p.output(kOutput)));
  const Shape& shape = values.shape;
  if (shape.rank < 1 || (values.type == Type::kString && shape.rank != 1)) {
    return p.bad(values, " has no rows");
  }
  if (shape[0] == 0) return p.bad(values, " is empty");
  if (shape[0] == p.input(kKeys).elements()) return {};
  return p.bad(p.input(kKeys), " has not one key for each row of ", values);
}

// The size of the output depends on which strings are found, so this is for steps prepared late.
Status set_found_strings(Prepare& p, const Shape& shape) {
  const Strings values(p.input(kValues).data);
  uint64_t characters = 0;
  for (int32_t i = 0; i < shape.elements(); ++i) {
    const int32_t row = find(p.step(), i);
    if (row >= 0) characters += values[row].size();
  }
  return set_strings(p, kOutput, shape, characters);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(check(p));
  Shape shape = p.input(kValues).shape;
  shape[0] = p.input(kLookup).elements();
  PIPIT_TRY(p.set_output(kHits, Shape::of(shape[0])));
  if (p.input(kValues).type != Type::kString) {
    PIPIT_TRY(p.set_output(kOutput, shape));
    return p.run(run, nullptr, "portable");
  }
  if (!p.late()) return p.defer();
  PIPIT_TRY(set_found_strings(p, shape));
  return p.run(run, nullptr, "portable");
}

}  // namespace

const Op kHashtableLookup = {builtin(fb::BuiltinOperator::HASHTABLE_LOOKUP), "HASHTABLE_LOOKUP",
                             prepare};

}  // namespace pipit
