// SPDX-License-Identifier: Apache-2.0
// Goes through model files place by place: prefixes, bytes, and the numbers that the format has in
// them. What comes out is parsed, planned and run: it may be refused, and nothing else may happen.
//
// usage: sweep_test PLACES FILE...      at most PLACES of each kind in each file, evenly spread
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/exercise.h"
#include "tests/support/fields.h"
#include "tests/support/files.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/survive.h"

namespace pipit::test {
namespace {

constexpr size_t kArenaBytes = size_t{1} << 18;
constexpr unsigned kMostSeconds = 20;

class Sweep {
 public:
  Sweep(const std::vector<uint8_t>& file, size_t places)
      : good_(file),
        file_(file.size(), Against::kUpperGuard, 16),
        arena_(kArenaBytes, Against::kUpperGuard, 16),
        places_(places) {
    std::copy(good_.begin(), good_.end(), file_.data());
  }

  void prefixes() {
    for_places(good_.size(), [&](size_t n) {
      const GuardedBuffer<uint8_t> prefix(n, Against::kUpperGuard, 16);
      std::copy_n(good_.begin(), n, prefix.data());
      attempt(prefix.span(), "the first " + std::to_string(n) + " bytes");
    });
  }

  void bytes() {
    for_places(good_.size(), [&](size_t at) {
      uint8_t& byte = file_.data()[at];
      const auto set = [&](int value) {
        byte = static_cast<uint8_t>(value);
        attempt(file_.span(), "byte " + std::to_string(at) + " is " + std::to_string(byte));
      };
      set(0);
      set(0xff);
      for (int bit = 0; bit < 8; ++bit) set(good_[at] ^ (1 << bit));
      byte = good_[at];
    });
  }

  // Indices, dimensions, sizes, options: what they all are not is -1, 0, their count and 2^31 - 1.
  void numbers() {
    const std::vector<Field> fields = find_fields(good_);
    for_places(fields.size(), [&](size_t i) {
      const Field& f = fields[i];
      for (const int64_t value : {int64_t{-1}, int64_t{0}, int64_t{f.count}, int64_t{INT32_MAX},
                                  get_field(f, good_.data()) + 1}) {
        set_field(f, value, file_.data());
        attempt(file_.span(), std::string(f.name) + " at " + std::to_string(f.at) + " is " +
                                  std::to_string(value));
      }
      set_field(f, get_field(f, good_.data()), file_.data());
    });
  }

  size_t tried() const { return tried_; }
  size_t failures() const { return failures_; }

 private:
  template <class F>
  void for_places(size_t count, const F& f) {
    const size_t chosen = std::min(count, places_);
    for (size_t i = 0; i < chosen; ++i) f(i * count / chosen);
  }

  void attempt(Span<const uint8_t> file, const std::string& change) {
    set_current_name(change.c_str());
    std::string wrong;
    const std::string crash = survive(
        kMostSeconds, [&] { wrong = exercise(file, {.arena = arena_.span(), .seed = ++tried_}); });
    if (!crash.empty()) wrong = crash;
    if (wrong.empty()) return;
    ++failures_;
    std::printf("  FAILED: %s: %s\n", change.c_str(), wrong.c_str());
  }

  std::vector<uint8_t> good_;
  GuardedBuffer<uint8_t> file_;
  GuardedBuffer<uint8_t> arena_;
  size_t places_;
  size_t tried_ = 0;
  size_t failures_ = 0;
};

bool sweep(const std::string& path, size_t places) {
  const std::vector<uint8_t> file = read_file(path);
  Sweep given(file, places);
  given.prefixes();
  given.bytes();
  given.numbers();
  // And with all that the file leaves out.
  Sweep full(with_all_fields(file), places);
  full.numbers();
  const size_t failures = given.failures() + full.failures();
  std::printf("%6zu changes, %zu failures: %s\n", given.tried() + full.tried(), failures,
              path.c_str());
  return failures == 0;
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: sweep_test PLACES FILE...\n");
    return 2;
  }
  bool good = true;
  for (int i = 2; i < argc; ++i) {
    good = pipit::test::sweep(argv[i], std::strtoul(argv[1], nullptr, 10)) && good;
  }
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
