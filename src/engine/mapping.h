/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reserved range of addresses. Only some parts of the range have memory, so a table or an arena can grow and shrink
 * in place. The owner records which parts have memory. All functions may take a long time, so they must not be called
 * on the thread of a reactor or under a lock.
 */
#ifndef ENGINE_MAPPING_H
#define ENGINE_MAPPING_H

#include <stddef.h>
#include <stdint.h>

struct mapping {
	uint8_t *address;
	size_t bytes;
};

/* Reserves `bytes` of addresses without memory, aligned to a power of two of at least 4096. Returns 0 or -ENOMEM. */
int mapping_reserve(struct mapping *mapping, size_t bytes, size_t alignment);
/* Unmaps the range. A NULL address is allowed. */
void mapping_release(struct mapping *mapping);

/*
 * Makes the offsets [from, to) accessible. `from` and `to` must be multiples of 4096. The kernel allocates zeroed pages
 * on first access. Returns 0 on success, or -ENOMEM, in which case the mapping is unchanged.
 */
int mapping_commit(struct mapping *mapping, size_t from, size_t to);
/*
 * Makes [from, to) accessible like mapping_commit(). Also touches all pages, with huge pages if available, and excludes
 * them from core dumps. Works in chunks, because other threads that map or fault memory wait for each chunk.
 */
int mapping_populate(struct mapping *mapping, size_t from, size_t to);
/* Returns the memory of [from, to) to the kernel. Parts without memory are allowed. */
void mapping_decommit(struct mapping *mapping, size_t from, size_t to);

#endif
