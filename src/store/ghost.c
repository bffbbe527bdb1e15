/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash table of sets with four fingerprints each. The clock of the ghost counts evicted bytes, and an entry stores
 * the time of its eviction. An entry expires when memory_bytes more bytes were evicted after it, so no list is
 * necessary. In a full set, a new entry replaces the oldest entry. If two extents have the same fingerprint, the ghost
 * may report an extent that was not evicted recently, which is harmless.
 *
 * A shard owns its ghost. All functions run under the lock of the shard.
 */
#include "store/ghost.h"

#include <errno.h>
#include <stdlib.h>

#define SET_ENTRIES 4
/*
 * Assumed mean size of an evicted extent, which determines the number of sets. With extents of 4 KiB, the ghost
 * remembers only the youngest quarter or half of them. Remembering all of them would not improve the hit ratio.
 */
#define ENTRY_BYTES_MEAN 16384
#define CLOCK_UNIT_BYTES 4096
#define STEP_SETS 1024 /* Sets that one step copies. */

struct ghost_entry {
	uint32_t fingerprint; /* 0: empty. */
	uint32_t time;
};

int ghost_init(struct ghost *ghost, uint64_t memory_bytes)
{
	uint32_t sets = 16;

	while ((uint64_t)sets * SET_ENTRIES * ENTRY_BYTES_MEAN < memory_bytes)
		sets *= 2;
	*ghost = (struct ghost){ .mask = sets - 1, .memory_bytes = memory_bytes };
	ghost->entries = calloc((size_t)sets * SET_ENTRIES, sizeof(*ghost->entries));
	return ghost->entries != NULL ? 0 : -ENOMEM;
}

void ghost_fini(struct ghost *ghost)
{
	free(ghost->entries);
	ghost->entries = NULL;
}

static struct ghost_entry *set_of(struct ghost *ghost, uint64_t hash)
{
	return &ghost->entries[(size_t)((uint32_t)hash & ghost->mask) * SET_ENTRIES];
}

static uint32_t fingerprint_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

static uint32_t now(const struct ghost *ghost)
{
	return (uint32_t)(ghost->clock_bytes / CLOCK_UNIT_BYTES);
}

/* Stores the entry in a free slot of the set, or replaces the oldest entry of the set if the new entry is younger. */
static void put(struct ghost *ghost, struct ghost_entry *set, const struct ghost_entry *entry)
{
	struct ghost_entry *place = set;

	for (unsigned i = 0; i < SET_ENTRIES && place->fingerprint != 0; i++)
		if (set[i].fingerprint == 0 || now(ghost) - set[i].time > now(ghost) - place->time)
			place = &set[i];
	if (place->fingerprint == 0 || now(ghost) - place->time > now(ghost) - entry->time)
		*place = *entry;
}

/*
 * The lower bits of the hash, which select the set, are not part of an entry. Therefore an entry is copied to all sets
 * to which it may belong.
 */
bool ghost_adopt(struct ghost *ghost, const struct ghost *other, uint32_t *set)
{
	uint32_t most = ghost->mask > other->mask ? ghost->mask : other->mask,
		 end = most - *set < STEP_SETS ? most + 1 : *set + STEP_SETS;

	ghost->clock_bytes = other->clock_bytes;
	for (; *set < end; ++*set) {
		const struct ghost_entry *from = &other->entries[(size_t)(*set & other->mask) * SET_ENTRIES];

		for (unsigned j = 0; j < SET_ENTRIES; j++)
			if (from[j].fingerprint != 0)
				put(ghost, &ghost->entries[(size_t)(*set & ghost->mask) * SET_ENTRIES], &from[j]);
	}
	return *set <= most;
}

void ghost_add(struct ghost *ghost, uint64_t hash, size_t bytes)
{
	struct ghost_entry *set = set_of(ghost, hash), *place = set;
	uint32_t fingerprint = fingerprint_of(hash);

	ghost->clock_bytes += bytes;
	for (unsigned i = 0; i < SET_ENTRIES; i++) {
		if (set[i].fingerprint == fingerprint || set[i].fingerprint == 0) {
			place = &set[i];
			break;
		}
		if (now(ghost) - set[i].time > now(ghost) - place->time)
			place = &set[i];
	}
	*place = (struct ghost_entry){ .fingerprint = fingerprint, .time = now(ghost) };
}

bool ghost_take(struct ghost *ghost, uint64_t hash)
{
	struct ghost_entry *set = set_of(ghost, hash);

	for (unsigned i = 0; i < SET_ENTRIES; i++) {
		if (set[i].fingerprint != fingerprint_of(hash))
			continue;
		set[i].fingerprint = 0;
		return (uint64_t)(now(ghost) - set[i].time) * CLOCK_UNIT_BYTES <= ghost->memory_bytes;
	}
	return false;
}
