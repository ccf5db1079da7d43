// SPDX-License-Identifier: Apache-2.0
// What `pipit --version` says: of the build, and of the machine that it runs on.
#pragma once

#include <string>

namespace pipit::tools {

std::string version_text();

// The first core's name as /proc/cpuinfo has it, "Cortex-A76" or "unknown".
std::string cpu_name(const std::string& cpuinfo);

}  // namespace pipit::tools
