// SPDX-License-Identifier: Apache-2.0
// What this program was built from, and how.
#pragma once

#include <string>

namespace pipit::tools {

const char* version();
std::string compiler();        // "gcc 12.2.0"
const char* compiler_flags();  // of this build's type
const char* target();          // "aarch64"
// False for a build to look for errors with: its times say nothing.
bool optimized();

}  // namespace pipit::tools
