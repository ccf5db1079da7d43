// SPDX-License-Identifier: Apache-2.0
// Runs models while the process may not get any memory: the system refuses mmap, mremap and brk,
// and every call of the heap is counted.
//
// usage: no_memory_test FILE...
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <functional>
#include <iterator>

#include "pipit/team.h"
#include "tests/soak/loaded_model.h"

namespace {

std::atomic<bool> closed{false};
std::atomic<int> heap_calls{0};

void* count(void* p) {
  if (closed) ++heap_calls;
  return p;
}

}  // namespace

// The C library's own, under these names.
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t n) { return count(__libc_malloc(n)); }
void* calloc(size_t n, size_t m) { return count(__libc_calloc(n, m)); }
void* realloc(void* p, size_t n) { return count(__libc_realloc(p, n)); }
void* aligned_alloc(size_t align, size_t n) { return count(__libc_memalign(align, n)); }
}

namespace pipit::test {
namespace {

constexpr size_t kRoom = size_t{1} << 20;
enum Exit : int { kGood, kUnprepared, kAskedTheHeap, kRefused };

// For all threads of the process, and for good.
bool close_memory() {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_brk, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog program = {std::size(rules), rules};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

// Ends the process itself: what destructors give back, the C library may return to the system.
int run(const char* path, int threads) {
  Team team;
  if (team.start(threads) != threads) return kUnprepared;
  LoadedModel model(path, &team, kRoom);
  Message why;
  if (!close_memory()) return kUnprepared;
  closed = true;
  const bool good = model.create(&why) && model.invoke(1, &why) && model.invoke(2, &why);
  closed = false;
  if (!good) (void)!write(STDERR_FILENO, why.text(), strlen(why.text()));
  _exit(!good ? kRefused : heap_calls != 0 ? kAskedTheHeap : kGood);
}

// In a process of its own, for the door stays closed.
std::string verdict(const std::function<int()>& body) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    int status = kUnprepared;
    try {
      status = body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    _exit(status);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return "cannot start a process";
  if (WIFSIGNALED(status)) {
    return WTERMSIG(status) == SIGSYS ? "asked the system for memory" : "crashed";
  }
  switch (WEXITSTATUS(status)) {
    case kGood:
      return "";
    case kAskedTheHeap:
      return "called the heap";
    case kRefused:
      return " was refused";
    default:
      return "could not be prepared";
  }
}

// That the doors are closed indeed.
bool check_traps() {
  const std::string heap = verdict([] {
    closed = true;
    free(malloc(1));
    return heap_calls != 0 ? kAskedTheHeap : kGood;
  });
  const std::string system = verdict([] {
    if (!close_memory()) return static_cast<int>(kUnprepared);
    free(__libc_malloc(size_t{64} << 20));
    return static_cast<int>(kGood);
  });
  std::printf("self-check: a call of the heap %s, one of mmap %s\n", heap.c_str(), system.c_str());
  return heap == "called the heap" && system == "asked the system for memory";
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  using namespace pipit::test;
  bool good = check_traps();
  for (int i = 1; i < argc; ++i) {
    for (const int threads : {1, 3}) {
      const std::string wrong = verdict([&] { return run(argv[i], threads); });
      good = good && wrong.empty();
      std::printf("%-8s %d threads, %s%s\n", wrong.empty() ? "ok" : "FAILED", threads, argv[i],
                  wrong.empty() ? "" : (": " + wrong).c_str());
    }
  }
  return good && argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
