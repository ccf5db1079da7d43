// SPDX-License-Identifier: Apache-2.0
// Names of classes: a text file with one a line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pipit::tools {

// Throws Failure(kBadInput) that starts with `path`.
std::vector<std::string> read_labels(const std::string& path);

// What such a file holds; what a terminal would not print as text is made visible.
std::vector<std::string> parse_labels(const std::vector<uint8_t>& file);

}  // namespace pipit::tools
