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
constexpr uint64_t kSeeds = 16;

struct Memory {
  size_t heap = 0;     // bytes that are in use
  size_t process = 0;  // kB of data that the system has given
  bool operator==(const Memory& o) const { return heap == o.heap && process == o.process; }
};

Memory memory_now() {
  Memory m;
  m.heap = mallinfo2().uordblks;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmData:") status >> m.process;
  }
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
  void turn(uint64_t i, bool first) {
    const size_t m = i % models_.size();
    LoadedModel& model = *models_[m];
    const uint64_t seed = i / models_.size() % kSeeds;
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

  uint64_t round() const { return models_.size() * kSeeds; }

 private:
  void require(bool ok) const {
    if (!ok) throw std::runtime_error(why_.text());
  }

  std::vector<std::unique_ptr<LoadedModel>> models_;
  std::vector<uint64_t> expected_;
  std::vector<size_t> arenas_;
  Message why_;
};

void run(uint64_t invocations, const std::vector<std::string>& paths) {
  Soak soak(paths);
  const Memory early = memory_now();
  for (uint64_t i = 0; i < soak.round(); ++i) soak.turn(i, true);
  const Memory before = memory_now();
  for (uint64_t i = 0; i < invocations; ++i) soak.turn(i, false);
  const Memory after = memory_now();
  std::printf("heap: %zu, %zu, %zu bytes; process: %zu, %zu, %zu kB; after 0, %llu and %llu more\n",
              early.heap, before.heap, after.heap, early.process, before.process, after.process,
              static_cast<unsigned long long>(soak.round()),
              static_cast<unsigned long long>(invocations));
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
    pipit::test::run(std::strtoull(argv[1], nullptr, 10), {argv + 2, argv + argc});
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak_test: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
