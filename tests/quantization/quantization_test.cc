// SPDX-License-Identifier: Apache-2.0
// docs/quantization.md says, for every operator, type and tensor, what becomes of each quantization
// that a file may give it. This finds out, and compares; with QUANTIZATION_MD=FILE in the
// environment it writes the table there.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "pipit/interpreter.h"
#include "pipit/op.h"
#include "tests/quantization/cell.h"
#include "tests/quantization/doc.h"

namespace pipit::test {
namespace {

constexpr const char* kColumns[] = {"zero point", "scale", "scales", "scales, zero points", "none"};

// The quantization of one tensor changed as a column says.
Quant changed(const Operand& o, const Shape& shape, const Quant& usual, int column) {
  Quant q = usual;
  if (column == 0 && o.role == Role::kBias) q.zero_points[0] += 2000000;
  if (column == 0 && o.role != Role::kBias)
    q.zero_points[0] += o.type == Type::kInt4 ? 1 : o.type == Type::kInt16 ? 900 : 9;
  if (column == 1) q.scales[0] *= 1.75f;
  if (column == 2 || column == 3) {
    const auto n = static_cast<size_t>(o.role == Role::kBias ? 1 : shape[o.channels]);
    q.scales.clear();
    for (size_t i = 0; i < n; ++i) {
      q.scales.push_back(usual.scales[0] * (1 + 0.4f * static_cast<float>((i + 1) % 3)));
    }
    const int64_t z = usual.zero_points[0] + (column == 3 ? o.type == Type::kInt4 ? 1 : 9 : 0);
    q.zero_points.assign(n, z);
  }
  if (column == 4) q = {};
  return q;
}

const char* word(Verdict v) {
  switch (v) {
    case Verdict::kHonoured:
      return "yes";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kIgnored:
      return "not read";
    case Verdict::kPlain:
      return "plain";
    default:
      return "WRONG";
  }
}

std::string name_of(const Form& form, size_t i) {
  if (i == form.in.size()) return "output";
  const auto weights = std::count_if(form.in.begin(), form.in.end(),
                                     [](const Operand& o) { return o.role == Role::kWeights; });
  switch (form.in[i].role) {
    case Role::kWeights:
      return weights == 1 ? "weights" : "weights " + std::to_string(i);
    case Role::kState:
      return "state " + std::to_string(i);
    case Role::kBias:
      return "bias";
    default:
      return "input " + std::to_string(i);
  }
}

// One row: a tensor of a form.
std::string row(const Form& form, const Quants& usual, size_t i, const Shape& shape) {
  const Operand& o = operand(form, i);
  const std::string op = fb::EnumNameBuiltinOperator(form.op);
  std::string line = "| " + op + " | " + form.types + " | " + name_of(form, i) + " |";
  for (int column = 0; column < 5; ++column) {
    const bool several = column == 2 || column == 3;
    if (several && (shape.rank == 0 || o.role == Role::kBias || shape[o.channels] < 2)) {
      line += " - |";
      continue;
    }
    Quants quants = usual;
    quants[i] = changed(o, shape, usual[i], column);
    std::string why;
    const Verdict v = judge(form, usual, quants, &why);
    const bool border = form.border && i == form.in.size() && v == Verdict::kWrong;
    line += std::string(" ") + (border ? "of the border" : word(v)) + " |";
    if (border) continue;
    EXPECT_NE(v, Verdict::kWrong) << line;
    if (v != Verdict::kRefused) continue;
    EXPECT_NE(why.find(op), std::string::npos) << why;
  }
  return line;
}

std::string make_table() {
  std::string table = "| operator | types | tensor |";
  for (const char* column : kColumns) table += std::string(" ") + column + " |";
  table += "\n|--|--|--|--|--|--|--|--|\n";
  for (Form form : all_forms()) {
    const Quants usual = usual_quants(form);
    std::string why;
    const Verdict v = judge(form, usual, usual, &why);
    EXPECT_EQ(v, Verdict::kHonoured)
        << fb::EnumNameBuiltinOperator(form.op) << ' ' << form.types << ": " << why;
    if (v != Verdict::kHonoured) continue;
    const Shape shape = result_shape(form, usual);
    form.out.channels = shape.rank - 1;
    for (size_t i = 0; i <= form.in.size(); ++i) {
      if (!is_quantized(operand(form, i))) continue;
      table += row(form, usual, i, i < form.in.size() ? form.in[i].shape : shape) + "\n";
    }
  }
  return table;
}

std::string without_table() {
  std::string table;
  for (const Without& w : operators_without_forms()) {
    table += std::string("- ") + w.names + ": " + w.why + ".\n";
  }
  return table;
}

TEST(Quantization, IsWhatTheTableSays) { expect_in_doc(make_table() + "\n" + without_table()); }

// A new operator has forms, or a reason why not.
TEST(Quantization, EveryOperatorIsInTheTable) {
  std::set<std::string> known;
  for (const Form& form : all_forms()) known.insert(fb::EnumNameBuiltinOperator(form.op));
  for (const Without& w : operators_without_forms()) {
    std::stringstream names(w.names);
    for (std::string name; names >> name;) {
      EXPECT_TRUE(known.insert(name).second) << name << " is there twice";
    }
  }
  for (const Op* op : all_operators()) {
    EXPECT_EQ(known.erase(op->name), 1u) << op->name << " is not in the table of quantization";
  }
  for (const std::string& name : known) ADD_FAILURE() << "there is no operator " << name;
}

}  // namespace
}  // namespace pipit::test
