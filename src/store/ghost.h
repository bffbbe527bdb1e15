/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was evicted not long ago: fingerprints without bytes (the ghost queue of S3-FIFO, Yang et al., SOSP 2023). It
 * remembers as many bytes as it is told to, give or take what falls out of its table. Whoever owns it has the lock.
 */
#ifndef STORE_GHOST_H
#define STORE_GHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ghost {
	struct ghost_entry *entries;
	uint32_t mask;	      /* of sets */
	uint64_t clock_bytes; /* that were evicted so far */
	uint64_t memory_bytes;
};

/* memory_bytes: how far back it remembers. 0 or -ENOMEM. */
int ghost_init(struct ghost *ghost, uint64_t memory_bytes);
void ghost_fini(struct ghost *ghost);

/*
 * Takes over what another one knows, whatever their sizes, into an empty one: some sets from *set on, which says where
 * to go on. False: those were the last. Where this one has more sets, a hash looks a little more often as if it were
 * known, until as much was evicted again.
 */
bool ghost_adopt(struct ghost *ghost, const struct ghost *other, uint32_t *set);

/* What has this hash was evicted, with so many bytes. */
void ghost_add(struct ghost *ghost, uint64_t hash, size_t bytes);
/* Whether it was, not too long ago; it is forgotten then. */
bool ghost_take(struct ghost *ghost, uint64_t hash);

#endif
