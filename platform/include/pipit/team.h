// SPDX-License-Identifier: Apache-2.0
// A fixed team of threads that do one piece of work together.
//
//   pipit::Team team;
//   team.start(4);              // once; the calling thread is one of the four
//   options.team = &team;       // any number of interpreters may share it
//
// Threads that have nothing to do look out for work for some twenty microseconds, as long as a
// small layer takes, and then sleep in the kernel.
#pragma once

#include <atomic>
#include <cstdint>

namespace pipit {

class Team {
 public:
  static constexpr int kMostThreads = 32;

  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() { stop(); }

  // Starts threads until there are `threads` with the caller's own, and returns how many there are:
  // fewer when the system gives no more. To be called before any run() and not at the same time;
  // threads that ran before are stopped first.
  int start(int threads);
  // Ends the threads; what is left is the caller's.
  void stop();
  int threads() const { return threads_; }

  using Task = void (*)(void* context, int share);
  // Calls task(context, i) once for each i in [0, shares), spread over the threads, share 0 on the
  // calling one, and returns when all are done. A caller that finds the team at work for somebody
  // else, or calls from inside of a task, does every share itself.
  void run(Task task, void* context, int shares);

 private:
  struct Worker {
    Team* team = nullptr;
    int index = 0;
    uintptr_t thread = 0;
  };
  static void* work(void* worker);
  void serve(int index);
  void do_shares(int index, int threads) const;
  void order(int threads);
  void wait_for_workers();
  void wait_while(std::atomic<uint32_t>& word, uint32_t value, uint32_t bits);
  void wake(std::atomic<uint32_t>& word, uint32_t bits);

  int threads_ = 1;
  Worker workers_[kMostThreads - 1];
  Task task_ = nullptr;
  void* context_ = nullptr;
  int shares_ = 0;
  std::atomic<bool> busy_{false};
  // Which thread takes part in what: a serial number and how many threads, see team.cc. Both words
  // are polled by some while others write their neighbours.
  alignas(64) std::atomic<uint32_t> order_{0};
  alignas(64) std::atomic<uint32_t> pending_{0};  // threads that have yet to finish
  alignas(64) std::atomic<uint32_t> sleepers_{0};
};

}  // namespace pipit
