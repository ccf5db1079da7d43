// SPDX-License-Identifier: Apache-2.0
// Operators that let show through what was in the arena, which exercising a model twice finds.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "pipit/op.h"
#include "tests/support/exercise.h"
#include "tests/support/model_builder.h"
#include "tests/support/record.h"

namespace pipit::test {
namespace {

// ---- COPY_SOME: all elements of its input but the last, the only one excepted

Status run_copy_some(const Step& s, Run&) {
  const int32_t n = std::max(s.input(0).elements() - 1, 1);
  std::copy_n(s.input(0).as<int32_t>(), n, s.output(0).as<int32_t>());
  return {};
}

Status prepare_copy_some(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  return p.run(run_copy_some, nullptr, "");
}

// ---- FIRST: the first element

Status run_first(const Step& s, Run&) {
  *s.output(0).as<int32_t>() = *s.input(0).as<int32_t>();
  return {};
}

Status prepare_first(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  if (p.input(0).elements() == 0) return p.bad(p.input(0), " has no first element");
  PIPIT_TRY(p.set_output(0, {}));
  return p.run(run_first, nullptr, "");
}

// ---- REFUSE_SCRATCH: its input, unless bit 0 of its scratch memory is set

Status run_refuse_scratch(const Step& s, Run& run) {
  if ((s.scratch[0] & 1) != 0) return run.fail(s, "does not like its scratch memory");
  std::copy_n(s.input(0).as<uint8_t>(), s.input(0).bytes, s.output(0).as<uint8_t>());
  return {};
}

Status prepare_refuse_scratch(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  p.scratch(1);
  return p.run(run_refuse_scratch, nullptr, "");
}

const Op kCopySome = {.code = kCustomOp, .name = "COPY_SOME", .prepare = prepare_copy_some};
const Op kFirst = {.code = kCustomOp, .name = "FIRST", .prepare = prepare_first};
const Op kRefuseScratch = {
    .code = kCustomOp, .name = "REFUSE_SCRATCH", .prepare = prepare_refuse_scratch};
const Op* const kOperators[] = {&kCopySome, &kFirst, &kRefuseScratch};

// ---- models of them

ModelBuilder one_after_the_other(const std::vector<std::string>& operators, int32_t n) {
  ModelBuilder b;
  int last = b.tensor({.shape = Shape::of(n)});
  b.inputs({last});
  for (const std::string& op : operators) {
    const int next = b.tensor({.shape = Shape::of(n)});
    b.node(op, {last}, {next});
    last = next;
  }
  b.outputs({last});
  return b;
}

constexpr uint64_t kSeeds = 200;

// How often something is found, of as many ways to run it; `wrong` is what, at last.
uint64_t findings(const ModelBuilder& b, std::string* wrong) {
  const ModelBytes file = in_memory(b.finish());
  const GuardedBuffer<uint8_t> arena(size_t{1} << 16, Against::kUpperGuard, 16);
  uint64_t found = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string text = exercise(
        file->span(),
        {.arena = arena.span(), .seed = seed, .operators = {kOperators, 3}, .twice = true});
    if (text.empty()) continue;
    ++found;
    *wrong = text;
  }
  return found;
}

TEST(Leftovers, AreFoundInOutputsHoweverTheModelIsRun) {
  std::string wrong;
  EXPECT_EQ(findings(one_after_the_other({"COPY_SOME"}, 3), &wrong), kSeeds);
  EXPECT_EQ(wrong, "output 0, tensor 1 int32 [3] depends on what was in the arena: byte 8 of 12");
}

TEST(Leftovers, AreFoundInScratchMemory) {
  std::string wrong;
  EXPECT_EQ(findings(one_after_the_other({"REFUSE_SCRATCH"}, 3), &wrong), kSeeds);
  EXPECT_NE(wrong.find("does not like its scratch memory"), std::string::npos) << wrong;
}

TEST(Leftovers, AreFoundInTensorsThatAnApplicationCanRead) {
  std::string wrong;
  const uint64_t found = findings(one_after_the_other({"COPY_SOME", "FIRST"}, 3), &wrong);
  EXPECT_GT(found, 0u);  // where all tensors are preserved
  EXPECT_LT(found, kSeeds / 2);
  EXPECT_EQ(wrong, "tensor 1 int32 [3] depends on what was in the arena: byte 8 of 12");
}

TEST(Leftovers, AreNotFoundWhereAllIsWritten) {
  std::string wrong;
  EXPECT_EQ(findings(one_after_the_other({"FIRST"}, 3), &wrong), 0u) << wrong;
}

}  // namespace
}  // namespace pipit::test
