/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files are collected under the lock of one shard of the names. The lock must not be held while memory is
 * allocated, so a step with more files than the batch has room for is repeated with more room.
 */
#include "store/names_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define ROOM_MIN 512		       /* Files for which a batch has room at first. */
#define SLICE_NS (2 * CLOCK_NS_PER_MS) /* Time of work before a pause. */

/* Runs under the lock of the names. */
static void collect(const struct names_entry *entry, void *context)
{
	struct names_batch *batch = context;

	if (batch->wanted != NULL && !batch->wanted(entry->file, batch->context))
		return;
	if (batch->count == batch->size)
		batch->missing++;
	else
		batch->files[batch->count++] = file_ref(entry->file);
}

static void release(struct names_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		file_unref(batch->files[i]);
	batch->count = 0;
}

static int grow(struct names_batch *batch, size_t size)
{
	struct file **files = reallocarray(batch->files, size, sizeof(*files));

	if (files == NULL)
		return -ENOMEM;
	batch->files = files;
	batch->size = size;
	return 0;
}

int names_batch_next(struct names_batch *batch, struct names *names)
{
	const struct names_cursor before = batch->cursor;
	int error = batch->size == 0 ? grow(batch, ROOM_MIN) : 0;
	bool more;

	while (error == 0) {
		release(batch);
		batch->missing = 0;
		batch->cursor = before;
		more = names_walk(names, &batch->cursor, collect, batch);
		if (batch->missing == 0)
			return more;
		error = grow(batch, batch->size + batch->missing);
	}
	return error;
}

void names_batch_rewind(struct names_batch *batch)
{
	release(batch);
	batch->cursor = (struct names_cursor){ 0 };
}

void names_batch_pace(struct names_batch *batch)
{
	const struct timespec pause = { .tv_nsec = SLICE_NS };

	if (batch->slice_ns == 0)
		batch->slice_ns = clock_now_ns();
	if (clock_now_ns() - batch->slice_ns < SLICE_NS)
		return;
	nanosleep(&pause, NULL);
	batch->slice_ns = clock_now_ns();
}

void names_batch_fini(struct names_batch *batch)
{
	release(batch);
	free(batch->files);
	batch->files = NULL;
	batch->size = 0;
}
