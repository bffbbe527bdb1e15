/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replies to what is asked for all the time: a small file that is in memory, whole, without conditions. Such a reply is made once and
 * sent again and again, with its extent pinned, as long as it is used. Belongs to its reactor's thread.
 */
#ifndef HTTP_READY_H
#define HTTP_READY_H

#include <stdbool.h>
#include <stddef.h>

#include "store/file.h"
#include "store/store.h"

#define READY_BODY_MAX_BYTES ((size_t)64 << 10)
#define READY_MAX 512 /* entries of one table; each keeps its file open */

struct ready_table;

struct ready {
	struct ready_table *table;
	struct file *file;	/* a reference; the reply is of this version */
	uint64_t key;		/* of the blocks of the configuration that made it what it is */
	struct store_want want; /* done: the body */
	void *response;		/* of sender.c, set after ready_add() */
	bool used;		/* since the last sweep */
};

/* drop: the table has no use for this response any more; ready_free() follows when nobody sends it any more. 0 or -ENOMEM. */
int ready_new(struct ready_table **table, struct store *store, size_t pinned_max_bytes, void (*drop)(void *response));
/* All entries were swept and freed. NULL is fine. */
void ready_end(struct ready_table *table);

/* The entry of exactly this file and key, or NULL. */
struct ready *ready_find(struct ready_table *table, const struct file *file, uint64_t key);
/* A new one, which takes over a want that is done; NULL (and the want stays where it is): there is no room or no memory. */
struct ready *ready_add(struct ready_table *table, struct file *file, uint64_t key, struct store_want *want);
/* The entry's response is gone. */
void ready_free(struct ready *ready);
/* From here on they may pin so much. */
void ready_resize(struct ready_table *table, size_t pinned_max_bytes);
/* Drops what was not used since the last time; or all. */
void ready_sweep(struct ready_table *table, bool all);

#endif
