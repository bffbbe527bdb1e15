/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replies to what is asked for all the time: a small file that is in memory, whole, without conditions. Such a reply is
 * made once and sent again and again, with its extent pinned, as long as it is used. Belongs to its reactor's thread.
 */
#ifndef REQUEST_PREBUILT_H
#define REQUEST_PREBUILT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/file.h"
#include "store/store.h"

#define PREBUILT_BODY_MAX_BYTES ((size_t)64 << 10)
#define PREBUILT_MAX 512 /* entries of one table; each keeps its file open */

struct prebuilt_table;

struct prebuilt {
	struct prebuilt_table *table;
	struct file *file;	/* a reference; the reply is of this version */
	uint64_t key;		/* of the blocks of the configuration that made it what it is */
	struct store_want want; /* done: the body */
	void *response;		/* of sender.c, set after prebuilt_add() */
	bool used;		/* since the last sweep */
};

/* drop: the table has no use for this response any more; prebuilt_free() follows when nobody sends it any more. 0 or
 * -ENOMEM. */
int prebuilt_table_new(struct prebuilt_table **table, struct store *store, size_t pinned_max_bytes,
		       void (*drop)(void *response));
/* All entries were swept and freed. NULL is fine. */
void prebuilt_table_free(struct prebuilt_table *table);

/* The entry of exactly this file and key, or NULL. */
struct prebuilt *prebuilt_find(struct prebuilt_table *table, const struct file *file, uint64_t key);
/* A new one, which takes over a want that is done; NULL (and the want stays where it is): there is no room or no
 * memory. */
struct prebuilt *prebuilt_add(struct prebuilt_table *table, struct file *file, uint64_t key, struct store_want *want);
/* The entry's response is gone. */
void prebuilt_free(struct prebuilt *ready);
/* From here on they may pin so much. */
void prebuilt_resize(struct prebuilt_table *table, size_t pinned_max_bytes);
/* Drops what was not used since the last time; or all. */
void prebuilt_sweep(struct prebuilt_table *table, bool all);

#endif
