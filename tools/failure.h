// SPDX-License-Identifier: Apache-2.0
// How a subcommand ends early: an exit status, and one line for a person.
#pragma once

#include <stdexcept>
#include <string>

#include "pipit/status.h"

namespace pipit::tools {

enum Exit : int {
  kSuccess = 0,
  kDiffers = 1,  // as `diff` and `grep` do: an answer, no failure
  kUsage = 2,
  kModelRefused = 3,
  kBadInput = 4,
  kOutOfMemory = 5,
  kFailed = 6,
};

class Failure : public std::runtime_error {
 public:
  Failure(Exit status, const std::string& line) : std::runtime_error(line), status_(status) {}
  Exit status() const { return status_; }

 private:
  Exit status_;
};

// Ends with that status, and no line: all has been said.
struct Ended {
  int status;
};

// The exit status for what the library reports.
inline Exit exit_status(Code code) {
  switch (code) {
    case Code::kOk:
      return kSuccess;
    case Code::kBadModel:
    case Code::kUnsupported:
      return kModelRefused;
    case Code::kArenaTooSmall:
      return kOutOfMemory;
    case Code::kBadArgument:
      return kBadInput;
    case Code::kRunFailed:
      break;
  }
  return kFailed;
}

}  // namespace pipit::tools
