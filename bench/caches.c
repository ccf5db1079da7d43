// SPDX-License-Identifier: Apache-2.0
// Caches of data: what they hold, in the order of use, and what they miss.
#include "caches.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Level {
  uint64_t sets, ways;
  uint64_t* lines;  // of each set, the last used first; a line's number + 1, or 0
  uint64_t recent[kRecentMisses];
  unsigned misses;
};

struct Caches {
  int levels;
  struct Level level[kLevels];
  struct Misses misses;
};

static bool make_level(struct Level* level, unsigned kilobytes, unsigned ways) {
  if (ways == 0 || kilobytes == 0) return false;
  level->ways = ways;
  level->sets = ((uint64_t)kilobytes << 10 >> kLineBits) / ways;
  level->lines = calloc(level->sets * ways, sizeof(*level->lines));
  return level->sets != 0 && level->lines != NULL;
}

struct Caches* make_caches(const char* text) {
  struct Caches* caches = calloc(1, sizeof(*caches));
  unsigned kilobytes = 0, ways = 0;
  int length = 0;
  while (caches->levels < kLevels && sscanf(text, "%u-%u%n", &kilobytes, &ways, &length) == 2) {
    if (!make_level(&caches->level[caches->levels++], kilobytes, ways)) return NULL;
    text += length;
    if (*text == 0) return caches;
    if (*text++ != '/') return NULL;
  }
  return NULL;
}

// Whether the line was there; it is now, and is the last used one.
static bool use(struct Level* level, uint64_t line) {
  uint64_t* set = level->lines + line % level->sets * level->ways;
  uint64_t at = 0;
  while (at < level->ways - 1 && set[at] != line + 1) at++;
  const bool hit = set[at] == line + 1;
  memmove(set + 1, set, at * sizeof(*set));
  set[0] = line + 1;
  return hit;
}

// Whether one of the last misses was to a neighbour.
static bool foreseen(struct Level* level, uint64_t line) {
  bool found = false;
  for (unsigned i = 0; i < kRecentMisses && i < level->misses; i++) {
    found |= level->recent[i] + 1 == line || level->recent[i] == line + 1;
  }
  level->recent[level->misses++ % kRecentMisses] = line;
  return found;
}

static void access_line(struct Caches* caches, uint64_t line) {
  bool missed = false, alone = false;
  for (int i = 0; i < caches->levels; i++) {
    const bool hit = use(&caches->level[i], line);
    // The level before this one, or this one where it is the last, was served from here.
    if (missed && hit && alone) caches->misses.unforeseen[i - 1]++;
    if (hit) return;
    missed = true;
    alone = !foreseen(&caches->level[i], line);
    caches->misses.all[i]++;
  }
  if (alone) caches->misses.unforeseen[caches->levels - 1]++;
}

void access_caches(struct Caches* caches, uint64_t address, uint64_t bytes) {
  const uint64_t last = (address + bytes - 1) >> kLineBits;
  for (uint64_t line = address >> kLineBits; line <= last; line++) access_line(caches, line);
}

struct Misses take_misses(struct Caches* caches) {
  const struct Misses misses = caches->misses;
  caches->misses = (struct Misses){{0}, {0}};
  return misses;
}
