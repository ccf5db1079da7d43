// SPDX-License-Identifier: Apache-2.0
// A team whose threads never have time: plans divide their work into shares, which the calling
// thread does one after the other, so that what is found can be found again.
#pragma once

#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "pipit/team.h"

namespace pipit::test {

// The only one; it lives until the program ends.
inline Team* busy_team() {
  constexpr int kThreads = 3;
  static std::atomic<int> at_work{0};
  static Team* const team = [] {
    Team* made = new Team;  // which nobody can end
    if (made->start(kThreads) != kThreads) throw std::runtime_error("no threads");
    const auto never_end = [](void*, int) {
      ++at_work;
      for (;;) pause();
    };
    std::thread([=] { made->run(never_end, nullptr, kThreads); }).detach();
    while (at_work != kThreads) std::this_thread::yield();
    return made;
  }();
  return team;
}

}  // namespace pipit::test
