// SPDX-License-Identifier: Apache-2.0
// What a terminal shows while something takes longer than a second, and that nothing of it stays.
#include "tools/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
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
  // Whether all that is shown comes to end with `end`; what is written takes a while to be there.
  bool comes_to_end_with(const std::string& end, int most_ms = 60'000) {
    const auto there = [&] {
      return shown.size() >= end.size() &&
             shown.compare(shown.size() - end.size(), end.size(), end) == 0;
    };
    for (pollfd p = {ours, POLLIN, 0}; !there() && ::poll(&p, 1, most_ms) == 1;) {
      char byte;
      if (::read(ours, &byte, 1) != 1) return false;
      shown += byte;
    }
    return there();
  }

  int ours, theirs = -1;
  std::string shown;
};

TEST(Progress, SaysWhatIsWaitedForAndGoes) {
  Terminal terminal;
  ASSERT_GE(terminal.theirs, 0);
  {
    const StandardError replaced(terminal.theirs);
    tools::Waiting waiting("planning");
    EXPECT_TRUE(terminal.comes_to_end_with("\rplanning: ")) << terminal.shown;
    waiting.now("running", 3, 10);
    EXPECT_TRUE(terminal.comes_to_end_with("\rrunning, 3 of 10: ")) << terminal.shown;
  }
  EXPECT_TRUE(terminal.comes_to_end_with(" s\x1b[K\r\x1b[K")) << terminal.shown;
}

TEST(Progress, SaysNothingOfWhatIsQuick) {
  Terminal terminal;
  ASSERT_GE(terminal.theirs, 0);
  {
    const StandardError replaced(terminal.theirs);
    tools::Waiting waiting("planning");
    waiting.now("running");
  }
  EXPECT_FALSE(terminal.comes_to_end_with("s", 300)) << terminal.shown;
  EXPECT_EQ(terminal.shown, "");
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
