// SPDX-License-Identifier: Apache-2.0
// Where failures are told: a function of the application, in either form, or stderr.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>

#include "pipit/status.h"

namespace pipit::compat {

class Reporter {
 public:
  using Function = void (*)(void* user, const char* format, va_list arguments);
  using Line = void (*)(void* user, const char* line);

  Reporter() = default;
  Reporter(Function function, void* user) : function_(function), user_(user) {}
  Reporter(Line by_line, void* user) : by_line_(by_line), user_(user) {}

  void list(const char* format, va_list arguments) const {
    if (function_ != nullptr) return function_(user_, format, arguments);
    char text[Message::kCapacity * 2];
    std::vsnprintf(text, sizeof(text), format, arguments);
    Message shown;  // names from a model do nothing to a terminal
    shown.append(text, std::strlen(text));
    if (by_line_ != nullptr) return by_line_(user_, shown.text());
    std::fprintf(stderr, "ERROR: %s\n", shown.text());
  }

  __attribute__((format(printf, 2, 3))) void line(const char* format, ...) const {
    va_list arguments;
    va_start(arguments, format);
    list(format, arguments);
    va_end(arguments);
  }

 private:
  Function function_ = nullptr;
  Line by_line_ = nullptr;
  void* user_ = nullptr;
};

// Calls f, which may take memory. No exception crosses the border to C.
template <class R, class F>
R guarded(const Reporter& report, R failure, const F& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    report.line("out of memory");
  } catch (...) {
    report.line("failed unexpectedly");
  }
  return failure;
}

}  // namespace pipit::compat
