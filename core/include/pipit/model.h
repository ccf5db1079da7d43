// SPDX-License-Identifier: Apache-2.0
// The bytes of a .tflite file, checked once.
#pragma once

#include <cstdint>

#include "pipit/span.h"
#include "pipit/status.h"

namespace pipit {

// A read-only view of a model file that somebody else keeps: a mapped file, an array in flash. The
// bytes must stay unchanged as long as the model or an interpreter over it is in use; weights are
// read where they lie.
class Model {
 public:
  Model() = default;

  // Checks every offset, index, shape, type and size in the file; afterwards nothing in it can lead
  // outside of `file`. `file` must be aligned to 16 bytes (kBadArgument otherwise).
  static Result<Model> parse(Span<const uint8_t> file, Message* why = nullptr);

  Span<const uint8_t> file() const { return file_; }
  int subgraphs() const;
  const char* description() const;

  int signatures() const;
  const char* signature_key(int signature) const;
  // The signature of that name, or -1.
  int find_signature(const char* key) const;

 private:
  Span<const uint8_t> file_;
};

}  // namespace pipit
