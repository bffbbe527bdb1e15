/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A range of addresses that is taken once, of which some parts have memory: what lies in it grows and shrinks where it
 * is. Its owner knows which parts do. No function is for a reactor's thread, or under a lock: all of them can take
 * long.
 */
#ifndef ENGINE_MAPPING_H
#define ENGINE_MAPPING_H

#include <stddef.h>
#include <stdint.h>

struct mapping {
	uint8_t *address;
	size_t bytes;
};

/* Addresses for `bytes`, from a multiple of `alignment` on (a power of two, 4096 at least); none has memory. 0 or
 * -ENOMEM. */
int mapping_reserve(struct mapping *mapping, size_t bytes, size_t alignment);
/* NULL addresses are fine. */
void mapping_release(struct mapping *mapping);

/* Memory for [from, to), zeroed, as it is used: multiples of 4096. 0, or -ENOMEM: then it is as it was. */
int mapping_commit(struct mapping *mapping, size_t from, size_t to);
/*
 * The same, all of it touched now, on huge pages where they are to be had, and in no core dump. It is done in pieces:
 * who maps or faults meanwhile waits for one of them only.
 */
int mapping_populate(struct mapping *mapping, size_t from, size_t to);
/* The memory of [from, to) goes back to the kernel; parts that have none are fine. */
void mapping_decommit(struct mapping *mapping, size_t from, size_t to);

#endif
