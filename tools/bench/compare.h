// SPDX-License-Identifier: Apache-2.0
// Whether one report of `pipit bench --json` shows shorter times than another.
#pragma once

#include <string>

namespace pipit::tools {

// Throws Failure(kBadInput) for files that are no such reports, or of different models.
std::string compare_reports(const std::string& a, const std::string& b, bool json);

}  // namespace pipit::tools
