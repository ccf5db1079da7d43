// SPDX-License-Identifier: Apache-2.0
// Teams of threads in memory of the caller.
#include "capi/handles.h"

namespace capi = pipit::capi;

extern "C" {

size_t pipit_team_bytes(void) { return sizeof(pipit_team); }

pipit_code pipit_team_init(void* memory, size_t memory_bytes, int32_t threads, pipit_team** team,
                           pipit_message* why) {
  if (pipit_code bad = capi::no_handle_yet(team, why)) return bad;
  if (memory == nullptr || memory_bytes < sizeof(pipit_team) ||
      reinterpret_cast<uintptr_t>(memory) % alignof(pipit_team) != 0) {
    return capi::fail(why, PIPIT_BAD_ARGUMENT,
                      "a team wants pipit_team_bytes() of memory, aligned to 64 bytes");
  }
  if (threads < 1) return capi::fail(why, PIPIT_BAD_ARGUMENT, "a team has 1 thread or more");
  *team = new (memory) pipit_team();
  (*team)->team.start(threads);
  return PIPIT_OK;
}

int32_t pipit_team_threads(const pipit_team* team) {
  return team == nullptr ? -1 : team->team.threads();
}

void pipit_team_release(pipit_team* team) {
  if (team != nullptr) team->~pipit_team();
}

}  // extern "C"
