// SPDX-License-Identifier: Apache-2.0
// HASHTABLE, HASHTABLE_IMPORT, HASHTABLE_FIND, HASHTABLE_SIZE: tables from int64 to string or back
// that outlive an invocation, filled once.
#include <algorithm>
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/moves.h"
#include "pipit/strings.h"

namespace pipit {
namespace {

constexpr int kHandle = 0, kKeys = 1, kValues = 2, kDefault = 2;
constexpr int32_t kMostKeys = 1 << 25;

// What the resource's bytes hold: this, the slots, then copies of keys and values unless those lie
// in the model's file. Copies are found from the table itself, which may move.
//
//   | Table | slots: int32 [a power of two] | keys | values |
struct alignas(8) Table {
  const void* file_keys;  // nullptr: they are copied
  const void* file_values;
  size_t copied_keys;  // bytes
  int32_t size;        // distinct keys
  int32_t slots;       // a power of two; each holds the number of a key + 1, or 0

  int32_t* slot() { return reinterpret_cast<int32_t*>(this + 1); }
  const int32_t* slot() const { return reinterpret_cast<const int32_t*>(this + 1); }
  const void* keys() const { return file_keys != nullptr ? file_keys : copies(); }
  const void* values() const {
    return file_values != nullptr ? file_values : copies() + copied_keys;
  }

 private:
  const uint8_t* copies() const { return reinterpret_cast<const uint8_t*>(slot() + slots); }
};

Span<const char> key_bytes(Type type, const void* keys, int32_t i) {
  if (type == Type::kString) return Strings(keys)[i];
  return {static_cast<const char*>(keys) + static_cast<size_t>(i) * sizeof(int64_t),
          sizeof(int64_t)};
}

bool equal(Span<const char> a, Span<const char> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// FNV-1a.
uint32_t hash(Span<const char> key) {
  uint32_t h = 2166136261u;
  for (const char c : key) h = (h ^ static_cast<uint8_t>(c)) * 16777619u;
  return h;
}

// The slot that holds the key, or the free one where it belongs. At least half of them are free.
// Neighbouring slots are tried in turn, which ends as there are free ones.
int32_t find_slot(const Table& table, Type type, Span<const char> key) {
  const uint32_t mask = static_cast<uint32_t>(table.slots) - 1;
  uint32_t at = hash(key) & mask;
  for (;; at = (at + 1) & mask) {
    const int32_t found = table.slot()[at];
    if (found == 0 || equal(key_bytes(type, table.keys(), found - 1), key)) break;
  }
  return static_cast<int32_t>(at);
}

Type other_type(Type type) { return type == Type::kString ? Type::kInt64 : Type::kString; }

Status check_handle(const Prepare& p) {
  const Tensor& t = p.input(kHandle);
  if (t.type == Type::kResource && t.shape == Shape::of(1)) return {};
  return p.bad("input ", kHandle, ", ", t, ", is not one resource");
}

Status check_types(const Prepare& p, const Tensor& keys, const Tensor& values) {
  PIPIT_TRY(need_type(p, keys, types(Type::kInt64, Type::kString)));
  return need_type(p, values, types(other_type(keys.type)));
}

Status find_table(const Step& s, Run& run, Resource** table) {
  *table = run.resource(s.input(kHandle), kHashtable);
  return *table != nullptr ? Status() : run.fail(s, s.input(kHandle), " names no table");
}

// ---- HASHTABLE

Status run_table(const Step& s, Run&) {
  std::memcpy(s.output(0).data, s.params<int32_t>(), sizeof(int32_t));
  return {};
}

Status prepare_table(Prepare& p) {
  PIPIT_TRY(p.arity(0, 0, 1));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kResource)));
  const auto* o = options<fb::HashtableOptions>(p);
  if (o == nullptr) return p.bad("has no options");
  const auto keys = static_cast<Type>(o->key_dtype());
  const auto values = static_cast<Type>(o->value_dtype());
  if ((keys != Type::kInt64 && keys != Type::kString) || values != other_type(keys)) {
    return p.unsupported("a table from ", keys, " to ", values);
  }
  int32_t* number = p.allocate<int32_t>();
  if (number == nullptr) return Code::kArenaTooSmall;
  ResourceName name;
  name.number = o->table_id();
  PIPIT_TRY(p.make_resource(name, number));
  PIPIT_TRY(p.set_output(0, Shape::of(1)));
  p.fold();
  return p.run(run_table, number);
}

// ---- HASHTABLE_IMPORT

struct Import {
  int32_t slots;
  size_t copied_keys;  // bytes; 0: they stay where they are
  size_t copied_values;
  ByteCount bytes() const {
    return ByteCount(slots) * sizeof(int32_t) + sizeof(Table) + copied_keys + copied_values;
  }
};

// At least twice as many slots as keys.
Import plan_import(const Tensor& keys, const Tensor& values, bool keep_keys, bool keep_values) {
  Import import = {2, 0, 0};
  while (import.slots / 2 < keys.elements()) import.slots *= 2;
  if (!keep_keys) import.copied_keys = ByteCount(keys.bytes).aligned(8).size();
  if (!keep_values) import.copied_values = values.bytes;
  return import;
}

void fill(const Import& import, const Tensor& keys, const Tensor& values, Table* table) {
  const bool keep_keys = import.copied_keys == 0, keep_values = import.copied_values == 0;
  *table = {keep_keys ? keys.data : nullptr, keep_values ? values.data : nullptr,
            import.copied_keys, 0, import.slots};
  std::fill(table->slot(), table->slot() + table->slots, 0);
  auto* copies = reinterpret_cast<uint8_t*>(table->slot() + table->slots);
  if (!keep_keys) std::memcpy(copies, keys.data, keys.bytes);
  if (!keep_values) std::memcpy(copies + import.copied_keys, values.data, values.bytes);
  for (int32_t i = 0; i < keys.elements(); ++i) {
    int32_t& slot = table->slot()[find_slot(*table, keys.type, key_bytes(keys.type, keys.data, i))];
    if (slot != 0) continue;  // the first of equal keys counts
    slot = i + 1;
    ++table->size;
  }
}

Status run_import(const Step& s, Run& run) {
  Resource* resource = nullptr;
  PIPIT_TRY(find_table(s, run, &resource));
  // A table is filled once: later imports change nothing.
  if (resource->is_set) return {};
  const auto& keep = *s.params<bool[2]>();
  const Tensor& keys = s.input(kKeys);
  const Tensor& values = s.input(kValues);
  const Import import = plan_import(keys, values, keep[0], keep[1]);
  PIPIT_TRY(run.resize(s, resource, import.bytes()));
  fill(import, keys, values, reinterpret_cast<Table*>(resource->data));
  resource->type = keys.type;
  resource->is_set = true;
  return {};
}

Status prepare_import(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 0));
  PIPIT_TRY(check_handle(p));
  const Tensor& keys = p.input(kKeys);
  const Tensor& values = p.input(kValues);
  PIPIT_TRY(check_types(p, keys, values));
  if (keys.shape != values.shape) return p.bad(keys, " and ", values, " differ in shape");
  if (keys.elements() > kMostKeys) return p.unsupported(keys, " has too many keys");
  bool* keep = p.allocate<bool>(2);
  if (keep == nullptr) return Code::kArenaTooSmall;
  keep[0] = p.in_file(kKeys);
  keep[1] = p.in_file(kValues);
  p.reserve_resource(kHandle, kHashtable, plan_import(keys, values, keep[0], keep[1]).bytes());
  return p.run(run_import, keep);
}

// ---- HASHTABLE_FIND

// What is wrong with searching this table for these keys; nullptr when nothing is.
const char* unusable(const Resource* table, const Tensor& keys) {
  if (table == nullptr) return "the handle names no table";
  if (!table->is_set) return "the table has not been filled yet";
  return table->type == keys.type ? nullptr : "the table's keys are of another type";
}

const Table& content(const Resource& table) { return *reinterpret_cast<const Table*>(table.data); }

// The number of the value for key `i`, or -1.
int32_t find(const Table& table, const Tensor& keys, int32_t i) {
  const int32_t slot = find_slot(table, keys.type, key_bytes(keys.type, keys.data, i));
  return table.slot()[slot] - 1;
}

Status run_find_numbers(const Step& s, Run& run) {
  const Resource* table = run.resource(s.input(kHandle), kHashtable);
  if (const char* why = unusable(table, s.input(kKeys))) return run.fail(s, why);
  const auto* values = static_cast<const uint8_t*>(content(*table).values());
  for (int32_t i = 0; i < s.input(kKeys).elements(); ++i) {
    const int32_t at = find(content(*table), s.input(kKeys), i);
    const void* from =
        at < 0 ? s.input(kDefault).data : values + static_cast<size_t>(at) * sizeof(int64_t);
    std::memcpy(s.output(0).as<int64_t>() + i, from, sizeof(int64_t));
  }
  return {};
}

Span<const char> found_string(const Step& s, const Table& table, int32_t i) {
  const int32_t at = find(table, s.input(kKeys), i);
  return at < 0 ? Strings(s.input(kDefault).data)[0] : Strings(table.values())[at];
}

Status run_find_strings(const Step& s, Run& run) {
  const Table& table = content(*run.resource(s.input(kHandle), kHashtable));
  const int32_t n = s.input(kKeys).elements();
  StringWriter out(s.output(0).data, n);
  for (int32_t i = 0; i < n; ++i) out.add(found_string(s, table, i));
  return {};
}

// Only the strings that are found tell how many bytes they take.
Status prepare_find_strings(Prepare& p) {
  if (!p.late()) return p.defer();
  const Resource* table = p.resource(kHandle, kHashtable);
  if (const char* why = unusable(table, p.input(kKeys))) return p.bad(why);
  const int32_t n = p.input(kKeys).elements();
  uint64_t characters = 0;
  for (int32_t i = 0; i < n; ++i) characters += found_string(p.step(), content(*table), i).size();
  PIPIT_TRY(set_strings(p, 0, p.input(kKeys).shape, characters));
  return p.run(run_find_strings);
}

Status prepare_find(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  PIPIT_TRY(check_handle(p));
  PIPIT_TRY(check_types(p, p.input(kKeys), p.output(0)));
  PIPIT_TRY(same_type(p, p.input(kDefault), p.output(0)));
  if (p.input(kDefault).elements() < 1) return p.bad(p.input(kDefault), " is no default");
  if (p.output(0).type == Type::kString) return prepare_find_strings(p);
  PIPIT_TRY(p.set_output(0, p.input(kKeys).shape));
  return p.run(run_find_numbers);
}

// ---- HASHTABLE_SIZE

Status run_size(const Step& s, Run& run) {
  Resource* resource = nullptr;
  PIPIT_TRY(find_table(s, run, &resource));
  s.output(0).as<int64_t>()[0] =
      resource->is_set ? reinterpret_cast<const Table*>(resource->data)->size : 0;
  return {};
}

Status prepare_size(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(check_handle(p));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kInt64)));
  PIPIT_TRY(p.set_output(0, Shape::of(1)));
  return p.run(run_size);
}

}  // namespace

const Op kHashtable = {builtin(fb::BuiltinOperator::HASHTABLE), "HASHTABLE", prepare_table,
                       kOpNoFold | kOpMakesResource};
const Op kHashtableFind = {builtin(fb::BuiltinOperator::HASHTABLE_FIND), "HASHTABLE_FIND",
                           prepare_find, kOpNoFold};
const Op kHashtableImport = {builtin(fb::BuiltinOperator::HASHTABLE_IMPORT), "HASHTABLE_IMPORT",
                             prepare_import, kOpNoFold};
const Op kHashtableSize = {builtin(fb::BuiltinOperator::HASHTABLE_SIZE), "HASHTABLE_SIZE",
                           prepare_size, kOpNoFold};

}  // namespace pipit
