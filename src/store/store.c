/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store_read exists for each want that the cache could not answer at once. The read lives until the want is complete
 * and, if the read loads the extent itself, until the load has ended. While the read is queued for the disk, another
 * want may load the extent. A want may be cancelled at any time. Its load then continues without the want. The state
 * diagram is in store.h.
 *
 * Reads that wait for memory for a limited time are in a list of the store. While the list is not empty, a timer
 * expires reads whose time is over.
 *
 * The worker owns the store. The functions run on the thread of its reactor. Other threads only read statistics.
 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "store/cache_content.h"
#include "store/file_check.h"
#include "store/file_open.h"
#include "store/load.h"

#define MEMORY_TICK_MS 50
/*
 * If at least this many tickets are queued, the first bytes of a response are read at once instead of at the end of the
 * iteration. Readahead waits for the end of the iteration, because the pieces that follow may then share its read.
 */
#define EARLY_TICKETS 8

struct store_read {
	struct cache_wait wait;
	struct load load;
	struct store *store;
	struct store_want *want;  /* NULL: completed or cancelled. */
	bool waiting;		  /* wait.on_answer() will run. */
	struct proof *proof;	  /* A pending proof of wait.extent, which is pinned, or NULL. */
	enum store_source source; /* Source of the bytes that await the proof. */
	uint64_t made_ns;
	/* The members below are for a read that waits for memory for a limited time. */
	bool limited;
	uint64_t until_ns;
	struct store_read *next, *prev;
};

struct store {
	struct load_shared shared; /* Includes the options. */
	_Atomic uint64_t lookups[STORE_SOURCES], lookup_bytes[STORE_SOURCES];
	unsigned pending;
	uint64_t latency_ns; /* UINT64_MAX: unlimited. */
	struct store_read *limited;
	struct reactor_timer memory_timer;
};

static void expire_memory_waits(void *context);

int store_new(struct store **store, const struct store_options *options)
{
	struct store *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->shared = (struct load_shared){
		.reactor = options->reactor,
		.disk = options->disk,
		.queue = options->queue,
		.cache = options->cache,
		.offload = options->offload,
	};
	made->latency_ns = options->latency_ms > 0 ? options->latency_ms * CLOCK_NS_PER_MS : UINT64_MAX;
	made->memory_timer = (struct reactor_timer){ .fn = expire_memory_waits, .context = made };
	*store = made;
	return 0;
}

void store_free(struct store *store)
{
	if (store == NULL)
		return;
	assert(store->pending == 0 && store->limited == NULL);
	free(store);
}

/* --- waiting for memory --- */

/* Limits the wait for memory. Returns 0, or -ENOMEM if the timer cannot be started. */
static int limit_memory_wait(struct store_read *read, uint64_t until_ns)
{
	struct store *store = read->store;
	int error = 0;

	if (store->limited == NULL)
		error = reactor_timer_start(store->shared.reactor, &store->memory_timer, MEMORY_TICK_MS);
	if (error != 0)
		return error;
	read->limited = true;
	read->until_ns = until_ns;
	DL_APPEND(store->limited, read);
	return 0;
}

static void end_memory_limit(struct store_read *read)
{
	if (!read->limited)
		return;
	read->limited = false;
	DL_DELETE(read->store->limited, read);
	if (read->store->limited == NULL)
		reactor_timer_stop(read->store->shared.reactor, &read->store->memory_timer);
}

/* Returns the time at which the wait for memory ends, or UINT64_MAX if the wait is unlimited. */
static uint64_t wait_for_memory_until_ns(const struct store_read *read)
{
	const uint64_t latency_ns = read->store->latency_ns;

	if (read->want == NULL)
		return UINT64_MAX;
	if (read->want->divisible)
		return clock_now_ns() + STORE_DIVISIBLE_WAIT_MS * CLOCK_NS_PER_MS;
	return read->want->rejectable && latency_ns != UINT64_MAX ? read->made_ns + latency_ns : UINT64_MAX;
}

/* Frees the read if no answer, proof, load or ticket of the read is pending. */
static void read_free_if_done(struct store_read *read)
{
	if (read->waiting || read->proof != NULL || read->load.loading || read->load.ticket.state != QUEUE_IDLE)
		return;
	read->store->pending--;
	descriptors_unref(read->load.descriptor);
	file_unref(read->load.file);
	free(read);
}

static void note(struct store *store, enum store_source source, size_t bytes)
{
	counter_add(&store->lookups[source], 1);
	counter_add(&store->lookup_bytes[source], bytes);
}

void store_note_hit(struct store *store, size_t bytes)
{
	note(store, STORE_CACHE, bytes);
}

static void want_set_data(struct store *store, struct store_want *want, struct cache_extent *extent,
			  enum store_source source)
{
	want->extent = extent;
	want->data = cache_block_of(store->shared.cache, extent) + (want->offset - extent->offset);
	want->read_ns = extent->read_ns;
	want->error = 0;
	want->source = source;
	/* A young file may change without a change of its version, so later wants must not get these bytes. */
	if (want->young)
		cache_unindex(store->shared.cache, extent);
	note(store, source, want->length);
}

static void read_complete(struct store_read *read, int answer, enum store_source source)
{
	struct store_want *want = read->want;

	read->want = NULL;
	want->read = NULL;
	want->disk_ns = source == STORE_DISK ? read->load.took_ns : 0;
	if (answer == CACHE_HIT)
		want_set_data(read->store, want, read->wait.extent, source);
	/* Callers would interpret EAGAIN as "not yet". */
	else
		want->error = answer == -EAGAIN ? -EIO : answer;
	want->done(want);
}

int store_prove(struct store *store, struct file *file, uint64_t since_ns, void (*done)(void *context, int error),
		void *context, struct proof **proof)
{
	const struct proof_options options = { .file = file,
					       .since_ns = since_ns,
					       .reactor = store->shared.reactor,
					       .pending = &store->pending,
					       .done = done,
					       .context = context };
	int error;

	if (file->remote)
		return proof_new(proof, &options);
	error = file_check(file);
	return error != 0 ? error : 1;
}

static bool must_prove(const struct store_want *want, const struct cache_extent *extent)
{
	return !want->unproven && !proof_is_known(want->file, extent->read_ns);
}

static void read_on_proof(void *context, int error)
{
	struct store_read *read = context;

	read->proof = NULL;
	if (error != 0)
		cache_unpin(read->store->shared.cache, read->wait.extent);
	read_complete(read, error != 0 ? error : (int)CACHE_HIT, read->source);
	read_free_if_done(read);
}

/* Requests the proof of the extent in read->wait, which is pinned. Returns the same results as proof_new(). */
static int read_prove(struct store_read *read, enum store_source source)
{
	read->source = source;
	return store_prove(read->store, read->load.file, read->wait.extent->read_ns, read_on_proof, read, &read->proof);
}

/* Completes the want, after a proof if the want needs one. `answer` is CACHE_HIT or -errno. */
static void read_prove_or_complete(struct store_read *read, int answer, enum store_source source)
{
	int result = 1;

	if (read->want == NULL) {
		if (answer == CACHE_HIT)
			cache_unpin(read->store->shared.cache, read->wait.extent);
		return;
	}
	if (answer == CACHE_HIT && must_prove(read->want, read->wait.extent))
		result = read_prove(read, source);
	if (result == 0)
		return;
	if (result < 0)
		cache_unpin(read->store->shared.cache, read->wait.extent);
	read_complete(read, result < 0 ? result : answer, source);
}

/*
 * Ends the wait for memory. The cache may meanwhile have moved the wait to the extent of another load, without a
 * message. Then the bytes of the wait are being read, and no limit applies.
 */
static void expire_memory_wait(struct store_read *read)
{
	end_memory_limit(read);
	if (!cache_cancel_queued(read->store->shared.cache, &read->wait))
		return;
	read->waiting = false;
	queue_finish(&read->load.ticket);
	read_prove_or_complete(read, -ENOBUFS, STORE_DISK);
	read_free_if_done(read);
}

static void expire_due(struct store *store, uint64_t now_ns)
{
	for (struct store_read *read = store->limited, *next; read != NULL; read = next) {
		next = read->next;
		if (read->until_ns <= now_ns)
			expire_memory_wait(read);
	}
}

/* If the timer cannot be restarted, all waits expire now. */
static void expire_memory_waits(void *context)
{
	struct store *store = context;

	expire_due(store, clock_now_ns());
	if (store->limited != NULL &&
	    reactor_timer_start(store->shared.reactor, &store->memory_timer, MEMORY_TICK_MS) != 0)
		expire_due(store, UINT64_MAX);
}

/* Continues after the cache has answered a wait for a read or for memory. */
static void read_on_answer(struct cache_wait *wait, int answer)
{
	struct store_read *read = container_of(wait, struct store_read, wait);

	read->waiting = false;
	end_memory_limit(read);
	if (answer == CACHE_LOAD && (read->want != NULL || !cache_abandon(read->store->shared.cache, wait->extent))) {
		if (read->want != NULL) {
			cache_wait_for_read(read->store->shared.cache, wait);
			read->waiting = true;
		}
		load_begin(&read->load, wait->extent);
		return;
	}
	if (!read->load.loading && read->load.ticket.state == QUEUE_STARTED)
		queue_finish(&read->load.ticket);
	if (answer != CACHE_LOAD)
		read_prove_or_complete(read, answer, read->load.loading ? STORE_DISK : STORE_COALESCED);
	read_free_if_done(read);
}

static struct store_read *read_of_load(struct load *load)
{
	return container_of(load, struct store_read, load);
}

/* Looks up the span when the queue has dispatched the load. Returns the extent to fill, or NULL. */
static struct cache_extent *read_on_dispatch(struct load *load)
{
	struct store_read *read = read_of_load(load);
	enum cache_answer answer = cache_want(read->store->shared.cache, &read->wait, true);

	read->waiting = answer != CACHE_HIT;
	if (answer == CACHE_LOAD)
		return read->wait.extent;
	if (answer == CACHE_QUEUED) {
		uint64_t until_ns = wait_for_memory_until_ns(read);

		if (until_ns <= clock_now_ns() || (until_ns != UINT64_MAX && limit_memory_wait(read, until_ns) != 0))
			expire_memory_wait(read);
		return NULL;
	}
	if (answer == CACHE_HIT || answer == CACHE_COALESCED)
		queue_finish(&read->load.ticket);
	if (answer == CACHE_HIT) {
		read_prove_or_complete(read, CACHE_HIT, STORE_COALESCED);
		read_free_if_done(read);
	}
	return NULL;
}

static void read_on_load_end(struct load *load)
{
	read_free_if_done(read_of_load(load));
}

static struct store_read *read_new(struct store *store, struct store_want *want, const struct cache_span *span)
{
	struct store_read *read = calloc(1, sizeof(*read));

	if (read == NULL)
		return NULL;
	read->store = store;
	read->want = want;
	read->load.shared = &store->shared;
	read->load.file = file_ref(want->file);
	read->load.on_dispatch = read_on_dispatch;
	read->load.on_end = read_on_load_end;
	read->wait.span = *span;
	read->wait.span.version = &read->load.file->version;
	read->wait.reactor = store->shared.reactor;
	read->wait.on_answer = read_on_answer;
	read->made_ns = clock_now_ns();
	store->pending++;
	return read;
}

/*
 * Completes a want whose extent, read->wait.extent, is pinned. Returns 0 if the read waits for a proof, 1 if the want
 * is done, or -errno.
 */
static int read_hit(struct store_read *read, struct store_want *want)
{
	struct store *store = read->store;
	int result = must_prove(want, read->wait.extent) ? read_prove(read, STORE_CACHE) : 1;

	if (result == 0) {
		want->read = read;
		return 0;
	}
	if (result < 0)
		cache_unpin(store->shared.cache, read->wait.extent);
	else
		want_set_data(store, want, read->wait.extent, STORE_CACHE);
	read_free_if_done(read);
	return result;
}

/* Waits for the proof of an extent that was found in the cache. Returns the same results as read_hit(). */
static int want_prove(struct store *store, struct store_want *want, const struct cache_span *span,
		      struct cache_extent *extent)
{
	struct store_read *read = read_new(store, want, span);

	if (read == NULL) {
		cache_unpin(store->shared.cache, extent);
		return -ENOMEM;
	}
	read->wait.extent = extent;
	return read_hit(read, want);
}

/*
 * Waits for the load of another want. Returns 0 if the want waits, 1 if the load has just ended, -EAGAIN if the load
 * has just failed, or another -errno.
 */
static int want_coalesce(struct store *store, struct store_want *want, const struct cache_span *span)
{
	struct store_read *read = read_new(store, want, span);
	enum cache_answer answer;

	if (read == NULL)
		return -ENOMEM;
	answer = cache_want(store->shared.cache, &read->wait, false);
	if (answer == CACHE_COALESCED) {
		read->waiting = true;
		want->read = read;
		return 0;
	}
	if (answer == CACHE_HIT)
		return read_hit(read, want);
	read_free_if_done(read);
	return -EAGAIN;
}

/* Queues the want for the disk. Returns 0, -EBUSY or -ENOMEM. */
static int want_queue(struct store *store, struct store_want *want, const struct cache_span *span,
		      const struct span *missing)
{
	struct store_read *read = read_new(store, want, span);
	int error;

	if (read == NULL)
		return -ENOMEM;
	error = load_queue(&read->load, want->class, want->client, missing);
	if (error == 0)
		want->read = read;
	else
		read_free_if_done(read);
	if (want->class == QUEUE_FIRST && queue_length(store->shared.queue) >= EARLY_TICKETS) {
		queue_run(store->shared.queue);
		disk_submit(store->shared.disk);
	}
	return error;
}

/*
 * Returns false if the extent must not be retained. An outdated version is not requested again, and a young file may
 * change without a change of its version.
 */
static bool may_retain(struct store_want *want)
{
	want->young = file_is_young(want->file);
	return !atomic_load_explicit(&want->file->outdated, memory_order_relaxed) && !want->young;
}

int store_want(struct store *store, struct store_want *want)
{
	const bool keep = may_retain(want);
	const struct cache_span span = {
		.version = &want->file->version,
		.alignment = want->file->offset_alignment,
		.offset = want->offset,
		.length = want->length,
		.reach = want->reach,
		.transient = want->transient || !keep,
		.pinned = want->pinned && keep,
	};
	struct cache_extent *extent;
	struct span missing;
	int result;

	assert(want->length > 0 && want->offset + want->length <= want->file->version.size);
	assert(want->length <= STORE_SPAN_MAX_BYTES ||
	       cache_in_one_extent(&want->file->version, want->offset, want->offset + want->length - 1));
	do {
		enum cache_answer answer = cache_find(store->shared.cache, &span, &extent, &missing);

		if (answer == CACHE_HIT && must_prove(want, extent))
			return want_prove(store, want, &span, extent);
		if (answer == CACHE_HIT) {
			want_set_data(store, want, extent, STORE_CACHE);
			return 1;
		}
		result = answer == CACHE_COALESCED ? want_coalesce(store, want, &span)
						   : want_queue(store, want, &span, &missing);
	} while (result == -EAGAIN);
	return result;
}

/* --- opening files in the background --- */

struct store_opening {
	struct offload_job job;
	struct store *store;
	struct file *file; /* A reference. */
	struct descriptor *descriptor;
	void (*done)(void *context, struct descriptor *descriptor); /* NULL: cancelled. */
	void *context;
};

/* An error needs no report: the reader gets it when it reads from the disk. */
static void open_on_thread(struct offload_job *job)
{
	struct store_opening *opening = container_of(job, struct store_opening, job);

	if (file_open_descriptor(opening->file, &opening->descriptor) != 0)
		opening->descriptor = NULL;
}

static void opened(struct offload_job *job)
{
	struct store_opening *opening = container_of(job, struct store_opening, job);

	opening->store->pending--;
	if (opening->done != NULL)
		opening->done(opening->context, opening->descriptor);
	else
		descriptors_unref(opening->descriptor);
	file_unref(opening->file);
	free(opening);
}

struct store_opening *store_open(struct store *store, struct file *file,
				 void (*done)(void *context, struct descriptor *descriptor), void *context)
{
	struct store_opening *opening = devices_reject_reads(file->device) ? NULL : calloc(1, sizeof(*opening));

	if (opening == NULL)
		return NULL;
	opening->job = (struct offload_job){
		.device = file->device, .reactor = store->shared.reactor, .work = open_on_thread, .done = opened
	};
	opening->store = store;
	opening->file = file_ref(file);
	opening->done = done;
	opening->context = context;
	store->pending++;
	offload_start(store->shared.offload, &opening->job);
	return opening;
}

bool store_has(const struct store *store, const struct file *file, uint64_t first, uint64_t last)
{
	struct cache_extent *extent;
	struct span missing;

	for (uint64_t offset = first; offset <= last;) {
		const struct cache_span span = {
			.version = &file->version, .alignment = file->offset_alignment, .offset = offset, .length = 1
		};

		if (cache_find(store->shared.cache, &span, &extent, &missing) != CACHE_HIT)
			return false;
		offset = extent->offset + extent->length;
		cache_unpin(store->shared.cache, extent);
	}
	return true;
}

bool store_is_resident(const struct store *store, const struct file *file)
{
	uint64_t size = file->version.size, pinned_bytes;

	return size <= STORE_RESIDENT_MAX_BYTES &&
	       cache_content_bytes(store->shared.cache, &file->version, &pinned_bytes) >= size;
}

void store_open_cancel(struct store_opening *opening)
{
	if (opening != NULL)
		opening->done = NULL;
}

size_t store_in_use_bytes(const struct store_want *want)
{
	return want->extent != NULL ? arena_block_bytes(want->extent->length) : 0;
}

bool store_is_crowded(const struct store *store, const struct store_want *want)
{
	return cache_is_crowded(store->shared.cache, want->extent);
}

size_t store_cache_bytes(const struct store *store)
{
	return cache_bytes(store->shared.cache);
}

size_t store_cache_in_use_bytes(const struct store *store)
{
	return cache_in_use_bytes(store->shared.cache);
}

struct forecast *store_forecast(const struct store *store)
{
	return cache_forecast(store->shared.cache);
}

void store_touch(struct store *store, struct store_want *want)
{
	if (want->extent != NULL)
		cache_touch(store->shared.cache, want->extent);
}

void store_promote(struct store *store, struct store_want *want, enum queue_class class)
{
	if (want->read != NULL)
		queue_promote(store->shared.queue, &want->read->load.ticket, class);
}

void store_release(struct store *store, struct store_want *want)
{
	struct store_read *read = want->read;

	if (want->extent != NULL)
		cache_unpin(store->shared.cache, want->extent);
	want->extent = NULL;
	want->data = NULL;
	want->read = NULL;
	if (read == NULL)
		return;
	read->want = NULL;
	if (read->proof != NULL) {
		proof_cancel(read->proof);
		read->proof = NULL;
		cache_unpin(store->shared.cache, read->wait.extent);
	}
	end_memory_limit(read);
	if (read->load.ticket.state == QUEUE_WAITING)
		queue_cancel(store->shared.queue, &read->load.ticket);
	if (read->waiting && cache_cancel(store->shared.cache, &read->wait))
		read->waiting = false;
	if (!read->waiting && !read->load.loading && read->load.ticket.state == QUEUE_STARTED)
		queue_finish(&read->load.ticket); /* The read was waiting for memory. */
	else if (!read->waiting)
		load_cancel(&read->load);
	read_free_if_done(read);
}

unsigned store_pending(const struct store *store)
{
	return store->pending;
}

void store_stats(const struct store *store, struct store_stats *stats)
{
	*stats = (struct store_stats){ .reads = counter_read(&store->shared.reads),
				       .read_bytes = counter_read(&store->shared.read_bytes) };
	for (unsigned i = 0; i < STORE_SOURCES; i++) {
		stats->lookups[i] = counter_read(&store->lookups[i]);
		stats->lookup_bytes[i] = counter_read(&store->lookup_bytes[i]);
	}
}
