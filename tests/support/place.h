// SPDX-License-Identifier: Apache-2.0
// Where files of the source and build trees lie while a test runs: on a board, below a folder of
// ours (ci/on_board.sh).
#pragma once

#include <cstdlib>
#include <string>

namespace pipit::test {

// `path` is as CMake wrote it into the program.
inline std::string place(const std::string& path) {
  const char* root = std::getenv("PIPIT_TEST_ROOT");
  return root == nullptr ? path : root + path;
}

}  // namespace pipit::test
