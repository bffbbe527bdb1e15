/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One store_read carries one want that the cache could not answer at once, until it is answered and, if it turned out
 * to be the one that reads, until its load has ended: see load.c. Somebody else may have read the extent before it is
 * this one's turn at the disk.
 *
 * The want may be given up at any time; its load ends by itself. All of it runs on the reactor's thread.
 *
 * Reads that wait for memory and may not wait for ever are in a list of the store. While it is not empty a timer looks
 * for those whose time is up.
 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "store/file_check.h"
#include "store/load.h"

#define STARVED_TICK_MS 50
#define EARLY_TICKETS 8 /* that many wait: the disk need not wait for the end of the turn */

struct store_read {
	struct cache_wait wait; /* first: the cache hands it back */
	struct load load;
	struct store *store;
	struct store_want *want;  /* NULL: given up */
	bool waiting;		  /* wait.on_answer() is to come */
	struct proof *proof;	  /* of wait.extent, which is pinned; NULL: none is awaited */
	enum store_source source; /* of that */
	uint64_t made_ns;
	/* Of those that wait for memory, while it does and its time is limited. */
	bool starved;
	uint64_t until_ns;
	struct store_read *next, *prev;
};

struct store {
	struct load_shared shared; /* with what it was told to use */
	_Atomic uint64_t lookups[STORE_SOURCES], lookup_bytes[STORE_SOURCES];
	unsigned pending;
	uint64_t latency_ns; /* UINT64_MAX: no limit */
	struct store_read *starved;
	struct reactor_timer starved_timer;
};

static void look_after_starved(void *context);

int store_new(struct store **store, const struct store_options *options)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->shared = (struct load_shared){
		.reactor = options->reactor,
		.disk = options->disk,
		.queue = options->queue,
		.cache = options->cache,
		.offload = options->offload,
	};
	s->latency_ns = options->latency_ms > 0 ? options->latency_ms * CLOCK_NS_PER_MS : UINT64_MAX;
	s->starved_timer = (struct reactor_timer){ .fn = look_after_starved, .context = s };
	*store = s;
	return 0;
}

void store_free(struct store *store)
{
	if (store == NULL)
		return;
	assert(store->pending == 0 && store->starved == NULL);
	free(store);
}

/* --- waiting for memory --- */

/* 0 or -ENOMEM: there is no timer that would end it. */
static int starve(struct store_read *read, uint64_t until_ns)
{
	struct store *store = read->store;
	int error = 0;

	if (store->starved == NULL)
		error = reactor_timer_start(store->shared.reactor, &store->starved_timer, STARVED_TICK_MS);
	if (error != 0)
		return error;
	read->starved = true;
	read->until_ns = until_ns;
	DL_APPEND(store->starved, read);
	return 0;
}

static void end_starving(struct store_read *read)
{
	if (!read->starved)
		return;
	read->starved = false;
	DL_DELETE(read->store->starved, read);
	if (read->store->starved == NULL)
		reactor_timer_stop(read->store->shared.reactor, &read->store->starved_timer);
}

/* UINT64_MAX: it waits until there is memory. */
static uint64_t wait_for_memory_until_ns(const struct store_read *read)
{
	const uint64_t latency_ns = read->store->latency_ns;

	if (read->want == NULL)
		return UINT64_MAX;
	if (read->want->divisible)
		return clock_now_ns() + STORE_DIVISIBLE_WAIT_MS * CLOCK_NS_PER_MS;
	return read->want->rejectable && latency_ns != UINT64_MAX ? read->made_ns + latency_ns : UINT64_MAX;
}

/* Frees the read once nothing refers to it. */
static void read_settle(struct store_read *read)
{
	if (read->waiting || read->proof != NULL || read->load.loading || read->load.ticket.state != QUEUE_IDLE)
		return;
	read->store->pending--;
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

static void want_take(struct store *store, struct store_want *want, struct cache_extent *extent,
		      enum store_source source)
{
	want->extent = extent;
	want->data = extent->block + (want->offset - extent->offset);
	want->read_ns = extent->read_ns;
	want->error = 0;
	want->source = source;
	/* A young file may change and stay the same version, so what was read of it is for nobody who comes later. */
	if (want->young)
		cache_unindex(store->shared.cache, extent);
	note(store, source, want->length);
}

static void read_tell(struct store_read *read, int answer, enum store_source source)
{
	struct store_want *want = read->want;

	read->want = NULL;
	want->read = NULL;
	want->disk_ns = source == STORE_DISK ? read->load.took_ns : 0;
	if (answer == CACHE_HIT)
		want_take(read->store, want, read->wait.extent, source);
	else
		want->error = answer == -EAGAIN ? -EIO : answer; /* who wants this would take it for "not yet" */
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
	read_tell(read, error != 0 ? error : (int)CACHE_HIT, read->source);
	read_settle(read);
}

/* Waits for the proof of the extent in read->wait, which is pinned. As proof_new(). */
static int read_prove(struct store_read *read, enum store_source source)
{
	read->source = source;
	return store_prove(read->store, read->load.file, read->wait.extent->read_ns, read_on_proof, read, &read->proof);
}

/* answer: CACHE_HIT, or an error. */
static void read_answer(struct store_read *read, int answer, enum store_source source)
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
	read_tell(read, result < 0 ? result : answer, source);
}

/*
 * Ends the wait for memory. The cache may have served the read without a message: then it waits for the extent of
 * another read, whose bytes are on the way, and no time is set for that.
 */
static void give_up_waiting(struct store_read *read)
{
	end_starving(read);
	if (!cache_cancel_queued(read->store->shared.cache, &read->wait))
		return;
	read->waiting = false;
	queue_finish(&read->load.ticket);
	read_answer(read, -ENOBUFS, STORE_DISK);
	read_settle(read);
}

static void give_up_due(struct store *store, uint64_t now_ns)
{
	for (struct store_read *read = store->starved, *next; read != NULL; read = next) {
		next = read->next;
		if (read->until_ns <= now_ns)
			give_up_waiting(read);
	}
}

/* Without a timer all of them are due now. */
static void look_after_starved(void *context)
{
	struct store *store = context;

	give_up_due(store, clock_now_ns());
	if (store->starved != NULL &&
	    reactor_timer_start(store->shared.reactor, &store->starved_timer, STARVED_TICK_MS) != 0)
		give_up_due(store, UINT64_MAX);
}

/* The cache has an answer for a read that waited: at an extent, or in the line for memory. */
static void read_on_answer(struct cache_wait *wait, int answer)
{
	struct store_read *read = (struct store_read *)wait;

	read->waiting = false;
	end_starving(read);
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
		read_answer(read, answer, read->load.loading ? STORE_DISK : STORE_COALESCED);
	read_settle(read);
}

static struct store_read *read_of_load(struct load *load)
{
	return container_of(load, struct store_read, load);
}

/* Its turn at the disk. */
static struct cache_extent *read_on_dispatch(struct load *load)
{
	struct store_read *read = read_of_load(load);
	enum cache_answer answer = cache_want(read->store->shared.cache, &read->wait, true);

	read->waiting = answer != CACHE_HIT;
	if (answer == CACHE_LOAD)
		return read->wait.extent;
	if (answer == CACHE_QUEUED) {
		uint64_t until_ns = wait_for_memory_until_ns(read);

		if (until_ns <= clock_now_ns() || (until_ns != UINT64_MAX && starve(read, until_ns) != 0))
			give_up_waiting(read);
		return NULL;
	}
	if (answer == CACHE_HIT || answer == CACHE_COALESCED)
		queue_finish(&read->load.ticket);
	if (answer == CACHE_HIT) {
		read_answer(read, CACHE_HIT, STORE_COALESCED);
		read_settle(read);
	}
	return NULL;
}

static void read_on_load_end(struct load *load)
{
	read_settle(read_of_load(load));
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

/* read->wait.extent is pinned for the want. 0: the read waits for the proof of it; 1: the want is done; or -errno. */
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
		want_take(store, want, read->wait.extent, STORE_CACHE);
	read_settle(read);
	return result;
}

/* The same for an extent that the cache gave without a read. */
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

/* Waits for the read that somebody has under way. 0; 1: it has just ended; -EAGAIN: and failed; or another -errno. */
static int want_join(struct store *store, struct store_want *want, const struct cache_span *span)
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
	read_settle(read);
	return -EAGAIN;
}

/* Gets in line for the disk. 0, -EBUSY or -ENOMEM. */
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
		read_settle(read);
	if (queue_length(store->shared.queue) >= EARLY_TICKETS) {
		queue_run(store->shared.queue);
		disk_submit(store->shared.disk);
	}
	return error;
}

/* Nobody will ask again for a version that is no more; and a young file may change and stay the same version. */
static bool is_worth_keeping(struct store_want *want)
{
	want->young = file_is_young(want->file);
	return !atomic_load_explicit(&want->file->outdated, memory_order_relaxed) && !want->young;
}

int store_want(struct store *store, struct store_want *want)
{
	const bool keep = is_worth_keeping(want);
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
			want_take(store, want, extent, STORE_CACHE);
			return 1;
		}
		result = answer == CACHE_COALESCED ? want_join(store, want, &span)
						   : want_queue(store, want, &span, &missing);
	} while (result == -EAGAIN);
	return result;
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
	end_starving(read);
	if (read->load.ticket.state == QUEUE_WAITING)
		queue_cancel(store->shared.queue, &read->load.ticket);
	if (read->waiting && cache_cancel(store->shared.cache, &read->wait))
		read->waiting = false;
	if (!read->waiting && !read->load.loading && read->load.ticket.state == QUEUE_STARTED)
		queue_finish(&read->load.ticket); /* it was in the line for memory */
	else if (!read->waiting)
		load_cancel(&read->load);
	read_settle(read);
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
