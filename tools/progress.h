// SPDX-License-Identifier: Apache-2.0
// A line on the standard error stream that says how far something is, while a person watches.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace pipit::tools {

class Progress {
 public:
  Progress() : watched_(::isatty(STDERR_FILENO) != 0) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Whether it is time for show(): not in the first second, and then some times a second.
  bool due() const { return watched_ && Clock::now() >= next_; }
  void show(const std::string& line) {
    std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
    next_ = Clock::now() + std::chrono::milliseconds(250);
    shown_ = true;
  }
  void clear() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
    shown_ = false;
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool watched_, shown_ = false;
  Clock::time_point next_ = Clock::now() + std::chrono::seconds(1);
};

}  // namespace pipit::tools
