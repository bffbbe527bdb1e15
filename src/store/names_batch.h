/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A walk over the files of all known names, in batches. Each batch has the files of one step of names_walk(), so the
 * caller inspects them without the lock of the names. Each walk is used by one thread.
 */
#ifndef STORE_NAMES_BATCH_H
#define STORE_NAMES_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/file.h"
#include "store/names.h"

/* The files of one step. names_batch_next() replaces them. */
struct names_batch {
	struct file **files; /* References. */
	size_t count;
	/* Returns true if the walk includes a file. Called under the lock of the names. NULL: all files. */
	bool (*wanted)(const struct file *file, void *context);
	void *context;
	/* Private. */
	size_t size;	/* Number of files for which there is room. */
	size_t missing; /* Number of files for which there was no room. */
	struct names_cursor cursor;
	uint64_t slice_ns;
};

/*
 * Releases the files of the batch, and collects those of the next step, which may be none. Returns 1, 0 at the end, or
 * -ENOMEM. A walk begins with a batch whose private members are zero, or after names_batch_rewind().
 */
int names_batch_next(struct names_batch *batch, struct names *names);
/* Starts another walk with the same room. */
void names_batch_rewind(struct names_batch *batch);
/*
 * Pauses after each 2 ms of work for the same time, so that the walk takes at most half of the time of a processor from
 * the workers. Called once for each batch.
 */
void names_batch_pace(struct names_batch *batch);
/* Releases the files and frees the room. */
void names_batch_fini(struct names_batch *batch);

#endif
