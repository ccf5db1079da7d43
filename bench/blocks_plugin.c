// SPDX-License-Identifier: Apache-2.0
// A plugin for QEMU's user mode: how often each translated block of a program ran, and what caches
// of data would have missed.
//
//   qemu-aarch64 -plugin blocks_plugin.so,out=FILE[,threads=on][,caches=32-4/512-16]...
//                [,bell=ADDRESS,loop=FIRST-LAST] PROGRAM...
//
// What runs is cut into sections where `loop`, the addresses of a function, calls the function at
// `bell` before and after each of its steps. FILE has lines of text:
//   section MARK               what follows is of this section. MARK: start, bell while that runs,
//                              or the address in the loop to which it returned: another one before
//                              a step than after it
//   runs BLOCK COUNT           how often a block ran; with threads=on a number for each thread, in
//                              the order of their creation, separated by commas
//   misses CACHES N,N,N N,N,N  misses of each level, and which of them are unforeseen (caches.h)
//   block BLOCK ADDRESS CODE   at the end: the instructions of each block in hexadecimal
//
// Debian ships no header for plugins, so the part of the interface that is used (version 1) stands
// here.
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caches.h"

typedef uint64_t PluginId;
typedef uint32_t MemoryInfo;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { INLINE_ADD_U64 = 0 };
enum { READS_AND_WRITES = 3 };
enum { CALLBACK_NO_REGISTERS = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(PluginId, void (*)(PluginId, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb*, int, void*, uint64_t);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb*, void (*)(unsigned, void*), int,
                                          void*);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn*,
                                      void (*)(unsigned, MemoryInfo, uint64_t, void*), int, int,
                                      void*);
void qemu_plugin_register_atexit_cb(PluginId, void (*)(PluginId, void*), void*);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb*);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
const void* qemu_plugin_insn_data(const struct qemu_plugin_insn*);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn*);
unsigned qemu_plugin_mem_size_shift(MemoryInfo);

#define PUBLIC __attribute__((visibility("default")))
PUBLIC int qemu_plugin_version = 1;

enum { kThreads = 64, kBuckets = 1 << 14, kCaches = 4 };

struct Block {
  struct Block* next;
  unsigned number;
  uint64_t address;
  uint64_t runs[kThreads];  // in this section; all in the first one, unless threads are told apart
  char* text;               // "1f2003d5 c0035fd6"
};

static struct Block* buckets[kBuckets];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static FILE* out;
static bool by_thread;
static unsigned blocks;
static struct Caches* caches[kCaches];
static int cache_count;
static uint64_t bell, loop_first, loop_last;
static bool bell_rang;

// A block is translated anew when it was thrown away, and other code may come to lie where it was.
static struct Block* find_block(uint64_t address, char* text) {
  struct Block** at = &buckets[(address >> 1) % kBuckets];
  while (*at != NULL && ((*at)->address != address || strcmp((*at)->text, text) != 0)) {
    at = &(*at)->next;
  }
  if (*at != NULL) {
    free(text);
  } else {
    *at = calloc(1, sizeof(**at));
    (*at)->number = blocks++;
    (*at)->address = address;
    (*at)->text = text;
  }
  return *at;
}

static char* text_of(const struct qemu_plugin_tb* tb) {
  char* text = NULL;
  size_t length = 0;
  FILE* to = open_memstream(&text, &length);
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
    const struct qemu_plugin_insn* insn = qemu_plugin_tb_get_insn(tb, i);
    const uint8_t* bytes = qemu_plugin_insn_data(insn);
    if (i != 0) fputc(' ', to);
    for (size_t k = 0; k < qemu_plugin_insn_size(insn); k++) fprintf(to, "%02x", bytes[k]);
  }
  fclose(to);
  return text;
}

static void count(unsigned thread, void* block) {
  ((struct Block*)block)->runs[thread < kThreads ? thread : kThreads - 1]++;
}

static void on_access(unsigned thread, MemoryInfo info, uint64_t address, void* context) {
  (void)thread, (void)context;
  const uint64_t bytes = 1u << qemu_plugin_mem_size_shift(info);
  for (int i = 0; i < cache_count; i++) access_caches(caches[i], address, bytes);
}

static void write_runs(struct Block* block) {
  int last = -1;
  for (int i = 0; i < kThreads; i++) {
    if (block->runs[i] != 0) last = i;
  }
  if (last < 0) return;
  fprintf(out, "runs %u ", block->number);
  for (int i = 0; i <= last; i++) {
    fprintf(out, "%s%llu", i == 0 ? "" : ",", (unsigned long long)block->runs[i]);
  }
  fputc('\n', out);
  memset(block->runs, 0, sizeof(block->runs));
}

static void write_numbers(const uint64_t* numbers) {
  for (int i = 0; i < kLevels; i++) {
    fprintf(out, "%c%llu", i == 0 ? ' ' : ',', (unsigned long long)numbers[i]);
  }
}

static void for_each_block(void (*f)(struct Block*)) {
  for (int i = 0; i < kBuckets; i++) {
    for (struct Block* b = buckets[i]; b != NULL; b = b->next) f(b);
  }
}

static void end_section(void) {
  for_each_block(write_runs);
  for (int i = 0; i < cache_count; i++) {
    const struct Misses misses = take_misses(caches[i]);
    fprintf(out, "misses %d", i);
    write_numbers(misses.all);
    write_numbers(misses.unforeseen);
    fputc('\n', out);
  }
}

static void on_bell(unsigned thread, void* context) {
  (void)thread, (void)context;
  end_section();
  fprintf(out, "section bell\n");
  bell_rang = true;
}

static void on_loop(unsigned thread, void* block) {
  (void)thread;
  if (!bell_rang) return;
  end_section();
  fprintf(out, "section %llx\n", (unsigned long long)((struct Block*)block)->address);
  bell_rang = false;
}

static void watch_sections(struct qemu_plugin_tb* tb, struct Block* block) {
  if (block->address == bell) {
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_bell, CALLBACK_NO_REGISTERS, block);
  }
  if (loop_first <= block->address && block->address <= loop_last) {
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_loop, CALLBACK_NO_REGISTERS, block);
  }
}

static void watch_memory(struct qemu_plugin_tb* tb) {
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
    qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), on_access,
                                     CALLBACK_NO_REGISTERS, READS_AND_WRITES, NULL);
  }
}

static void on_translation(PluginId id, struct qemu_plugin_tb* tb) {
  (void)id;
  char* text = text_of(tb);
  pthread_mutex_lock(&mutex);
  struct Block* block = find_block(qemu_plugin_tb_vaddr(tb), text);
  pthread_mutex_unlock(&mutex);
  if (bell != 0) watch_sections(tb, block);
  if (cache_count != 0) watch_memory(tb);
  if (by_thread) {
    qemu_plugin_register_vcpu_tb_exec_cb(tb, count, CALLBACK_NO_REGISTERS, block);
  } else {
    qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, block->runs, 1);
  }
}

static void write_block(struct Block* block) {
  fprintf(out, "block %u %llx %s\n", block->number, (unsigned long long)block->address,
          block->text);
}

static void on_exit_of_program(PluginId id, void* context) {
  (void)id, (void)context;
  end_section();
  for_each_block(write_block);
  fclose(out);
}

static bool add_caches(const char* text) {
  if (cache_count == kCaches) return false;
  caches[cache_count] = make_caches(text);
  return caches[cache_count++] != NULL;
}

// Whether the option says something sensible.
static bool take_option(const char* option) {
  unsigned long long first = 0, last = 0;
  if (strncmp(option, "out=", 4) == 0) return (out = fopen(option + 4, "w")) != NULL;
  if (strcmp(option, "threads=on") == 0) return by_thread = true;
  if (strncmp(option, "caches=", 7) == 0) return add_caches(option + 7);
  if (sscanf(option, "bell=%llx", &first) == 1) return (bell = first) != 0;
  if (sscanf(option, "loop=%llx-%llx", &first, &last) != 2) return false;
  loop_first = first;
  loop_last = last;
  return true;
}

PUBLIC int qemu_plugin_install(PluginId id, const void* info, int argc, char** argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    if (!take_option(argv[i])) return 1;
  }
  if (out == NULL) return 1;
  fprintf(out, "section start\n");
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit_of_program, NULL);
  return 0;
}
