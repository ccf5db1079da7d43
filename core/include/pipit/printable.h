// SPDX-License-Identifier: Apache-2.0
// What of a text from anywhere people may be shown. Messages see to it by themselves.
#pragma once

#include <cstddef>

namespace pipit {

// The bytes of the character that a text begins with, if it may be shown as it is; 0 for what is no
// UTF-8, for control characters, ends of lines and bidirectional marks. Those are shown as escaped
// bytes.
size_t shown_bytes(const char* text, size_t length);

struct Escaped {
  char text[4];  // "\x1b"
};
Escaped escaped(char byte);

}  // namespace pipit
