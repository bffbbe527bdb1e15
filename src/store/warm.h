/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One file is brought into the cache by a reactor, behind all that clients want: a few pieces at a time, as readahead,
 * and none while somebody waits for memory. Started, watched and given up by another thread.
 */
#ifndef STORE_WARM_H
#define STORE_WARM_H

#include <stdbool.h>
#include <stdint.h>

#include "store/files.h"
#include "store/store.h"

struct warm;

struct warm_options {
	struct reactor *reactor; /* on which all of it runs */
	struct store *store;	 /* of that reactor */
	struct cache *cache;
	struct files *files;
	uint64_t max_bytes; /* of the file, from its start */
	bool pinned;	    /* to be kept for good, as far as the cache does that */
	/* Asked on the reactor before each piece; false: it ends with -ECANCELED. May be NULL. */
	bool (*may_continue)(void *context);
	void *context;
};

/*
 * path: as for files_find(); copied. What the options point to lives until warm_free(), and until the reactor has run
 * the messages that are on their way then, or was freed. -ENOMEM.
 */
int warm_new(struct warm **warm, const struct warm_options *options, const char *path);
/* At any time: what is under way is given up. NULL is fine. */
void warm_free(struct warm *warm);

/*
 * Waits for its end, at most so long. -EINPROGRESS; 0: all of it was read, and was in the cache at some time; or
 * -errno: of opening or reading; -ESTALE: it changed meanwhile. A file that was written to just now is waited for,
 * until it can be kept.
 */
int warm_wait(struct warm *warm, uint64_t wait_ms);
/* So far. */
uint64_t warm_done_bytes(const struct warm *warm);

#endif
