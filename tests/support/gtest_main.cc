// SPDX-License-Identifier: Apache-2.0
// The main of all programs of GoogleTest cases. Their exit statuses tell CTest what became of a
// program as a whole: a failure outranks skipped cases, a skipped case those that passed, and a
// program that ran no case has failed.
#include <gtest/gtest.h>

#include <cstdio>

namespace {

constexpr int kExitSkipped = 77;  // what CTest is told to take for "skipped"

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (RUN_ALL_TESTS() != 0) return 1;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  if (all.test_to_run_count() == 0) {
    std::printf("no case matches\n");
    return 1;
  }
  return all.skipped_test_count() != 0 ? kExitSkipped : 0;
}
