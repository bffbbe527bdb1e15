/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table of prebuilt responses. A prebuilt response is a complete response for a small file that is frequently
 * requested without conditions or ranges. It is made once, keeps its extent pinned, and is sent to many clients. Each
 * reactor has its own table, which only its thread uses.
 *
 * Life of an entry:
 *
 *	prebuilt_add()
 *	     |
 *	     v
 *	IN THE TABLE  the response may be sent to any client
 *	     |
 *	     |  not used between two sweeps, replaced, or all entries are dropped: drop()
 *	     v
 *	  DROPPED     some clients are still receiving the response
 *	     |
 *	     |  the last client has received the response: prebuilt_free() unpins the extent
 *	     v
 *	   freed
 */
#ifndef REQUEST_PREBUILT_H
#define REQUEST_PREBUILT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/file.h"
#include "store/store.h"

#define PREBUILT_BODY_MAX_BYTES ((size_t)64 << 10)
/*
 * Maximum number of entries. A use of a prebuilt response saves about 1.5 us, if the response is in the cache of the
 * processor. In a larger table, most responses are not, and are slower to send than new responses.
 */
#define PREBUILT_MAX 512

struct prebuilt_table;

struct prebuilt {
	struct prebuilt_table *table;
	struct file *file;	/* the version of the file in the response; a reference */
	uint64_t key;		/* identifies the blocks of the configuration that apply to the response */
	struct store_want want; /* completed; pins the body */
	void *response;		/* response of mhd/sender.c, which sets it after prebuilt_add() */
	bool used;		/* the entry was used since the last sweep */
};

/*
 * Creates a table. drop() is called when the table removes a response. When the last client has received the response,
 * its owner calls prebuilt_free(). Returns 0 or -ENOMEM.
 */
int prebuilt_table_new(struct prebuilt_table **table, struct store *store, size_t pinned_max_bytes,
		       void (*drop)(void *response));
/* Frees the table. All entries must have been dropped and freed. NULL is allowed. */
void prebuilt_table_free(struct prebuilt_table *table);

/* Returns the entry of this version of the file and this key, or NULL. */
struct prebuilt *prebuilt_find(struct prebuilt_table *table, const struct file *file, uint64_t key);
/*
 * Adds an entry, which takes ownership of a completed want. Returns NULL if the table has no space for the entry or
 * memory runs out. In that case, the caller keeps the want.
 */
struct prebuilt *prebuilt_add(struct prebuilt_table *table, struct file *file, uint64_t key, struct store_want *want);
/* Frees an entry whose response was destroyed, or which never had one, and unpins its extent. */
void prebuilt_free(struct prebuilt *entry);
/* Changes the maximum number of bytes that new entries may pin. */
void prebuilt_resize(struct prebuilt_table *table, size_t pinned_max_bytes);
/* Drops the entries that were not used since the last call, or all entries. */
void prebuilt_sweep(struct prebuilt_table *table, bool all);

#endif
