// SPDX-License-Identifier: Apache-2.0
// Tensors and numbers, as text for a person and as JSON for a program.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "pipit/tensor.h"

namespace pipit::tools {

using Json = nlohmann::ordered_json;

// printf's %.*g: as few digits as carry `digits` significant ones.
std::string number(double value, int digits = 6);
std::string grouped(uint64_t value);         // 1,234,567
std::string shape_text(const Shape& shape);  // [1,224,224,3]
// Rows of cells in columns, two blanks apart.
std::string table(const std::vector<std::vector<std::string>>& rows, const std::string& indent);
const char* storage_name(Storage storage);

// "'serving_default_x:0' int8 [1,28,28,1]"
std::string tensor_text(const Tensor& tensor);

// Name, type, shape, bytes, scale and zero point.
Json tensor_json(const Tensor& tensor);
Json shape_json(const Shape& shape);
Json step_json(const StepInfo& step);
// "4 rows at a time in 20 calls"
std::string bands_text(const ChainInfo& chain);
// Of each call of a chain, in running order: its share, the operator's place in the chain, the
// first row of its output and how many rows.
Json calls_json(const Interpreter& net, int chain);
void add_memory(const MemoryPlan& plan, Json* json);
std::string memory_text(const MemoryPlan& plan);

// Whether elements of the type are real numbers that element() can read.
bool is_numeric(Type type);
// The stored number, not dequantized. `tensor` has data and a numeric type.
double element(const Tensor& tensor, size_t i);

// Indented, with a line feed at the end; bytes that are no UTF-8 are replaced.
std::string dump(const Json& json);

}  // namespace pipit::tools
