// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of the board in /proc and /sys: what it is, how fast it is clocked, how
// warm it is, and what holds its clock down. Any of that may be missing; then it says what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/describe.h"

namespace pipit::tools {

// Facts that change while a program runs.
struct BoardState {
  std::optional<int64_t> clock_hz;
  std::optional<double> celsius;
  // What holds the clock down, now or at some time since the look before: "under-voltage", ...
  // Empty when nothing does; none when nothing tells.
  std::optional<std::vector<std::string>> throttled;
};

class Board {
 public:
  // Below `root` are proc and sys; "" is the machine itself.
  explicit Board(const std::string& root = "");

  BoardState look();

  const std::string& model() const { return model_; }        // "" when nothing tells
  const std::string& governor() const { return governor_; }  // likewise
  int cpus() const { return cpus_; }
  // The kinds of cores, as "Cortex-A72", each once.
  const std::vector<std::string>& cores() const { return cores_; }
  std::optional<int64_t> highest_clock_hz() const { return highest_clock_hz_; }
  // One line on what cannot be known, and why; "" when all is.
  std::string unknown() const;

  Json json() const;

 private:
  // A file without its blanks at the end; none when it is missing, or cannot be read.
  // (Little memory for what is looked at while measuring.)
  std::optional<std::string> read(const std::string& name, size_t most = 1024);
  std::optional<int64_t> read_number(const std::string& name, int base = 10);
  void read_model();
  void read_cores();
  std::string clock_folder() const;
  void find_thermal_zone();
  void find_throttling();
  bool add_firmware_reasons(std::vector<std::string>* reasons);

  std::string root_, model_, governor_;
  std::string temperature_, firmware_, alarm_;  // files; "" when there is none
  std::vector<std::string> cooling_;
  std::vector<std::string> cores_, missing_, unreadable_;
  int cpus_ = 0;
  int64_t happened_ = 0;  // events that the firmware knew at the look before
  std::optional<int64_t> highest_clock_hz_;
};

Json state_json(const BoardState& state);
// "1800 MHz, 52.1 C, not throttled"
std::string state_text(const BoardState& state);

}  // namespace pipit::tools
