// SPDX-License-Identifier: Apache-2.0
// What a terminal shows while something takes longer than a second, and that nothing of it stays.
#include "tools/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

namespace pipit::test {
namespace {

using std::chrono::milliseconds;

// The standard error stream is a terminal, or a file, as long as this is there.
class StandardError {
 public:
  explicit StandardError(int fd) : old_(::dup(STDERR_FILENO)) { ::dup2(fd, STDERR_FILENO); }
  ~StandardError() {
    ::dup2(old_, STDERR_FILENO);
    ::close(old_);
  }

 private:
  int old_;
};

struct Terminal {
  Terminal() : ours(::posix_openpt(O_RDWR | O_NOCTTY)) {
    const bool ready = ours >= 0 && ::grantpt(ours) == 0 && ::unlockpt(ours) == 0;
    if (ready) theirs = ::open(::ptsname(ours), O_RDWR | O_NOCTTY);
  }
  ~Terminal() {
    ::close(theirs);
    ::close(ours);
  }
  std::string shown() const {
    ::fcntl(ours, F_SETFL, O_NONBLOCK);
    char bytes[4096];
    const ssize_t n = ::read(ours, bytes, sizeof(bytes));
    return n > 0 ? std::string(bytes, static_cast<size_t>(n)) : "";
  }

  int ours, theirs = -1;
};

TEST(Progress, SaysWhatIsWaitedForAndGoes) {
  const Terminal terminal;
  ASSERT_GE(terminal.theirs, 0);
  {
    const StandardError replaced(terminal.theirs);
    tools::Waiting waiting("planning");
    std::this_thread::sleep_for(milliseconds(1700));
    waiting.now("running", 3, 10);
    std::this_thread::sleep_for(milliseconds(700));
  }
  const std::string shown = terminal.shown();
  EXPECT_EQ(shown.find("\rplanning: "), 0u) << shown;
  EXPECT_NE(shown.find("\rrunning, 3 of 10: "), std::string::npos) << shown;
  EXPECT_EQ(shown.substr(shown.size() - 4), "\r\x1b[K");
}

TEST(Progress, SaysNothingOfWhatIsQuick) {
  const Terminal terminal;
  ASSERT_GE(terminal.theirs, 0);
  {
    const StandardError replaced(terminal.theirs);
    tools::Waiting waiting("planning");
    std::this_thread::sleep_for(milliseconds(100));
    waiting.now("running");
  }
  EXPECT_EQ(terminal.shown(), "");
}

TEST(Progress, SaysNothingToAFile) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    const StandardError replaced(ends[1]);
    const tools::Waiting waiting("planning");
    std::this_thread::sleep_for(milliseconds(1300));
  }
  ::close(ends[1]);
  char byte;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0);
  ::close(ends[0]);
}

}  // namespace
}  // namespace pipit::test
