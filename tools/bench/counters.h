// SPDX-License-Identifier: Apache-2.0
// The CPU's counters of events, where the kernel lets a program read them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pipit::tools {

struct Count {
  const char* name = "";  // "cycles"
  double value = 0;
};

class Counters {
 public:
  // Opens them for this thread and all that it starts from now on.
  Counters();
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  bool available() const { return !open_.empty(); }
  // Why there are none: one line; "" when there are some.
  const std::string& refusal() const { return refusal_; }

  void start() const;
  void stop() const;
  // What was counted between start() and stop(); where counters took turns, what they would have
  // counted all the time.
  std::vector<Count> read() const;

 private:
  struct Event {
    const char* name;
    int fd;
  };

  std::vector<Event> open_;
  std::string refusal_;
};

}  // namespace pipit::tools
