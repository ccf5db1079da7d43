// SPDX-License-Identifier: Apache-2.0
// How Pipit reports failure: a code to branch on, and one line of text for a person.
//
//   pipit::Message why;
//   auto model = pipit::Model::parse(bytes, &why);
//   if (!model.ok()) return fail(why.text());
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace pipit {

enum class Code : uint8_t {
  kOk = 0,
  kBadModel,       // the bytes are not a well-formed model
  kUnsupported,    // well-formed, but outside what this build can run
  kArenaTooSmall,  // the message says which size suffices
  kBadArgument,    // the caller broke the contract of the function
  kRunFailed,      // a value that arrived in a tensor cannot be processed
};

class [[nodiscard]] Status {
 public:
  constexpr Status() = default;                 // success
  constexpr Status(Code code) : code_(code) {}  // NOLINT: implicit on purpose
  constexpr bool ok() const { return code_ == Code::kOk; }
  constexpr Code code() const { return code_; }

 private:
  Code code_ = Code::kOk;
};

// One line of text in memory of its own. What does not fit is cut and ends in "...".
class Message {
 public:
  static constexpr size_t kCapacity = 1024;

  const char* text() const { return text_; }
  bool empty() const { return length_ == 0; }
  void clear() { text_[length_ = 0] = '\0'; }
  void append(const char* text, size_t length);

 private:
  size_t length_ = 0;
  char text_[kCapacity] = {};
};

// A value, or the status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Status status) : status_(status) {}     // NOLINT: implicit on purpose
  Result(Code code) : Result(Status(code)) {}    // NOLINT: implicit on purpose

  bool ok() const { return status_.ok(); }
  Status status() const { return status_; }
  // Only when ok().
  T& value() { return value_; }
  const T& value() const { return value_; }

 private:
  Status status_;
  T value_{};
};

}  // namespace pipit

// Returns from the calling function when `expr` (a Status) is a failure.
#define PIPIT_TRY(expr)                                                           \
  do {                                                                            \
    if (::pipit::Status try_status = (expr); !try_status.ok()) return try_status; \
  } while (false)
