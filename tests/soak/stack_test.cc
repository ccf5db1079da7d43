// SPDX-License-Identifier: Apache-2.0
// How deep the stack gets while models are parsed, planned and run: never in proportion to them.
//
// usage: stack_test STEP FOLDER      every STEP-th model.tflite below FOLDER
#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/exercise.h"
#include "tests/support/files.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;

constexpr size_t kStackBytes = size_t{1} << 20;
constexpr size_t kArenaBytes = size_t{1} << 20;
constexpr size_t kMostBytes = size_t{40} << 10;
constexpr uint8_t kPaint = 0xa5;

struct Job {
  Span<const uint8_t> file;
  Span<uint8_t> arena;
  uint64_t seed = 0;
};

void* work(void* context) {
  const Job& job = *static_cast<Job*>(context);
  if (!job.file.empty()) (void)exercise(job.file, {.arena = job.arena, .seed = job.seed});
  return nullptr;
}

// Bytes of the stack that differ from the paint.
size_t depth(GuardedBuffer<uint8_t>& stack, Job job) {
  std::fill(stack.data(), stack.data() + stack.size(), kPaint);
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack.data(), stack.size());
  if (pthread_create(&thread, &attributes, work, &job) != 0) {
    throw std::runtime_error("cannot start a thread");
  }
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  const uint8_t* deepest = std::find_if(stack.data(), stack.data() + stack.size(),
                                        [](uint8_t byte) { return byte != kPaint; });
  return static_cast<size_t>(stack.data() + stack.size() - deepest);
}

int run(size_t step, const fs::path& folder) {
  GuardedBuffer<uint8_t> stack(kStackBytes, Against::kLowerGuard, 4096);
  const GuardedBuffer<uint8_t> arena(kArenaBytes, Against::kUpperGuard, 16);
  const size_t empty = depth(stack, {});
  size_t most = 0, tried = 0;
  std::string deepest;
  for (const fs::path& model : models_below(folder, step)) {
    const std::vector<uint8_t> bytes = read_file(model);
    const GuardedBuffer<uint8_t> file(bytes.size(), Against::kUpperGuard, 16);
    std::copy(bytes.begin(), bytes.end(), file.data());
    const size_t used = depth(stack, {file.span(), arena.span(), ++tried}) - empty;
    if (used > most) deepest = model;
    most = std::max(most, used);
  }
  std::printf("%zu models, at most %zu bytes of stack (a thread that does nothing has %zu): %s\n",
              tried, most, empty, deepest.c_str());
  return tried != 0 && most <= kMostBytes ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: stack_test STEP FOLDER\n");
    return 2;
  }
  try {
    return pipit::test::run(std::strtoul(argv[1], nullptr, 10), argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stack_test: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
