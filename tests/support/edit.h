// SPDX-License-Identifier: Apache-2.0
// Model files as objects, to change them: the classes of pipit::edit, which tests/CMakeLists.txt
// has made of the schema. Reading and writing them takes long to compile, so it is done in one
// place.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tflite_edit_generated.h"

namespace pipit::test {

// Of a well-formed file.
edit::ModelT unpacked(const std::vector<uint8_t>& file);

enum class Defaults : uint8_t { kLeftOut, kWritten };
std::vector<uint8_t> packed(const edit::ModelT& model, Defaults defaults = Defaults::kLeftOut);

// A file made from another one's objects.
std::vector<uint8_t> edited(const std::vector<uint8_t>& file,
                            const std::function<void(edit::ModelT&)>& change);

}  // namespace pipit::test
