// SPDX-License-Identifier: Apache-2.0
// HASHTABLE where tables take their memory while running, and move in it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipit/strings.h"
#include "tests/support/net.h"

namespace pipit::test {
namespace {

using fb::BuiltinOperator;

template <class Options, class Create, class... A>
OptionsSpec options_of(Create create, A... arguments) {
  return {fb::BuiltinOptionsTraits<Options>::enum_value,
          [=](flatbuffers::FlatBufferBuilder& f) { return create(f, arguments...).Union(); }};
}

// Assigns as many numbers to a variable as the first input says, fills a table with the second and
// third, and finds the fourth in it.
ModelBuilder variable_and_table() {
  ModelBuilder b;
  const int count = b.tensor({.shape = Shape::of(1)});
  const int keys = b.tensor({.type = Type::kString, .shape = Shape::of(2)});
  const int values = b.tensor({.type = Type::kInt64, .shape = Shape::of(2)});
  const int wanted = b.tensor({.type = Type::kString, .shape = Shape::of(1)});
  const int zero = b.tensor({.bytes = bytes_of<int32_t>({0})});
  const int none = b.tensor({.type = Type::kInt64, .bytes = bytes_of<int64_t>({-1})});
  const int variable = b.tensor({.type = Type::kResource});
  const int table = b.tensor({.type = Type::kResource, .shape = Shape::of(1)});
  const int numbers = b.tensor({.shape = Shape::of(1)});
  const int found = b.tensor({.type = Type::kInt64, .shape = Shape::of(1)});
  b.builtin_node(BuiltinOperator::VAR_HANDLE, {}, {variable});
  b.builtin_node(BuiltinOperator::HASHTABLE, {}, {table},
                 options_of<fb::HashtableOptions>(fb::CreateHashtableOptions, 0,
                                                  fb::TensorType::STRING, fb::TensorType::INT64));
  b.builtin_node(BuiltinOperator::FILL, {count, zero}, {numbers});
  b.builtin_node(BuiltinOperator::ASSIGN_VARIABLE, {variable, numbers}, {});
  b.builtin_node(BuiltinOperator::HASHTABLE_IMPORT, {table, keys, values}, {});
  b.builtin_node(BuiltinOperator::HASHTABLE_FIND, {table, wanted, none}, {found});
  b.inputs({count, keys, values, wanted});
  b.outputs({found});
  return b;
}

std::vector<uint8_t> strings_of(const std::vector<std::string>& list) {
  size_t characters = 0;
  for (const std::string& s : list) characters += s.size();
  const auto count = static_cast<int32_t>(list.size());
  std::vector<uint8_t> bytes(strings_bytes(count, characters));
  StringWriter writer(bytes.data(), count);
  for (const std::string& s : list) writer.add({s.data(), s.size()});
  return bytes;
}

TEST(Hashtable, MovesWhenAVariableGrows) {
  Net net(variable_and_table());
  ASSERT_TRUE(net.ok()) << net.why();
  std::vector<uint8_t> keys = strings_of({"a key that is long enough for a block", "another"});
  std::vector<uint8_t> wanted = strings_of({"another"});
  Interpreter& i = net.interpreter();
  ASSERT_TRUE(i.bind_input(1, keys.data(), keys.size()).ok());
  ASSERT_TRUE(i.bind_input(3, wanted.data(), wanted.size()).ok());
  for (const int32_t count : {8, 8, 64, 4096}) {
    net.set<int32_t>(0, {count});
    net.set<int64_t>(2, {7, 9});
    EXPECT_EQ(net.run<int64_t>(), std::vector<int64_t>{9}) << count;
  }
}

}  // namespace
}  // namespace pipit::test
