// SPDX-License-Identifier: Apache-2.0
// A line on the standard error stream that says how far something is, while a person watches.
#pragma once

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

namespace pipit::tools {

// For what can look at the clock now and then.
class Progress {
 public:
  Progress() : watched_(::isatty(STDERR_FILENO) != 0) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool watched() const { return watched_; }
  // Whether it is time for show(): not in the first second, and then some times a second.
  bool due() const;
  void show(const std::string& line);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool watched_, shown_ = false;
  Clock::time_point next_ = Clock::now() + std::chrono::seconds(1);
};

// For what does not return for long: a thread shows what is done, and for how long it has been; as
// long as this is there, nothing else may be printed. Where nobody watches there is no thread.
class Waiting {
 public:
  explicit Waiting(std::string what);
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  // What is done from now on, when `done` parts of `all` are.
  void now(const char* what, int done = 0, int all = 1);

 private:
  void watch();

  Progress progress_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;
  std::string what_;
  std::thread thread_;  // the last one: it uses the others
};

}  // namespace pipit::tools
