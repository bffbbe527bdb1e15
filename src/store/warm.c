/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A warming has two references. The creator holds one until the message of warm_free() has arrived. The reactor holds
 * the other reference until it has no pending operation of the warming. Loaded extents are marked as used again,
 * because otherwise the next scan would evict them first. The cache decides how long they stay.
 *
 * All functions run on the thread of the reactor, except warm_new(), warm_free(), the functions that return values of a
 * warming, and the functions of a group, which the creator calls.
 *
 * A group has one reference of its creator and one of each warming. The warmings of a group may run on several
 * reactors.
 */
#include "store/warm.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/container_of.h"

#define CHUNKS 4       /* Chunks that are read at a time. */
#define BURST 64       /* Maximum number of chunks before other work of the reactor runs. */
#define YOUNG_MS 500   /* Interval between lookups of a young file. */
#define YOUNG_CHECKS 6 /* Maximum number of lookups of a young file. */
#define CROWDED_MS 20  /* Interval between checks for wants that wait for memory. */
#define LOOKUPS_MAX 4  /* Maximum number of lookups of all groups together, see warm_group_may_start(). */

struct warm_group {
	atomic_uint references;
	atomic_uint lookups; /* Number of warmings that have not found their file yet. Relaxed. */
	sem_t progress;	     /* Posted when a warming has found its file and when it has ended. */
};

/* The lookups of all groups. Relaxed: the number publishes no other data. */
static atomic_uint all_lookups;

struct chunk {
	struct store_want want;
	struct warm *warm;
	bool busy;
};

struct warm {
	struct reactor_message pump_message, stop_message;
	struct reactor_timer timer;
	struct files_want lookup;
	struct warm_options options;
	atomic_uint references;
	_Atomic uint64_t done_bytes;
	struct file_version version; /* Version that is read. */
	atomic_int result;	     /* Published with release order at the end. */
	/* The members below are used only on the reactor. */
	struct file *file;
	struct span *spans;
	size_t span_count, span; /* Number of spans, and index of the span that is read. */
	uint64_t next;		 /* Next byte to read, in this span. */
	struct warm_expected expected;
	bool has_expected;
	struct chunk chunks[CHUNKS];
	unsigned busy, age_checks;
	bool lookup_pending, posted, timer_runs, pumping, ended;
	bool looking; /* Counted in the numbers of lookups. */
	int error;    /* The first error; no further chunk is started after it. */
	char path[];
};

static void unref_group(struct warm_group *group)
{
	if (atomic_fetch_sub(&group->references, 1) > 1)
		return;
	sem_destroy(&group->progress);
	free(group);
}

static void unref(struct warm *warm)
{
	if (atomic_fetch_sub(&warm->references, 1) > 1)
		return;
	files_unref(warm->options.files);
	unref_group(warm->options.group);
	free(warm->spans);
	free(warm);
}

static void begin_looking(struct warm *warm)
{
	warm->looking = true;
	atomic_fetch_add_explicit(&warm->options.group->lookups, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&all_lookups, 1, memory_order_relaxed);
}

static void end_looking(struct warm *warm)
{
	if (!warm->looking)
		return;
	warm->looking = false;
	atomic_fetch_sub_explicit(&warm->options.group->lookups, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&all_lookups, 1, memory_order_relaxed);
	sem_post(&warm->options.group->progress);
}

/* Returns true if a chunk remains. */
static bool has_next(const struct warm *warm)
{
	return warm->span < warm->span_count;
}

/* Ends the warming if no operation is pending and no chunk remains. Returns true if the warming has ended. */
static bool end_if_idle(struct warm *warm)
{
	bool all = warm->error == 0 && warm->file != NULL && !has_next(warm);

	if (warm->ended || warm->busy > 0 || warm->lookup_pending || warm->posted || warm->timer_runs ||
	    (warm->error == 0 && !all))
		return false;
	warm->ended = true;
	file_unref(warm->file);
	warm->file = NULL;
	end_looking(warm);
	atomic_store_explicit(&warm->result, warm->error, memory_order_release);
	sem_post(&warm->options.group->progress);
	unref(warm);
	return true;
}

static void fail(struct warm *warm, int error)
{
	if (warm->error == 0)
		warm->error = error;
}

static void post(struct warm *warm)
{
	warm->posted = true;
	reactor_post(warm->options.reactor, &warm->pump_message);
}

static void start_timer(struct warm *warm, uint64_t delay_ms)
{
	int error = reactor_timer_start(warm->options.reactor, &warm->timer, delay_ms);

	if (error != 0)
		fail(warm, error);
	else
		warm->timer_runs = true;
}

/* --- chunks --- */

static void chunk_end(struct chunk *chunk)
{
	struct warm *warm = chunk->warm;

	chunk->busy = false;
	warm->busy--;
	if (chunk->want.error != 0) {
		fail(warm, chunk->want.error);
	} else {
		store_touch(warm->options.store, &chunk->want);
		atomic_fetch_add_explicit(&warm->done_bytes, chunk->want.length, memory_order_relaxed);
	}
	store_release(warm->options.store, &chunk->want);
}

static void pump(struct warm *warm);

static void chunk_done(struct store_want *want)
{
	struct chunk *chunk = container_of(want, struct chunk, want);
	struct warm *warm = chunk->warm;

	chunk_end(chunk);
	if (!warm->pumping)
		pump(warm);
}

/* The position and the size of the extent that contains the next byte. */
static struct span extent_of_next(const struct warm *warm)
{
	const uint64_t size = warm->file->version.size;
	const uint64_t bytes = size <= SHARD_WHOLE_MAX_BYTES ? size : SHARD_EXTENT_BYTES;
	const uint64_t offset = warm->next - warm->next % bytes, left = size - offset;

	return (struct span){ .offset = offset, .length = left < bytes ? left : bytes };
}

/* Returns the next chunk: the rest of the span, but not beyond the end of its extent. */
static struct span next_chunk(const struct warm *warm, const struct span *extent)
{
	const struct span *span = &warm->spans[warm->span];
	const uint64_t span_end = span->offset + span->length, extent_end = extent->offset + extent->length;

	return (struct span){ .offset = warm->next,
			      .length = (span_end < extent_end ? span_end : extent_end) - warm->next };
}

/* Moves to the byte after a chunk, or to the next span. */
static void advance(struct warm *warm, const struct span *chunk)
{
	const struct span *span = &warm->spans[warm->span];

	warm->next = chunk->offset + chunk->length;
	if (warm->next < span->offset + span->length)
		return;
	warm->span++;
	if (has_next(warm))
		warm->next = warm->spans[warm->span].offset;
}

static void begin_chunk(struct warm *warm, struct chunk *chunk)
{
	const struct span extent = extent_of_next(warm), part = next_chunk(warm, &extent);
	int result;

	*chunk = (struct chunk){ .warm = warm,
				 .busy = true,
				 .want = { .file = warm->file,
					   .offset = part.offset,
					   .length = (size_t)part.length,
					   .class = QUEUE_AHEAD,
					   .client = warm->options.group,
					   .reach = part.length == extent.length ? CACHE_WHOLE : CACHE_EXACT,
					   .pinned = warm->options.pinned,
					   .unproven = true, /* No bytes are sent to a client. */
					   .done = chunk_done } };
	warm->busy++;
	advance(warm, &part);
	result = store_want(warm->options.store, &chunk->want);
	if (result == 0)
		return; /* chunk_done() will run, or has run already. */
	if (result < 0)
		chunk->want.error = result;
	chunk_end(chunk);
}

static struct chunk *idle_chunk(struct warm *warm)
{
	for (unsigned i = 0; i < CHUNKS; i++)
		if (!warm->chunks[i].busy)
			return &warm->chunks[i];
	return NULL;
}

/*
 * Returns true if another chunk may be started now. If it may be started only later, posts a message or starts a timer.
 */
static bool may_begin(struct warm *warm, unsigned begun)
{
	const struct warm_options *options = &warm->options;

	if (warm->error != 0 || !has_next(warm) || warm->posted || warm->timer_runs)
		return false;
	if (options->may_continue != NULL && !options->may_continue(options->context))
		fail(warm, -ECANCELED);
	else if (cache_waiting(options->cache) > 0)
		start_timer(warm, CROWDED_MS);
	else if (begun >= BURST)
		post(warm);
	else
		return true;
	return false;
}

static void pump(struct warm *warm)
{
	struct chunk *chunk;

	warm->pumping = true;
	for (unsigned begun = 0; (chunk = idle_chunk(warm)) != NULL && may_begin(warm, begun); begun++)
		begin_chunk(warm, chunk);
	warm->pumping = false;
	end_if_idle(warm);
}

/* --- the file --- */

static bool is_expected(const struct warm *warm, const struct file_version *version)
{
	return !warm->has_expected ||
	       (warm->expected.size == version->size && warm->expected.mtime_ns == version->mtime_ns);
}

/* Removes everything after the end of the file from the spans, and begins with the first span. */
static void limit_spans(struct warm *warm, uint64_t size)
{
	while (warm->span_count > 0) {
		struct span *last = &warm->spans[warm->span_count - 1];

		if (last->offset < size) {
			last->length = last->length < size - last->offset ? last->length : size - last->offset;
			break;
		}
		warm->span_count--;
	}
	warm->next = has_next(warm) ? warm->spans[0].offset : 0;
}

/*
 * Continues with the file that the lookup has found. A young file is looked up again later, because the cache does not
 * retain extents of young files.
 */
static void found(struct warm *warm)
{
	struct file *file = warm->lookup.file;

	warm->lookup.file = NULL;
	end_looking(warm);
	if (warm->lookup.error != 0) {
		fail(warm, warm->lookup.error);
	} else if (!is_expected(warm, &file->version)) {
		file_unref(file);
		fail(warm, -ESTALE);
	} else if (file_is_young(file) && ++warm->age_checks < YOUNG_CHECKS) {
		file_unref(file);
		start_timer(warm, YOUNG_MS);
	} else {
		warm->file = file;
		warm->version = file->version;
		limit_spans(warm, file->version.size);
	}
	pump(warm);
}

static void looked_up(struct files_want *lookup)
{
	struct warm *warm = container_of(lookup, struct warm, lookup);

	warm->lookup_pending = false;
	if (warm->error == 0) {
		found(warm);
		return;
	}
	file_unref(lookup->file);
	end_if_idle(warm);
}

static void look_up(struct warm *warm)
{
	int result;

	warm->lookup = (struct files_want){ .reactor = warm->options.reactor, .done = looked_up };
	warm->lookup_pending = true;
	result = files_find(warm->options.files, warm->path, &warm->lookup);
	if (result == 0)
		return;
	warm->lookup_pending = false;
	if (result < 0)
		warm->lookup.error = result;
	found(warm);
}

static void next_step(struct warm *warm)
{
	if (warm->error == 0 && warm->file == NULL)
		look_up(warm);
	else
		pump(warm);
}

static void timer_fired(void *context)
{
	struct warm *warm = context;

	warm->timer_runs = false;
	next_step(warm);
}

static void on_pump_message(struct reactor_message *message)
{
	struct warm *warm = container_of(message, struct warm, pump_message);

	warm->posted = false;
	next_step(warm);
}

static void stop(struct reactor_message *message)
{
	struct warm *warm = container_of(message, struct warm, stop_message);

	fail(warm, -ECANCELED);
	if (warm->timer_runs)
		reactor_timer_stop(warm->options.reactor, &warm->timer);
	warm->timer_runs = false;
	if (warm->lookup_pending && files_cancel(&warm->lookup))
		warm->lookup_pending = false;
	for (unsigned i = 0; i < CHUNKS; i++)
		if (warm->chunks[i].busy) {
			store_release(warm->options.store, &warm->chunks[i].want);
			warm->chunks[i].busy = false;
			warm->busy--;
		}
	end_if_idle(warm);
	unref(warm);
}

/* --- functions of the creator --- */

/* Copies the spans, or makes one span of max_bytes. */
static int copy_spans(struct warm *warm, const struct warm_options *options)
{
	const struct span whole = { .length = options->max_bytes };
	const struct span *spans = options->span_count > 0 ? options->spans : &whole;

	warm->span_count = options->span_count > 0 ? options->span_count : options->max_bytes > 0;
	warm->spans = malloc(sizeof(*spans) * (warm->span_count + 1));
	if (warm->spans == NULL)
		return -ENOMEM;
	memcpy(warm->spans, spans, sizeof(*spans) * warm->span_count);
	return 0;
}

int warm_new(struct warm **warm, const struct warm_options *options, const char *path)
{
	struct warm *made = calloc(1, sizeof(*made) + strlen(path) + 1);

	if (made == NULL || copy_spans(made, options) != 0) {
		free(made);
		return -ENOMEM;
	}
	strcpy(made->path, path);
	made->options = *options;
	made->options.spans = NULL;
	made->options.expected = NULL;
	made->has_expected = options->expected != NULL;
	if (made->has_expected)
		made->expected = *options->expected;
	made->options.files = files_ref(options->files);
	atomic_fetch_add_explicit(&options->group->references, 1, memory_order_relaxed);
	made->references = 2;
	made->result = -EINPROGRESS;
	made->pump_message.fn = on_pump_message;
	made->stop_message.fn = stop;
	made->timer.fn = timer_fired;
	made->timer.context = made;
	begin_looking(made);
	post(made);
	*warm = made;
	return 0;
}

void warm_free(struct warm *warm)
{
	if (warm != NULL)
		reactor_post(warm->options.reactor, &warm->stop_message);
}

int warm_result(const struct warm *warm)
{
	return atomic_load_explicit(&warm->result, memory_order_acquire);
}

const struct file_version *warm_version(const struct warm *warm)
{
	return &warm->version;
}

const char *warm_path(const struct warm *warm)
{
	return warm->path;
}

uint64_t warm_done_bytes(const struct warm *warm)
{
	return atomic_load_explicit(&warm->done_bytes, memory_order_relaxed);
}

/* --- groups --- */

int warm_group_new(struct warm_group **group)
{
	struct warm_group *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->references = 1;
	sem_init(&made->progress, 0, 0);
	*group = made;
	return 0;
}

void warm_group_free(struct warm_group *group)
{
	if (group != NULL)
		unref_group(group);
}

/* Also takes all further posts, because the caller then inspects all of its warmings. */
void warm_group_wait(struct warm_group *group, uint64_t wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(wait_ms / 1000);
	until.tv_nsec += (long)(wait_ms % 1000 * CLOCK_NS_PER_MS);
	if (until.tv_nsec >= (long)CLOCK_NS_PER_S) {
		until.tv_sec++;
		until.tv_nsec -= (long)CLOCK_NS_PER_S;
	}
	while (sem_clockwait(&group->progress, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
		;
	while (sem_trywait(&group->progress) == 0)
		;
}

bool warm_group_may_start(const struct warm_group *group)
{
	return atomic_load_explicit(&group->lookups, memory_order_relaxed) == 0 ||
	       atomic_load_explicit(&all_lookups, memory_order_relaxed) < LOOKUPS_MAX;
}
