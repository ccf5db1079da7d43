// SPDX-License-Identifier: Apache-2.0
// Very many invocations of models in turn, with resizes between them: memory stays what it was, to
// the byte, and so do results.
//
// usage: soak_test INVOCATIONS FILE...
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>

#include "tests/soak/loaded_model.h"

namespace pipit::test {
namespace {

constexpr size_t kRoom = size_t{1} << 18;
constexpr size_t kSeeds = 16;

struct Memory {
  size_t heap = 0;     // bytes that are in use
  size_t process = 0;  // bytes that may be written, as the system has given them
  bool operator==(const Memory& o) const { return heap == o.heap && process == o.process; }
};

// An emulator lists the mappings of the program that it runs, without its own.
Memory memory_now() {
  Memory m;
  m.heap = mallinfo2().uordblks;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    size_t begin = 0, end = 0;
    char write = 0;
    if (std::sscanf(line.c_str(), "%zx-%zx %*c%c", &begin, &end, &write) != 3) {
      throw std::runtime_error("cannot read: " + line);
    }
    if (write == 'w') m.process += end - begin;
  }
  if (m.heap == 0 || m.process == 0) throw std::runtime_error("cannot count memory");
  return m;
}

uint64_t hash_of_outputs(const Interpreter& net) {
  uint64_t h = 14695981039346656037u;
  for (int i = 0; i < net.outputs(); ++i) {
    const Tensor& t = *net.output(i);
    for (size_t k = 0; t.data != nullptr && k < t.bytes; ++k) {
      h = (h ^ t.as<uint8_t>()[k]) * 1099511628211u;
    }
  }
  return h;
}

class Soak {
 public:
  explicit Soak(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      models_.push_back(std::make_unique<LoadedModel>(path, nullptr, kRoom));
      require(models_.back()->create(&why_));
    }
    expected_.assign(models_.size() * kSeeds, 0);
  }

  // One invocation; the first round over all seeds keeps what the others are compared with.
  void turn(size_t i, bool first) {
    const size_t m = i % models_.size();
    LoadedModel& model = *models_[m];
    const size_t seed = i / models_.size() % kSeeds;
    // The same shapes planned anew, from time to time; variables start over.
    if (seed == 0) require(model.net().resize({}, &why_).ok());
    require(model.invoke(seed, &why_));
    uint64_t& expected = expected_[m * kSeeds + seed];
    const uint64_t now = hash_of_outputs(model.net());
    if (first) expected = now;
    if (now != expected) throw std::runtime_error(model.name() + ": other results than before");
    const size_t arena = model.net().memory().arena_bytes;
    if (seed != 0) return;
    if (first) arenas_.push_back(arena);
    if (arenas_[m] != arena) throw std::runtime_error(model.name() + ": the plan has grown");
  }

  size_t round() const { return models_.size() * kSeeds; }

 private:
  void require(bool ok) const {
    if (!ok) throw std::runtime_error(why_.text());
  }

  std::vector<std::unique_ptr<LoadedModel>> models_;
  std::vector<uint64_t> expected_;
  std::vector<size_t> arenas_;
  Message why_;
};

// That the counts see what a program takes.
void check_counts() {
  constexpr size_t kSmall = 1000, kLarge = size_t{1} << 24;
  const Memory before = memory_now();
  const auto small = std::make_unique<volatile uint8_t[]>(kSmall);
  const Memory after = memory_now();
  const GuardedBuffer<uint8_t> large(kLarge, Against::kUpperGuard, 16);
  const Memory most = memory_now();
  if (after.heap >= before.heap + kSmall && most.process == after.process + kLarge) return;
  throw std::runtime_error("memory that was taken is not counted");
}

void run(size_t invocations, const std::vector<std::string>& paths) {
  check_counts();
  Soak soak(paths);
  const Memory early = memory_now();
  for (size_t i = 0; i < soak.round(); ++i) soak.turn(i, true);
  const Memory before = memory_now();
  for (size_t i = 0; i < invocations; ++i) soak.turn(i, false);
  const Memory after = memory_now();
  std::printf("after 0, %zu and %zu more invocations: %zu, %zu, %zu bytes of heap, ", soak.round(),
              invocations, early.heap, before.heap, after.heap);
  std::printf("%zu, %zu, %zu of the process\n", early.process, before.process, after.process);
  if (!(before == after)) throw std::runtime_error("memory has changed");
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: soak_test INVOCATIONS FILE...\n");
    return 2;
  }
  try {
    pipit::test::run(std::strtoul(argv[1], nullptr, 10), {argv + 2, argv + argc});
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak_test: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
