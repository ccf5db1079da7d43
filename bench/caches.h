// SPDX-License-Identifier: Apache-2.0
// Simulated caches of data: sets of lines, of which the least recently used one goes.
#pragma once
#include <stdint.h>

enum { kLevels = 3, kLineBits = 6, kRecentMisses = 32 };

// `unforeseen`: those misses that the next level (behind the last one: memory) had to serve, and
// that do not lie beside one of the last misses of the level: what a prefetcher would not have on
// its way.
struct Misses {
  uint64_t all[kLevels];
  uint64_t unforeseen[kLevels];
};

struct Caches;

// The levels in kilobytes and ways: "32-4/512-16". NULL where that says nothing sensible.
struct Caches* make_caches(const char* text);
void access_caches(struct Caches* caches, uint64_t address, uint64_t bytes);
// What has been counted since it was asked last.
struct Misses take_misses(struct Caches* caches);
