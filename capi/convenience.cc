// SPDX-License-Identifier: Apache-2.0
// Models and interpreters in memory from malloc. Not part of the library proper, which has no heap.
#include <cstdlib>
#include <cstring>

#include "pipit/pipit.h"

namespace {

constexpr size_t kAlign = 64;

void* allocate(size_t bytes) {
  void* memory = nullptr;
  return posix_memalign(&memory, kAlign, bytes) == 0 ? memory : nullptr;
}

pipit_code fail(pipit_message* why, pipit_code code, const char* text) {
  if (why != nullptr) std::strcpy(why->text, text);
  return code;
}

pipit_code no_memory(pipit_message* why) {
  return fail(why, PIPIT_ARENA_TOO_SMALL, "out of memory");
}

// NULL until there is one.
template <class Handle>
pipit_code no_handle_yet(Handle** to, pipit_message* why) {
  if (to == nullptr) return fail(why, PIPIT_BAD_ARGUMENT, "there is no place for the handle: NULL");
  *to = nullptr;
  return PIPIT_OK;
}

}  // namespace

extern "C" {

pipit_code pipit_model_open(const char* path, pipit_model** model, pipit_message* why) {
  if (pipit_code bad = no_handle_yet(model, why)) return bad;
  void* memory = allocate(pipit_model_bytes());
  if (memory == nullptr) return no_memory(why);
  const pipit_code bad = pipit_model_init_file(memory, pipit_model_bytes(), path, model, why);
  if (bad != PIPIT_OK) std::free(memory);
  return bad;
}

pipit_code pipit_model_copy(const void* file, size_t file_bytes, pipit_model** model,
                            pipit_message* why) {
  if (pipit_code bad = no_handle_yet(model, why)) return bad;
  if (file == nullptr) return fail(why, PIPIT_BAD_ARGUMENT, "the file's bytes are NULL");
  const size_t front = (pipit_model_bytes() + kAlign - 1) / kAlign * kAlign;
  void* memory = file_bytes > SIZE_MAX - front ? nullptr : allocate(front + file_bytes);
  if (memory == nullptr) return no_memory(why);
  char* copy = static_cast<char*>(memory) + front;
  if (file_bytes != 0) std::memcpy(copy, file, file_bytes);
  const pipit_code bad = pipit_model_init(memory, front, copy, file_bytes, model, why);
  if (bad != PIPIT_OK) std::free(memory);
  return bad;
}

void pipit_model_close(pipit_model* model) {
  pipit_model_release(model);
  std::free(model);
}

pipit_code pipit_interpreter_create(const pipit_model* model, const pipit_options* options,
                                    size_t room, pipit_interpreter** net, pipit_message* why) {
  if (pipit_code bad = no_handle_yet(net, why)) return bad;
  pipit_memory memory = {};
  memory.struct_bytes = sizeof(memory);
  if (pipit_code bad = pipit_required_memory(model, options, &memory, why)) return bad;
  if (room > SIZE_MAX - memory.arena_bytes) return no_memory(why);
  const size_t bytes = memory.arena_bytes + room;
  void* arena = allocate(bytes);
  if (arena == nullptr) return no_memory(why);
  const pipit_code bad = pipit_interpreter_init(model, arena, bytes, options, net, why);
  if (bad != PIPIT_OK) std::free(arena);
  return bad;
}

// The handle lies at the start of its arena.
void pipit_interpreter_delete(pipit_interpreter* net) { std::free(net); }

pipit_code pipit_team_create(int32_t threads, pipit_team** team, pipit_message* why) {
  if (pipit_code bad = no_handle_yet(team, why)) return bad;
  void* memory = allocate(pipit_team_bytes());
  if (memory == nullptr) return no_memory(why);
  const pipit_code bad = pipit_team_init(memory, pipit_team_bytes(), threads, team, why);
  if (bad != PIPIT_OK) std::free(memory);
  return bad;
}

void pipit_team_delete(pipit_team* team) {
  pipit_team_release(team);
  std::free(team);
}

}  // extern "C"
