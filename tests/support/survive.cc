// SPDX-License-Identifier: Apache-2.0
#include "tests/support/survive.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <vector>

// Of the sanitizers' run-time library; nullptr in a build without.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace pipit::test {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPROF, SIGALRM};

sigjmp_buf back;
const char* current_name = "";

void jump_back(int signal) { siglongjmp(back, signal); }

void print_current_name() {
  const char intro[] = "while running ";
  (void)!write(STDERR_FILENO, intro, strlen(intro));
  (void)!write(STDERR_FILENO, current_name, strlen(current_name));
  (void)!write(STDERR_FILENO, "\n", 1);
}

void install_handlers() {
  // A stack of its own, so that an endless recursion can be told too.
  static std::vector<char> stack(size_t{1} << 16);
  stack_t alternative = {};
  alternative.ss_sp = stack.data();
  alternative.ss_size = stack.size();
  sigaltstack(&alternative, nullptr);
  struct sigaction action = {};
  action.sa_handler = jump_back;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (int signal : kSignals) sigaction(signal, &action, nullptr);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(print_current_name);
  }
}

// Of the processor; a body that waits for something has longer. 0: no limit.
void limit_time(unsigned seconds) {
  itimerval time = {};
  time.it_value.tv_sec = static_cast<time_t>(seconds);
  setitimer(ITIMER_PROF, &time, nullptr);
  alarm(10 * seconds);
}

}  // namespace

std::string survive(unsigned seconds, const std::function<void()>& body) {
  static const bool installed = (install_handlers(), true);
  (void)installed;
  const int signal = sigsetjmp(back, 1);
  if (signal == 0) {
    limit_time(seconds);
    body();
    limit_time(0);
    return "";
  }
  limit_time(0);
  if (signal == SIGALRM || signal == SIGPROF)
    return "took more than " + std::to_string(seconds) + " s";
  return std::string("crashed: ") + strsignal(signal);
}

void set_current_name(const char* name) { current_name = name; }

}  // namespace pipit::test
