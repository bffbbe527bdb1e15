/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ghost queue of S3-FIFO (Yang et al., SOSP 2023): fingerprints of extents that were evicted recently, without
 * their bytes. The ghost remembers an extent until about memory_bytes more bytes were evicted. The owner serialises all
 * calls with a lock.
 */
#ifndef STORE_GHOST_H
#define STORE_GHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ghost {
	struct ghost_entry *entries;
	uint32_t mask;	      /* Mask of the set number. */
	uint64_t clock_bytes; /* Number of bytes that were evicted so far. */
	uint64_t memory_bytes;
};

/* Initialises a ghost that remembers the last memory_bytes evicted bytes. Returns 0 or -ENOMEM. */
int ghost_init(struct ghost *ghost, uint64_t memory_bytes);
void ghost_fini(struct ghost *ghost);

/*
 * Copies `other`, which may have any size, into an empty ghost, in steps. Each call copies some sets, from *set on, and
 * advances *set. Returns false after the last step. If `ghost` has more sets than `other`, false matches are slightly
 * more frequent until memory_bytes more bytes were evicted.
 */
bool ghost_adopt(struct ghost *ghost, const struct ghost *other, uint32_t *set);

/* Records the eviction of an extent with this hash and size. */
void ghost_add(struct ghost *ghost, uint64_t hash, size_t bytes);
/* Returns true if an extent with this hash was evicted recently, and removes its fingerprint. */
bool ghost_take(struct ghost *ghost, uint64_t hash);

#endif
