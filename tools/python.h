// SPDX-License-Identifier: Apache-2.0
// Subcommands whose work Python's package `pipit` does, for Python programs, too.
#pragma once

#include <string>
#include <vector>

namespace pipit::tools {

// Becomes `python3 -m pipit COMMAND ARGUMENT...`, but for what is said when the package is missing.
[[noreturn]] void become_python(const std::string& command,
                                const std::vector<std::string>& arguments);

}  // namespace pipit::tools
