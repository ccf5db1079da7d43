// SPDX-License-Identifier: Apache-2.0
// A model file in memory without a copy.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/span.h"

namespace pipit {

// A file mapped read-only; unmapped when destroyed.
class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() { close(); }

  // Returns nullptr, or why it cannot be read ("No such file or directory", "is a directory",
  // "is empty"): a static string.
  const char* open(const char* path);
  void close();

  Span<const uint8_t> bytes() const { return {data_, size_}; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace pipit
