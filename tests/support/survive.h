// SPDX-License-Identifier: Apache-2.0
// Goes on after a crash, so that one bad case does not hide the others.
#pragma once

#include <functional>
#include <string>

namespace pipit::test {

// Runs `body`. Returns "" when it came back, or how it ended: by a signal, or because it took more
// than `seconds` of processor time. What it held is then leaked: good enough for a test that has
// failed anyway.
std::string survive(unsigned seconds, const std::function<void()>& body);

// Printed when a sanitizer ends the process: the name of what was running.
void set_current_name(const char* name);

}  // namespace pipit::test
