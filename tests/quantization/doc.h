// SPDX-License-Identifier: Apache-2.0
// Compares tables with those in docs/quantization.md.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/place.h"

namespace pipit::test {

// Each line of the table is in the document, in the same order. With QUANTIZATION_MD=FILE in the
// environment the table is written there.
inline void expect_in_doc(const std::string& table) {
  if (const char* path = std::getenv("QUANTIZATION_MD")) std::ofstream(path) << table;
  std::ifstream file(place(QUANTIZATION_DOC));
  std::stringstream text;
  text << file.rdbuf();
  const std::string doc = text.str();
  ASSERT_FALSE(doc.empty()) << QUANTIZATION_DOC;
  std::stringstream lines(table);
  size_t at = 0;
  for (std::string line; std::getline(lines, line);) {
    const size_t found = doc.find(line + "\n", at);
    EXPECT_NE(found, std::string::npos) << "not in docs/quantization.md, or not here: " << line;
    if (found != std::string::npos) at = found + line.size();
  }
}

}  // namespace pipit::test
