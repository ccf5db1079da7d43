// SPDX-License-Identifier: Apache-2.0
#include "tests/malformed/malformed.h"

#include <cstring>

#include "pipit/interpreter.h"
#include "tests/support/record.h"
#include "tests/support/watch.h"

namespace pipit::test {
namespace {

// More than any of these models needs, and far less than some of them ask for.
constexpr size_t kArenaBytes = size_t{1} << 18;

// In an arena that is filled with a byte at first.
std::string verdict(Span<const uint8_t> file, uint8_t leftover, Record* record) {
  const GuardedBuffer<uint8_t> arena(kArenaBytes, Against::kUpperGuard, 16);
  std::memset(arena.data(), leftover, kArenaBytes);
  Message why;
  const Result<Model> model = Model::parse(file, &why);
  if (!model.ok()) return why.text();
  Options options;
  options.max_calls = 1000;
  Result<Interpreter> net =
      Interpreter::create(model.value(), arena.span(), all_operators(), options, &why);
  if (!net.ok()) return why.text();
  Interpreter& n = net.value();
  fill_activations(state_in(arena.span()), leftover);
  for (int i = 0; i < n.inputs(); ++i) {
    const Tensor& t = *n.input(i);
    if (t.storage == Storage::kActivation && t.data != nullptr) std::memset(t.data, 0, t.bytes);
  }
  if (!n.invoke(&why).ok()) return why.text();
  record->tensors(n, 0, false);
  return "runs";
}

}  // namespace

std::string verdict(const std::vector<uint8_t>& file) {
  const ModelBytes bytes = in_memory(file);
  Record records[2];
  const std::string said = verdict(bytes->span(), kLeftovers[0], &records[0]);
  EXPECT_EQ(verdict(bytes->span(), kLeftovers[1], &records[1]), said);
  EXPECT_EQ(Record::difference(records[0], records[1]), "");
  return said;
}

ModelBuilder one(BuiltinOperator op, const std::vector<TensorSpec>& inputs,
                 const std::vector<TensorSpec>& outputs, const OptionsSpec& options) {
  ModelBuilder b;
  std::vector<int> in, out, given;
  for (const TensorSpec& spec : inputs) {
    in.push_back(b.tensor(spec));
    if (spec.bytes.empty() && !spec.variable) given.push_back(in.back());
  }
  for (const TensorSpec& spec : outputs) out.push_back(b.tensor(spec));
  b.builtin_node(op, in, out, options);
  b.inputs(given);
  b.outputs(out);
  return b;
}

}  // namespace pipit::test
