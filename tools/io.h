// SPDX-License-Identifier: Apache-2.0
// Files and standard output, with every error noticed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipit/span.h"

namespace pipit::tools {

// The bytes of a file or pipe, at most `limit` + 1 of them: enough to see that there are too many.
// When the beginning is not what is `wanted`, the rest stays unread.
std::vector<uint8_t> read_file(const std::string& path, size_t limit,
                               bool (*wanted)(Span<const uint8_t> beginning) = nullptr);

// Puts a file in place as a whole or not at all: written under another name, then renamed. What it
// replaces gives it its permissions.
void write_file(const std::filesystem::path& path, Span<const uint8_t> bytes);
void write_file(const std::filesystem::path& path, const std::string& text);

// Files that a command reads, and must not replace by what it writes.
class KeptFiles {
 public:
  void keep(const std::string& path);
  // Throws Failure(kUsage) when the output has the place of one of them.
  void check(const std::filesystem::path& output) const;

 private:
  std::map<std::pair<uint64_t, uint64_t>, std::string> files_;  // by device and number
};

// Creates a directory and its parents where they are missing.
void make_directory(const std::filesystem::path& path);

// Writes to standard output; flush_output() says whether all of it arrived.
void print(const std::string& text);
void flush_output();

}  // namespace pipit::tools
