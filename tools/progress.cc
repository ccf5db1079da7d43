// SPDX-License-Identifier: Apache-2.0
#include "tools/progress.h"

#include <system_error>

namespace pipit::tools {

bool Progress::due() const { return watched_ && Clock::now() >= next_; }

void Progress::show(const std::string& line) {
  std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
  next_ = Clock::now() + std::chrono::milliseconds(250);
  shown_ = true;
}

void Progress::clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

Waiting::Waiting(std::string what) : what_(std::move(what)) {
  if (!progress_.watched()) return;
  try {
    thread_ = std::thread([this] { watch(); });
  } catch (const std::system_error&) {
    // No more threads can be had: then nothing is shown.
  }
}

Waiting::~Waiting() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Waiting::now(const char* what, int done, int all) {
  if (!thread_.joinable()) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  what_ = what;
  if (all > 1) what_ += ", " + std::to_string(done) + " of " + std::to_string(all);
}

void Waiting::watch() {
  const auto begun = std::chrono::steady_clock::now();
  std::unique_lock<std::mutex> lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::milliseconds(100), [this] { return ended_; })) {
    if (!progress_.due()) continue;
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
    char time[32];
    std::snprintf(time, sizeof(time), ": %.1f s", seconds.count());
    progress_.show(what_ + time);
  }
}

}  // namespace pipit::tools
