// SPDX-License-Identifier: Apache-2.0
// A plugin for QEMU's user mode: how often each translated block of a program ran.
//
//   qemu-aarch64 -plugin blocks_plugin.so,out=FILE[,threads=on] PROGRAM...
//
// Writes a line for each block: its address, how often it ran (with threads=on: once for each
// thread, in the order of their creation, separated by commas), and its instructions in hex. Debian
// ships no header for plugins, so the part of the interface that is used (version 1) stands here.
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t PluginId;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { INLINE_ADD_U64 = 0 };
enum { CALLBACK_NO_REGISTERS = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(PluginId, void (*)(PluginId, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb*, int, void*, uint64_t);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb*, void (*)(unsigned, void*), int,
                                          void*);
void qemu_plugin_register_atexit_cb(PluginId, void (*)(PluginId, void*), void*);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb*);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
const void* qemu_plugin_insn_data(const struct qemu_plugin_insn*);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn*);

#define PUBLIC __attribute__((visibility("default")))
PUBLIC int qemu_plugin_version = 1;

enum { kThreads = 64, kBuckets = 1 << 14 };

struct Block {
  struct Block* next;
  uint64_t address;
  uint64_t runs[kThreads];  // all in the first one, unless threads are told apart
  char* text;               // "1f2003d5 c0035fd6"
};

static struct Block* buckets[kBuckets];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static FILE* out;
static bool by_thread;

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

static void on_translation(PluginId id, struct qemu_plugin_tb* tb) {
  (void)id;
  char* text = text_of(tb);
  pthread_mutex_lock(&mutex);
  struct Block* block = find_block(qemu_plugin_tb_vaddr(tb), text);
  pthread_mutex_unlock(&mutex);
  if (by_thread) {
    qemu_plugin_register_vcpu_tb_exec_cb(tb, count, CALLBACK_NO_REGISTERS, block);
  } else {
    qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, block->runs, 1);
  }
}

static void write_block(const struct Block* block) {
  int last = 0;
  uint64_t all = 0;
  for (int i = 0; i < kThreads; i++) {
    all += block->runs[i];
    if (block->runs[i] != 0) last = i;
  }
  if (all == 0) return;
  fprintf(out, "%llx ", (unsigned long long)block->address);
  for (int i = 0; i <= last; i++) {
    fprintf(out, "%s%llu", i == 0 ? "" : ",", (unsigned long long)block->runs[i]);
  }
  fprintf(out, " %s\n", block->text);
}

static void on_exit_of_program(PluginId id, void* context) {
  (void)id, (void)context;
  for (int i = 0; i < kBuckets; i++) {
    for (const struct Block* b = buckets[i]; b != NULL; b = b->next) write_block(b);
  }
  fclose(out);
}

PUBLIC int qemu_plugin_install(PluginId id, const void* info, int argc, char** argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    if (strncmp(argv[i], "out=", 4) == 0) out = fopen(argv[i] + 4, "w");
    if (strcmp(argv[i], "threads=on") == 0) by_thread = true;
  }
  if (out == NULL) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit_of_program, NULL);
  return 0;
}
