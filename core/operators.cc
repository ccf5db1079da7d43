// SPDX-License-Identifier: Apache-2.0
// Which row of which table runs each operator of a file, and what a file needs that none does.
#include <algorithm>
#include <cstring>

#include "core/plan.h"

namespace pipit {
namespace {

const Op* find_in(OpTable ops, const fb::OperatorCode& code) {
  const int32_t wanted = builtin_code(code);
  const char* name = code.custom_code() == nullptr ? "" : code.custom_code()->c_str();
  for (const Op* op : ops) {
    if (op->code != wanted) continue;
    if (wanted != kCustomOp || std::strcmp(op->name, name) == 0) return op;
  }
  return nullptr;
}

// The operators check the features that they are asked for, whatever the version. Beyond the
// newest version of any operator of the format, nobody knows what is asked.
constexpr int32_t kNewestVersion = 14;

bool too_new(const fb::OperatorCode& code) {
  return builtin_code(code) != kCustomOp && code.version() > kNewestVersion;
}

const Op* find_op(OpTable ops, const Options& options, const fb::OperatorCode& code) {
  if (too_new(code)) return nullptr;
  const Op* own = find_in(options.operators, code);
  return own != nullptr ? own : find_in(ops, code);
}

// What the compiler for that accelerator leaves of a model.
constexpr const char* kEdgeTpu = "edgetpu-custom-op";
constexpr const char* kEdgeTpuAdvice =
    "compiled for a Coral Edge TPU: take the file without _edgetpu in its name, or load its "
    "delegate";

// The codes that a list of missing operators names: a line has no room for more.
class Missing {
 public:
  explicit Missing(Message* why) : why_(why) {}
  bool any() const { return count_ != 0; }

  void add(const fb::Model& file, uint32_t code) {
    if (count_ == kMost || std::find(codes_, codes_ + count_, code) != codes_ + count_) return;
    text(why_, count_ == 0 ? "operators that this build does not run: " : ", ");
    codes_[count_++] = code;
    put(*file.operator_codes()->Get(code));
  }

 private:
  static constexpr int kMost = 256;

  void put(const fb::OperatorCode& code) const {
    if (builtin_code(code) == kCustomOp) {
      text(why_, "custom '", operator_name(code), "'");
      if (std::strcmp(operator_name(code), kEdgeTpu) == 0) text(why_, " (", kEdgeTpuAdvice, ")");
      return;
    }
    text(why_, operator_name(code), " (", builtin_code(code), ")");
    if (!too_new(code)) return;
    text(why_, " of version ", code.version(), " (none above ", kNewestVersion, " is known)");
  }

  Message* why_;
  uint32_t codes_[kMost];
  int count_ = 0;
};

// Stands for what no table has.
constexpr Op kNoOperator = {.code = -1, .name = "an unknown operator"};

void add_missing(const State& state, int32_t subgraph, Missing* missing) {
  const auto* nodes = state.file_subgraph(subgraph).operators();
  for (int32_t i = 0; i < count(nodes); ++i) {
    const fb::Operator& node = *at(nodes, i);
    if (&state.op(node) == &kNoOperator) missing->add(*file_root(state.model), node.opcode_index());
  }
}

}  // namespace

Status find_operators(State& state) {
  const auto* codes = file_root(state.model)->operator_codes();
  state.op_of_code = state.arena.take_array<const Op*>(static_cast<size_t>(count(codes)));
  if (state.op_of_code == nullptr) return Code::kArenaTooSmall;
  for (int32_t i = 0; i < count(codes); ++i) {
    const Op* op = find_op(state.ops, state.options, *at(codes, i));
    state.op_of_code[i] = op != nullptr ? op : &kNoOperator;
  }
  return {};
}

Status check_nodes(const State& state, int32_t subgraph, Message* why) {
  Missing missing(why);
  add_missing(state, subgraph, &missing);
  // All at once for who has the first one to write: what is only called may be called from there.
  for (int32_t i = 1; missing.any() && subgraph == 0 && i < state.subgraph_count; ++i) {
    if (!state.subgraphs[i].named) add_missing(state, i, &missing);
  }
  return missing.any() ? Code::kUnsupported : Code::kOk;
}

Status check_operators(const Model& model, OpTable ops, const Options& options, Message* why) {
  const fb::Model& file = *file_root(model);
  Missing missing(why);
  for (int32_t g = 0; g < model.subgraphs(); ++g) {
    const auto* nodes = at(file.subgraphs(), g)->operators();
    for (int32_t i = 0; i < count(nodes); ++i) {
      const uint32_t code = at(nodes, i)->opcode_index();
      if (find_op(ops, options, *file.operator_codes()->Get(code)) == nullptr) {
        missing.add(file, code);
      }
    }
  }
  return missing.any() ? Code::kUnsupported : Code::kOk;
}

}  // namespace pipit
