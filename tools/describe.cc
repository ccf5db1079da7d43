// SPDX-License-Identifier: Apache-2.0
#include "tools/describe.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "pipit/printable.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

template <class T>
T load(const Tensor& tensor, size_t i) {
  T value;
  std::memcpy(&value, tensor.as<const uint8_t>() + i * sizeof(T), sizeof(T));
  return value;
}

double half(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int mantissa = bits & 1023;
  double value = exponent == 0    ? std::ldexp(mantissa, -24)
                 : exponent != 31 ? std::ldexp(mantissa + 1024, exponent - 25)
                 : mantissa == 0  ? static_cast<double>(INFINITY)
                                  : static_cast<double>(NAN);
  return (bits & 0x8000) != 0 ? -value : value;
}

double bfloat(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof(value));
  return static_cast<double>(value);
}

// Element i of those packed into bytes, low bits first.
int packed(const Tensor& tensor, size_t i, int bits, bool is_signed) {
  const size_t per_byte = static_cast<size_t>(8 / bits);
  const int byte = tensor.as<const uint8_t>()[i / per_byte];
  const int value = byte >> (static_cast<int>(i % per_byte) * bits) & ((1 << bits) - 1);
  return is_signed && value >= 1 << (bits - 1) ? value - (1 << bits) : value;
}

// JSON in which nothing does something to a terminal: what is left to escape, dump() has taken for
// letters, all of them in strings.
std::string plain_json(const Json& json) {
  const std::string dumped = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string text;
  for (size_t at = 0, bytes = 0; at < dumped.size(); at += bytes) {
    bytes = shown_bytes(dumped.data() + at, dumped.size() - at);
    if (bytes != 0) {
      text.append(dumped, at, bytes);
      continue;
    }
    for (bytes = 1; at + bytes < dumped.size() && (dumped[at + bytes] & 0xc0) == 0x80;) ++bytes;
    text += Json(dumped.substr(at, bytes)).dump(-1, ' ', true).substr(1, 6);  // \u and 4 digits
  }
  return text;
}

// Lists of plain values stay on one line: shapes, scales.
void append_json(const Json& json, const std::string& line, std::string* text) {
  const bool nested =
      std::any_of(json.begin(), json.end(), [](const Json& item) { return item.is_structured(); });
  if (!json.is_object() && !nested) {
    *text += plain_json(json);
    return;
  }
  *text += json.is_object() ? "{" : "[";
  const char* separator = "";
  for (const auto& [key, value] : json.items()) {
    *text += separator + line + "  ";
    if (json.is_object()) *text += Json(key).dump() + ": ";
    append_json(value, line + "  ", text);
    separator = ",";
  }
  *text += line + (json.is_object() ? "}" : "]");
}

}  // namespace

std::string number(double value, int digits) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.*g", digits, value);
  return text;
}

std::string grouped(uint64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank; ++i) {
    if (i != 0) text += ',';
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

const char* storage_name(Storage storage) {
  switch (storage) {
    case Storage::kNone:
      break;
    case Storage::kConstant:
      return "constant";
    case Storage::kActivation:
      return "activation";
    case Storage::kVariable:
      return "variable";
    case Storage::kDynamic:
      return "dynamic";
    case Storage::kBorrowed:
      return "argument";
  }
  return "none";
}

std::string table(const std::vector<std::vector<std::string>>& rows, const std::string& indent) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = indent;
    // Nothing behind the last cell: one that is very long would make all rows so.
    for (size_t i = 0; i < row.size(); ++i) {
      const bool padded = i + 1 < row.size() && widths[i] != 0;
      line += row[i] + std::string(padded ? widths[i] - row[i].size() + 2 : 0, ' ');
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string tensor_text(const Tensor& tensor) {
  return "'" + printable(tensor.name) + "' " + type_name(tensor.type) + " " +
         shape_text(tensor.shape);
}

Json shape_json(const Shape& shape) {
  Json list = Json::array();
  for (int i = 0; i < shape.rank; ++i) list.push_back(shape[i]);
  return list;
}

Json tensor_json(const Tensor& tensor) {
  return {{"index", tensor.index},          {"name", tensor.name},
          {"type", type_name(tensor.type)}, {"shape", shape_json(tensor.shape)},
          {"bytes", tensor.bytes},          {"scale", tensor.scale},
          {"zero_point", tensor.zero_point}};
}

Json step_json(const StepInfo& step) {
  return {
      {"subgraph", step.subgraph}, {"node", step.node}, {"op", step.op}, {"variant", step.variant}};
}

std::string bands_text(const ChainInfo& chain) {
  return std::to_string(chain.rows) + (chain.rows == 1 ? " row" : " rows") + " at a time in " +
         grouped(static_cast<uint64_t>(chain.calls)) + " calls";
}

Json calls_json(const Interpreter& net, int chain) {
  Json json = Json::array();
  for (int i = 0; i < net.chain(chain).calls; ++i) {
    const ChainCallInfo call = net.chain_call(chain, i);
    json.push_back({call.share, call.link, call.first, call.rows});
  }
  return json;
}

void add_memory(const MemoryPlan& plan, Json* json) {
  (*json)["arena_bytes"] = plan.arena_bytes;
  (*json)["lower_bound_bytes"] = plan.lower_bound_bytes;
  (*json)["persistent_bytes"] = plan.persistent_bytes;
  (*json)["activation_bytes"] = plan.activation_bytes;
}

std::string memory_text(const MemoryPlan& plan) {
  return grouped(plan.arena_bytes) + " bytes: " + grouped(plan.persistent_bytes) + " persistent, " +
         grouped(plan.activation_bytes) + " for activations (lower bound " +
         grouped(plan.lower_bound_bytes) + ")";
}

bool is_numeric(Type type) {
  switch (type) {
    case Type::kString:
    case Type::kComplex64:
    case Type::kComplex128:
    case Type::kResource:
    case Type::kVariant:
    case Type::kFloat8E4M3FN:
    case Type::kFloat8E5M2:
      return false;
    default:
      return true;
  }
}

double element(const Tensor& t, size_t i) {
  switch (t.type) {
    case Type::kFloat32:
      return static_cast<double>(load<float>(t, i));
    case Type::kFloat64:
      return load<double>(t, i);
    case Type::kFloat16:
      return half(load<uint16_t>(t, i));
    case Type::kBFloat16:
      return bfloat(load<uint16_t>(t, i));
    case Type::kInt8:
      return load<int8_t>(t, i);
    case Type::kUInt8:
    case Type::kBool:
      return load<uint8_t>(t, i);
    case Type::kInt16:
      return load<int16_t>(t, i);
    case Type::kUInt16:
      return load<uint16_t>(t, i);
    case Type::kInt32:
      return load<int32_t>(t, i);
    case Type::kUInt32:
      return load<uint32_t>(t, i);
    case Type::kInt64:
      return static_cast<double>(load<int64_t>(t, i));
    case Type::kUInt64:
      return static_cast<double>(load<uint64_t>(t, i));
    case Type::kInt4:
      return packed(t, i, 4, true);
    case Type::kUInt4:
      return packed(t, i, 4, false);
    case Type::kInt2:
      return packed(t, i, 2, true);
    default:
      return static_cast<double>(NAN);
  }
}

std::string dump(const Json& json) {
  std::string text;
  append_json(json, "\n", &text);
  return text + "\n";
}

}  // namespace pipit::tools
