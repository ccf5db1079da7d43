// SPDX-License-Identifier: Apache-2.0
// Cases of each outcome: verdicts_test.sh runs some of them at a time.
#include <gtest/gtest.h>

namespace {

TEST(Verdicts, Passes) {}
TEST(Verdicts, Skips) { GTEST_SKIP() << "as it should"; }
TEST(Verdicts, Fails) { FAIL() << "as it should"; }

}  // namespace
