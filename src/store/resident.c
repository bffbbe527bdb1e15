/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The walk over the names copies references to the files of a step, because their extents are counted after the lock of
 * the names is released. A file of one extent is looked up in the cache by its key. The bytes of larger files are added
 * up before, by a walk over the cache. If there are more such files than SUMS_MAX, the work is divided into passes:
 * each pass handles the versions whose hash has a certain remainder.
 *
 * The offset + limit names with the most bytes are in an array. When it is full, it becomes a heap, whose first element
 * is the lowest rank and is replaced by higher ranks. The page consists of the lowest ranks of the heap. All functions
 * run on the thread of the caller.
 */
#include "store/resident.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyed_hash.h"
#include "store/cache_content.h"
#include "store/names_batch.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define WALK_ROOM 256	/* Extents in one step. */
#define PASSES_MAX 4096 /* Maximum number of passes; a power of two. */
#define STOP_STEPS 256	/* Steps between two calls of stopped(). */

/* The number of bytes of one version in the cache. */
struct sum {
	struct file_version version;
	uint64_t bytes, pinned_bytes;
	UT_hash_handle hh;
};

#define SUMS_MAX (RESIDENT_SUMS_BYTES / (sizeof(struct sum) + 16))

_Static_assert(sizeof(struct resident_name) == RESIDENT_NAME_BYTES, "the header states the memory");

struct work {
	const struct resident_options *options;
	struct resident_ranking *ranking;
	struct sum *sums;
	struct names_batch batch;
	size_t sums_max;
	unsigned passes, pass;
};

/* --- the heap --- */

/* Returns true if `a` has a lower rank than `b`. Names with equal numbers are in the order of inode and path. */
static bool is_lower(const struct resident_name *a, const struct resident_name *b)
{
	if (a->bytes != b->bytes)
		return a->bytes < b->bytes;
	if (a->requests != b->requests)
		return a->requests < b->requests;
	if (a->inode != b->inode)
		return a->inode > b->inode;
	return strcmp(a->file->path, b->file->path) > 0;
}

/* Moves the element at this index down to its place in a heap of `count` elements. */
static void move_down(struct resident_name *heap, size_t count, size_t at)
{
	const struct resident_name moved = heap[at];

	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && is_lower(&heap[child + 1], &heap[child]))
			child++;
		if (!is_lower(&heap[child], &moved))
			break;
		heap[at] = heap[child];
	}
	heap[at] = moved;
}

static void make_heap(struct resident_ranking *ranking)
{
	for (size_t at = ranking->count / 2; at-- > 0;)
		move_down(ranking->names, ranking->count, at);
}

static size_t most_of(const struct resident_options *options)
{
	return options->offset + options->limit;
}

static int make_room(struct resident_ranking *ranking)
{
	const size_t size = ranking->size > 0 ? 2 * ranking->size : 64;
	struct resident_name *names;

	if (ranking->count < ranking->size)
		return 0;
	names = reallocarray(ranking->names, size, sizeof(*names));
	if (names == NULL)
		return -ENOMEM;
	ranking->names = names;
	ranking->size = size;
	return 0;
}

/* Adds the name, unless there are enough names with higher ranks. Returns 0 or -ENOMEM. */
static int add(struct work *work, const struct resident_name *name)
{
	struct resident_ranking *ranking = work->ranking;
	const size_t most = most_of(work->options);

	ranking->total++;
	if (ranking->count < most) {
		int error = make_room(ranking);

		if (error != 0)
			return error;
		ranking->names[ranking->count++] = *name;
		file_ref(name->file);
		if (ranking->count == most)
			make_heap(ranking);
	} else if (is_lower(&ranking->names[0], name)) {
		file_ref(name->file);
		file_unref(ranking->names[0].file);
		ranking->names[0] = *name;
		move_down(ranking->names, most, 0);
	}
	return 0;
}

/*
 * Keeps only the page, in descending order. Its names have the lowest ranks of the array, so they are removed from the
 * heap one after another, and fill the array from its end.
 */
static void keep_page(struct resident_ranking *ranking, size_t offset)
{
	const size_t count = ranking->count > offset ? ranking->count - offset : 0;
	struct resident_name *names = ranking->names;

	make_heap(ranking);
	for (size_t i = 0; i < count; i++) {
		const size_t last = ranking->count - 1 - i;
		const struct resident_name lowest = names[0];

		names[0] = names[last];
		names[last] = lowest;
		move_down(names, last, 0);
	}
	for (size_t i = 0; i < ranking->count - count; i++)
		file_unref(names[i].file);
	if (count > 0)
		memmove(names, names + ranking->count - count, count * sizeof(*names));
	ranking->count = count;
}

/* --- files of several extents --- */

static bool is_in_pass(const struct work *work, const struct file_version *version)
{
	return (keyed_hash(version, sizeof(*version)) & (work->passes - 1)) == work->pass;
}

static void free_sums(struct work *work)
{
	struct sum *sum, *next;

	HASH_ITER(hh, work->sums, sum, next) {
		HASH_DEL(work->sums, sum);
		free(sum);
	}
}

/* Adds an extent to the sum of its version. Returns 0, -ENOBUFS if there are too many sums, or -ENOMEM. */
static int add_extent(struct work *work, const struct cache_resident *extent)
{
	struct sum *sum;

	if (cache_is_one_extent(&extent->version) || !is_in_pass(work, &extent->version))
		return 0;
	HASH_FIND(hh, work->sums, &extent->version, sizeof(extent->version), sum);
	if (sum == NULL) {
		if (HASH_COUNT(work->sums) >= work->sums_max)
			return -ENOBUFS;
		sum = calloc(1, sizeof(*sum));
		if (sum == NULL)
			return -ENOMEM;
		sum->version = extent->version;
		HASH_ADD(hh, work->sums, version, sizeof(sum->version), sum);
		if (sum->hh.tbl == NULL) {
			free(sum);
			return -ENOMEM;
		}
	}
	sum->bytes += extent->bytes;
	sum->pinned_bytes += extent->pinned ? extent->bytes : 0;
	return 0;
}

static int sum_up(struct work *work)
{
	struct cache_resident list[WALK_ROOM];
	struct cache_cursor cursor = { 0 };
	size_t count;
	int error = 0;

	while (error == 0 && (count = cache_content_walk(work->options->cache, &cursor, list, WALK_ROOM)) > 0)
		for (size_t i = 0; i < count && error == 0; i++)
			error = add_extent(work, &list[i]);
	return error;
}

/* --- the names --- */

static int rank_file(struct work *work, struct file *file)
{
	struct resident_name name = { .file = file };
	struct sum *sum;

	if (cache_is_one_extent(&file->version)) {
		if (work->pass > 0)
			return 0;
		name.bytes = cache_content_bytes(work->options->cache, &file->version, &name.pinned_bytes);
	} else {
		HASH_FIND(hh, work->sums, &file->version, sizeof(file->version), sum);
		name.bytes = sum != NULL ? sum->bytes : 0;
		name.pinned_bytes = sum != NULL ? sum->pinned_bytes : 0;
	}
	if (name.bytes == 0)
		return 0;
	name.requests = atomic_load_explicit(&file->requests, memory_order_relaxed);
	name.inode = file->version.inode;
	return add(work, &name);
}

static bool is_stopped(const struct work *work)
{
	return work->options->stopped != NULL && work->options->stopped(work->options->context);
}

static int rank_names(struct work *work)
{
	struct names_batch *batch = &work->batch;
	int result;

	names_batch_rewind(batch);
	for (unsigned step = 0; (result = names_batch_next(batch, work->options->names)) > 0; step++) {
		int error = step % STOP_STEPS == 0 && is_stopped(work) ? -ECANCELED : 0;

		for (size_t i = 0; i < batch->count && error == 0; i++)
			error = rank_file(work, batch->files[i]);
		if (error != 0)
			return error;
		names_batch_pace(batch);
	}
	return result;
}

static int run_pass(struct work *work)
{
	int error = sum_up(work);

	if (error == 0)
		error = rank_names(work);
	free_sums(work);
	return error;
}

static void release_names(struct resident_ranking *ranking)
{
	for (size_t i = 0; i < ranking->count; i++)
		file_unref(ranking->names[i].file);
	ranking->count = 0;
	ranking->total = 0;
}

int resident_rank(struct resident_ranking *ranking, const struct resident_options *options)
{
	struct work work = { .options = options, .ranking = ranking, .passes = 1 };
	int error = 0;

	*ranking = (struct resident_ranking){ 0 };
	work.sums_max = options->pass_files > 0 ? options->pass_files : SUMS_MAX;
	while (error == 0 && work.pass < work.passes) {
		error = run_pass(&work);
		work.pass++;
		if (error == -ENOBUFS && work.passes < PASSES_MAX) {
			release_names(ranking);
			work.passes *= 2;
			work.pass = 0;
			error = 0;
		}
	}
	names_batch_fini(&work.batch);
	keep_page(ranking, options->offset);
	return error;
}

void resident_fini(struct resident_ranking *ranking)
{
	release_names(ranking);
	free(ranking->names);
	*ranking = (struct resident_ranking){ 0 };
}
