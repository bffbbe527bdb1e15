/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One store_read carries one want from the moment memory is asked for until its block goes back to the arena:
 *
 *	memory (pool_wait) -> extent map, if that part of it is not known yet (offload) -> read (disk, or offload)
 *	-> check the version -> done
 *
 * The read owns its block and a reference to its file, not the want: a want that is given up leaves the read to end by itself,
 * since a read in flight can't be called back and the kernel writes into the block until it ends. All of it runs on the
 * reactor's thread but the work() of offload jobs.
 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "store/span.h"

enum read_stage { STAGE_MEMORY, STAGE_MAP, STAGE_DISK, STAGE_OFFLOAD, STAGE_DONE };

struct store_read {
	struct disk_read disk;
	struct pool_want memory;
	struct offload_job job;
	struct store *store;
	struct store_want *want; /* NULL: nobody waits any more */
	struct file *file;
	uint8_t *block;
	struct span span; /* aligned */
	size_t needed;	  /* bytes of the span up to the last one wanted */
	size_t got;	  /* bytes of the span that are there */
	ssize_t result;	  /* of an offload job */
	enum read_stage stage;
};

struct store {
	struct store_options options;
	struct store_stats stats;
	unsigned pending;
};

int store_new(struct store **store, const struct store_options *options)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->options = *options;
	*store = s;
	return 0;
}

void store_free(struct store *store)
{
	if (store == NULL)
		return;
	assert(store->pending == 0);
	free(store);
}

static void read_free(struct store_read *read)
{
	if (read->block != NULL)
		pool_put(read->store->options.pool, read->block);
	file_unref(read->file);
	read->store->pending--;
	free(read);
}

static void read_end(struct store_read *read, int error)
{
	struct store_want *want = read->want;

	read->stage = STAGE_DONE;
	if (error == -EAGAIN)
		error = -EIO; /* who wants this would take it for "not yet" */
	if (want == NULL) {
		read_free(read);
		return;
	}
	want->error = error;
	want->data = error == 0 ? read->block + (want->offset - read->span.offset) : NULL;
	want->done(want);
}

static void read_offload(struct store_read *read);
static void read_disk(struct store_read *read);

/* `result` more bytes have come to where the last read began, or it is -errno. */
static void read_progress(struct store_read *read, uint64_t from, ssize_t result)
{
	size_t before = read->got;

	if (result < 0) {
		read_end(read, (int)result);
		return;
	}
	read->store->stats.read_bytes += (uint64_t)result;
	if ((size_t)(from - read->span.offset) + (size_t)result > read->got)
		read->got = (size_t)(from - read->span.offset) + (size_t)result;
	if (read->got >= read->needed)
		read_end(read, file_check(read->file));
	else if (result == 0)
		read_end(read, -ESTALE); /* the file ends before the byte that its version promised */
	else if (read->want == NULL)
		read_end(read, 0);
	else if (read->stage == STAGE_DISK && align_down(read->got, read->file->offset_alignment) > before)
		read_disk(read);
	else
		read_offload(read); /* short by less than a block: FUSE and network filesystems, which take any offset */
}

static void disk_done(struct disk_read *disk, ssize_t result)
{
	struct store_read *read = (struct store_read *)((char *)disk - offsetof(struct store_read, disk));

	read_progress(read, disk->offset, result);
}

static void read_disk(struct store_read *read)
{
	size_t skip = (size_t)align_down(read->got, read->file->offset_alignment);

	read->stage = STAGE_DISK;
	read->disk = (struct disk_read){
		.fd = read->file->fd,
		.parts[0] = { read->block + skip, read->span.length - skip },
		.part_count = 1,
		.offset = read->span.offset + skip,
		.alignment = read->file->offset_alignment,
		.memory_alignment = read->file->memory_alignment,
		.done = disk_done,
	};
	read->store->stats.reads++;
	disk_read(read->store->options.disk, &read->disk);
}

static struct store_read *read_of_job(struct offload_job *job)
{
	return (struct store_read *)((char *)job - offsetof(struct store_read, job));
}

static void offload_read(struct offload_job *job)
{
	struct store_read *read = read_of_job(job);

	read->result = file_pread(read->file, read->block + read->got, read->needed - read->got, read->span.offset + read->got);
}

static void offload_read_done(struct offload_job *job)
{
	struct store_read *read = read_of_job(job);

	read_progress(read, read->span.offset + read->got, read->result);
}

static void read_start_job(struct store_read *read, enum read_stage stage, void (*work)(struct offload_job *),
			   void (*done)(struct offload_job *))
{
	read->stage = stage;
	read->job = (struct offload_job){ .reactor = read->store->options.reactor, .work = work, .done = done };
	offload_start(read->store->options.offload, &read->job);
}

static void read_offload(struct store_read *read)
{
	read->store->stats.reads++;
	read_start_job(read, STAGE_OFFLOAD, offload_read, offload_read_done);
}

/* Walks the part that this read needs, and takes the known part one step further, so that a few reads make all of it known. */
static void offload_map(struct offload_job *job)
{
	struct store_read *read = read_of_job(job);
	struct file *file = read->file;
	uint64_t mapped = atomic_load(&file->mapped_bytes), known;

	file_map(file, read->span.offset, read->span.length, &known);
	if (mapped != UINT64_MAX && file_map(file, mapped, file->version.size - mapped, &known) == 0 && known > mapped)
		atomic_compare_exchange_strong(&file->mapped_bytes, &mapped, known);
}

static void offload_map_done(struct offload_job *job)
{
	struct store_read *read = read_of_job(job);

	if (read->want == NULL)
		read_end(read, 0);
	else
		read_disk(read);
}

static void read_begin(struct store_read *read)
{
	if (!read->file->direct)
		read_offload(read);
	else if (read->span.offset + read->span.length > atomic_load(&read->file->mapped_bytes))
		read_start_job(read, STAGE_MAP, offload_map, offload_map_done);
	else
		read_disk(read);
}

static void memory_granted(struct pool_want *memory, void *block)
{
	struct store_read *read = (struct store_read *)((char *)memory - offsetof(struct store_read, memory));

	read->block = block;
	if (read->want == NULL)
		read_end(read, 0);
	else
		read_begin(read);
}

int store_want(struct store *store, struct store_want *want)
{
	struct store_read *read = calloc(1, sizeof(*read));

	if (read == NULL)
		return -ENOMEM;
	assert(want->length > 0 && want->length <= STORE_SPAN_MAX_BYTES);
	assert(want->offset + want->length <= want->file->version.size);
	read->store = store;
	read->want = want;
	read->file = file_ref(want->file);
	read->span = span_aligned(want->offset, want->length, want->file->version.size, want->file->offset_alignment);
	read->needed = (size_t)(want->offset - read->span.offset) + want->length;
	read->memory = (struct pool_want){
		.reactor = store->options.reactor, .granted = memory_granted, .length = read->span.length
	};
	want->read = read;
	store->pending++;
	store->stats.wanted_bytes += want->length;
	read->block = pool_wait(store->options.pool, &read->memory);
	if (read->block != NULL)
		read_begin(read);
	return 0;
}

void store_release(struct store *store, struct store_want *want)
{
	struct store_read *read = want->read;
	bool ended;

	if (read == NULL)
		return;
	want->read = NULL;
	want->data = NULL;
	read->want = NULL;
	ended = read->stage == STAGE_DONE ||
		(read->stage == STAGE_MEMORY && pool_cancel(store->options.pool, &read->memory)) ||
		(read->stage == STAGE_DISK && disk_cancel(store->options.disk, &read->disk));
	if (ended)
		read_free(read);
}

unsigned store_pending(const struct store *store)
{
	return store->pending;
}

void store_stats(const struct store *store, struct store_stats *stats)
{
	*stats = store->stats;
}
