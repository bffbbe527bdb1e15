/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sorted list of a million files would need much memory, so the names are walked once for each class instead.
 *
 * A file that is cached as one extent is looked up in the cache by its key. The extents of all other files are
 * collected before, by a walk over the cache, and sorted. An extent that contains a complete file is not collected. If
 * there are more extents than fit into the memory, the files are divided into parts by the hash of their version, and
 * the cache is walked for each part of each class.
 *
 * All functions run on the thread of the caller.
 */
#include "store/heat.h"

#include <errno.h>
#include <stdlib.h>

#include "base/keyed_hash.h"
#include "store/cache_content.h"
#include "store/names_batch.h"

#define WALK_ROOM 256	/* Extents in one step. */
#define STOP_STEPS 256	/* Steps between two calls of stopped(). */
#define SPARE_EIGHTHS 7 /* A part is planned with this share of the room, because hashes are not spread evenly. */

/* An extent, or a part of one, of a file that is not cached as one complete extent. */
struct piece {
	uint64_t hash; /* Hash of the version. */
	uint64_t offset;
	uint64_t length;
};

struct walk {
	const struct heat_options *options;
	struct names_batch batch;
	struct piece *pieces;
	size_t piece_count, pieces_max;
	struct span *spans;
	size_t spans_max;
	uint64_t parts, part;
	unsigned class;
};

/* Returns the class of a file. Each class has four times the requests of the class below. */
static unsigned class_of(const struct file *file)
{
	const uint64_t requests = atomic_load_explicit(&file->requests, memory_order_relaxed);
	const unsigned bits = requests > 0 ? 64 - (unsigned)__builtin_clzll(requests) : 0, class = (bits + 1) / 2;

	return class < HEAT_CLASSES ? class : HEAT_CLASSES - 1;
}

static bool is_of_class(const struct file *file, void *context)
{
	const struct walk *walk = context;

	return class_of(file) == walk->class;
}

static bool is_stopped(const struct walk *walk)
{
	return walk->options->stopped(walk->options->context);
}

/* --- the pieces --- */

static uint64_t hash_of(const struct file_version *version)
{
	return keyed_hash(version, sizeof(*version));
}

/* Calls add() for each extent that does not contain a complete file. Returns 0 or -ECANCELED. */
static int walk_pieces(struct walk *walk, void (*add)(struct walk *walk, const struct cache_resident *extent))
{
	struct cache_resident list[WALK_ROOM];
	struct cache_cursor cursor = { 0 };
	size_t count;

	for (unsigned step = 0; (count = cache_content_walk(walk->options->cache, &cursor, list, WALK_ROOM)) > 0;
	     step++) {
		if (step % STOP_STEPS == 0 && is_stopped(walk))
			return -ECANCELED;
		for (size_t i = 0; i < count; i++)
			if (list[i].bytes < list[i].version.size)
				add(walk, &list[i]);
		if (walk->options->paced)
			names_batch_pace(&walk->batch);
	}
	return 0;
}

static void count_piece(struct walk *walk, const struct cache_resident *extent)
{
	(void)extent;
	walk->piece_count++;
}

/* Adds a piece of the part. If there is no room, the piece is missing from the list. */
static void add_piece(struct walk *walk, const struct cache_resident *extent)
{
	const uint64_t hash = hash_of(&extent->version);

	if (hash % walk->parts == walk->part && walk->piece_count < walk->pieces_max)
		walk->pieces[walk->piece_count++] =
			(struct piece){ .hash = hash, .offset = extent->offset, .length = extent->bytes };
}

static int compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Collects the pieces of the current part. */
static int collect_pieces(struct walk *walk)
{
	int error;

	walk->piece_count = 0;
	error = walk_pieces(walk, add_piece);
	if (error == 0)
		qsort(walk->pieces, walk->piece_count, sizeof(*walk->pieces), compare_pieces);
	return error;
}

/* Counts the pieces, determines the number of parts, and allocates the room. */
static int plan(struct walk *walk)
{
	const size_t most = walk->options->pieces > 0 ? walk->options->pieces
						      : HEAT_PIECES_BYTES / sizeof(struct piece);
	int error = walk_pieces(walk, count_piece);

	if (error != 0)
		return error;
	walk->parts = walk->piece_count / (most / 8 * SPARE_EIGHTHS + 1) + 1;
	walk->pieces_max = walk->parts > 1 ? most : walk->piece_count + walk->piece_count / 8 + WALK_ROOM;
	walk->pieces = malloc(walk->pieces_max * sizeof(*walk->pieces));
	return walk->pieces != NULL ? 0 : -ENOMEM;
}

/* Returns the index of the first piece with at least this hash. */
static size_t find_piece(const struct walk *walk, uint64_t hash)
{
	size_t low = 0, high = walk->piece_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (walk->pieces[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int make_spans(struct walk *walk, size_t count)
{
	struct span *spans;

	if (count <= walk->spans_max)
		return 0;
	spans = reallocarray(walk->spans, 2 * count, sizeof(*spans));
	if (spans == NULL)
		return -ENOMEM;
	walk->spans = spans;
	walk->spans_max = 2 * count;
	return 0;
}

/* Appends a piece to the spans, or extends the last span. Returns the number of spans. */
static size_t add_span(struct span *spans, size_t count, const struct piece *piece)
{
	struct span *last = count > 0 ? &spans[count - 1] : NULL;
	const uint64_t end = piece->offset + piece->length;

	if (last == NULL || piece->offset > last->offset + last->length) {
		spans[count] = (struct span){ .offset = piece->offset, .length = piece->length };
		return count + 1;
	}
	if (end > last->offset + last->length)
		last->length = end - last->offset;
	return count;
}

/* --- the files --- */

static int visit_whole(const struct walk *walk, struct file *file)
{
	const struct span whole = { .offset = 0, .length = file->version.size };
	const struct heat_item item = { .file = file, .spans = &whole, .count = 1 };

	return walk->options->visit(&item, walk->options->context);
}

/* Visits a file whose parts are among the pieces. */
static int visit_pieces(struct walk *walk, struct file *file)
{
	const uint64_t hash = hash_of(&file->version);
	struct heat_item item = { .file = file };
	size_t first, last;

	if (hash % walk->parts != walk->part)
		return 0;
	first = last = find_piece(walk, hash);
	while (last < walk->piece_count && walk->pieces[last].hash == hash)
		last++;
	if (first == last)
		return 0;
	if (make_spans(walk, last - first) != 0)
		return -ENOMEM;
	for (size_t i = first; i < last; i++)
		item.count = add_span(walk->spans, item.count, &walk->pieces[i]);
	item.spans = walk->spans;
	return walk->options->visit(&item, walk->options->context);
}

static int visit_file(struct walk *walk, struct file *file)
{
	const uint64_t size = file->version.size;
	uint64_t pinned_bytes, bytes;

	if (!cache_is_one_extent(&file->version))
		return visit_pieces(walk, file);
	bytes = cache_content_bytes(walk->options->cache, &file->version, &pinned_bytes);
	if (bytes == 0)
		return 0;
	if (bytes < size)
		return visit_pieces(walk, file);
	return walk->part == 0 ? visit_whole(walk, file) : 0;
}

static int visit_names(struct walk *walk)
{
	struct names_batch *batch = &walk->batch;
	int result;

	names_batch_rewind(batch);
	for (unsigned step = 0; (result = names_batch_next(batch, walk->options->names)) > 0; step++) {
		int error = step % STOP_STEPS == 0 && is_stopped(walk) ? -ECANCELED : 0;

		for (size_t i = 0; i < batch->count && error == 0; i++)
			error = visit_file(walk, batch->files[i]);
		if (error != 0)
			return error;
		if (walk->options->paced)
			names_batch_pace(batch);
	}
	return result;
}

/* Visits the files of one class, part by part. If there is only one part, its pieces are collected once. */
static int visit_class(struct walk *walk)
{
	int error = 0;

	for (walk->part = 0; walk->part < walk->parts && error == 0; walk->part++) {
		if (walk->parts > 1 || walk->class == HEAT_CLASSES - 1)
			error = collect_pieces(walk);
		if (error == 0)
			error = visit_names(walk);
	}
	return error;
}

int heat_walk(const struct heat_options *options)
{
	struct walk walk = { .options = options };
	int error;

	walk.batch.wanted = is_of_class;
	walk.batch.context = &walk;
	error = plan(&walk);
	for (unsigned i = HEAT_CLASSES; i-- > 0 && error == 0;) {
		walk.class = i;
		error = visit_class(&walk);
	}
	names_batch_fini(&walk.batch);
	free(walk.pieces);
	free(walk.spans);
	return error;
}
