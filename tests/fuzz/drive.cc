// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target where there is no libFuzzer: in 32-bit code, and in an emulator. Inputs are
// the seeds, and then seeds that were changed; the same number makes the same change. A child
// process runs them, so that one that ends it is known, written to a file, and not the last.
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/random.h"

// The target; the others are only there where it knows the format that it reads.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" __attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                                                size_t most, unsigned seed);
extern "C" __attribute__((weak)) size_t LLVMFuzzerCustomCrossOver(const uint8_t* first,
                                                                  size_t first_size,
                                                                  const uint8_t* second,
                                                                  size_t second_size, uint8_t* out,
                                                                  size_t most, unsigned seed);

namespace pipit::test {
namespace {

namespace fs = std::filesystem;
using File = std::vector<uint8_t>;

constexpr size_t kLongest = 8192;
constexpr unsigned kMostSeconds = 300;  // of one input, waiting included
#if defined(__x86_64__)
constexpr unsigned kMostCpuSeconds = 5;
#else
constexpr unsigned kMostCpuSeconds = 50;  // in an emulator
#endif
constexpr int kMostFindings = 20;
// Of one child: an emulator hands out addresses in turn, and after some hundred gigabytes of
// reservations those that the address sanitizer has no shadow for.
constexpr uint64_t kMostInputs = 4000;

Random random_bytes(0);  // of the changes that LLVMFuzzerMutate makes

uint8_t interesting_byte() {
  static constexpr uint8_t kBytes[] = {0, 1, 2, 3, 4, 8, 16, 32, 64, 127, 128, 254, 255, '\n', '{'};
  return random_bytes.one_in(2) ? kBytes[random_bytes.below(std::size(kBytes))]
                                : static_cast<uint8_t>(random_bytes.bits());
}

void change(File& file, size_t most) {
  Random& random = random_bytes;
  const size_t at = random.below(file.size() + 1);
  const auto place = file.begin() + static_cast<ptrdiff_t>(at);
  const size_t left = file.size() - at, few = random.below(std::min<size_t>(left, 16) + 1);
  const File part(place, place + static_cast<ptrdiff_t>(few));
  switch (random.between(0, 5)) {
    case 0:
      if (left != 0) *place = static_cast<uint8_t>(*place ^ (1u << random.below(8)));
      return;
    case 1:
      if (file.size() < most) file.insert(place, interesting_byte());
      return;
    case 2:
      file.erase(place, place + static_cast<ptrdiff_t>(few));
      return;
    case 3: {  // the same again, somewhere
      const auto to = file.begin() + static_cast<ptrdiff_t>(random.below(file.size() + 1));
      if (file.size() + few <= most) file.insert(to, part.begin(), part.end());
      return;
    }
    case 4: {  // a number of up to four bytes
      const auto value = static_cast<uint32_t>(random.one_in(2) ? random.bits() >> random.below(64)
                                                                : UINT32_MAX - random.below(3));
      if (left != 0) std::memcpy(&*place, &value, std::min<size_t>(left, random.below(4) + 1));
      return;
    }
    default:
      if (left != 0) *place = interesting_byte();
  }
}

File read_seed(const fs::path& path) {
  File file = read_file(path);
  file.resize(std::min(file.size(), kLongest));
  return file;
}

// Signals end a process that takes longer; none: 0.
void limit_time(unsigned seconds, unsigned cpu_seconds) {
  alarm(seconds);
  itimerval of_cpu = {};
  of_cpu.it_value.tv_sec = cpu_seconds;
  setitimer(ITIMER_PROF, &of_cpu, nullptr);
}

// What parent and child know.
struct Progress {
  uint64_t at = 0;
};

class Driver {
 public:
  Driver(uint64_t count, uint64_t first, const fs::path& findings)
      : count_(count), first_(first), findings_(findings) {
    void* shared =
        mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw std::bad_alloc();
    progress_ = new (shared) Progress;
  }

  void add_seeds(const fs::path& path) {
    if (!fs::is_directory(path)) return seeds_.push_back(read_seed(path));
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());  // the file system's order is any
    for (const fs::path& file : files) seeds_.push_back(read_seed(file));
  }

  int run() {
    if (seeds_.empty()) throw std::runtime_error("no seeds");
    int findings = 0;
    const auto start = std::chrono::steady_clock::now();
    while (progress_->at < total() && findings < kMostFindings) {
      const int status = run_in_child();
      if (status == 0) continue;
      ++findings;
      report(status);
      ++progress_->at;
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    std::printf("%" PRIu64 " executions from %zu seeds, %.0f a second; %d findings\n",
                progress_->at, seeds_.size(), static_cast<double>(progress_->at) / taken.count(),
                findings);
    return findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }

 private:
  uint64_t total() const { return seeds_.size() + count_; }

  // The seeds come first, as they are.
  File input(uint64_t at) const {
    if (at < seeds_.size()) return seeds_[static_cast<size_t>(at)];
    Random random(first_ + at - seeds_.size());
    File file = seeds_[random.below(seeds_.size())];
    file.reserve(kLongest);
    for (int i = random.between(1, 4); i > 0; --i) file = changed(file, random);
    return file;
  }

  File changed(const File& file, Random& random) const {
    random_bytes = Random(random.bits());
    const auto seed = static_cast<unsigned>(random.bits());
    const File& other = seeds_[random.below(seeds_.size())];
    File out(file);
    out.resize(kLongest);
    size_t size = 0;
    if (LLVMFuzzerCustomCrossOver != nullptr && random.one_in(32)) {
      size = LLVMFuzzerCustomCrossOver(file.data(), file.size(), other.data(), other.size(),
                                       out.data(), kLongest, seed);
    }
    if (size == 0 && LLVMFuzzerCustomMutator != nullptr) {
      size = LLVMFuzzerCustomMutator(out.data(), file.size(), kLongest, seed);
    } else if (size == 0) {
      out.resize(file.size());
      change(out, kLongest);
      size = out.size();
    }
    out.resize(size);
    return out;
  }

  int run_in_child() {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
      const uint64_t end = std::min(total(), progress_->at + kMostInputs);
      for (; progress_->at < end; ++progress_->at) {
        const File file = input(progress_->at);
        limit_time(kMostSeconds, kMostCpuSeconds);
        (void)LLVMFuzzerTestOneInput(file.data(), file.size());
      }
      limit_time(0, 0);
      _exit(0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child) throw std::runtime_error("lost the child");
    return status;
  }

  void report(int status) const {
    const File file = input(progress_->at);
    const fs::path to =
        findings_ / ("finding-" + std::to_string(first_) + "-" + std::to_string(progress_->at));
    std::ofstream out(to, std::ios::binary);
    out.write(reinterpret_cast<const char*>(file.data()),
              static_cast<std::streamsize>(file.size()));
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const char* how = signal == 0                              ? "ended the program"
                      : signal == SIGALRM || signal == SIGPROF ? "took too long"
                                                               : strsignal(signal);
    std::printf("FINDING: input %" PRIu64 " of %" PRIu64 ": %s; %s %s\n", progress_->at, first_,
                how, out.flush() ? "it is" : "cannot write", to.c_str());
  }

  const uint64_t count_, first_;
  const fs::path findings_;
  std::vector<File> seeds_;
  Progress* progress_ = nullptr;
};

}  // namespace
}  // namespace pipit::test

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most) {
  std::vector<uint8_t> file(data, data + size);
  pipit::test::change(file, most);
  std::copy(file.begin(), file.end(), data);
  return file.size();
}

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr,
                 "usage: %s COUNT FIRST_NUMBER FOLDER_FOR_FINDINGS SEED...\n"
                 "Runs the seeds (files or folders), and COUNT changed ones.\n",
                 argv[0]);
    return 2;
  }
  try {
    const uint64_t count = std::strtoull(argv[1], nullptr, 10);
    std::filesystem::create_directories(argv[3]);
    pipit::test::Driver driver(count, std::strtoull(argv[2], nullptr, 10), argv[3]);
    for (int i = 4; i < argc; ++i) driver.add_seeds(argv[i]);
    return driver.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  }
}
