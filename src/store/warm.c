/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two have a hold of a warm: its maker, until the message of warm_free() has come, and the reactor, until nothing is
 * under way there. What came in is marked as used once more, as otherwise the next scan would take it along; how far it
 * is to be kept is the cache's business.
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

#define PIECES 4      /* at a time */
#define BURST 64      /* that were there already, before others have their turn */
#define FRESH_MS 500  /* between looks at a file that was written to just now, */
#define FRESH_LOOKS 6 /* so many */
#define CROWDED_MS 20 /* between looks whether somebody waits for memory */

struct piece {
	struct store_want want;
	struct warm *warm;
	bool busy;
};

struct warm {
	struct reactor_message go_message, stop_message;
	struct reactor_timer timer;
	struct files_want lookup;
	struct warm_options options;
	atomic_uint holds;
	_Atomic uint64_t done_bytes;
	atomic_int result;
	sem_t over; /* posted once */
	/* the reactor's */
	struct file *file;
	uint64_t next, end;
	struct piece pieces[PIECES];
	unsigned busy, looks;
	bool looking, posted, timed, going, ended;
	int error; /* the first one: no more is begun */
	char path[];
};

static void release(struct warm *warm)
{
	if (atomic_fetch_sub(&warm->holds, 1) > 1)
		return;
	files_unref(warm->options.files);
	sem_destroy(&warm->over);
	free(warm);
}

/* Whether nothing is under way or to come; then it is over. */
static bool settle(struct warm *warm)
{
	bool all = warm->error == 0 && warm->file != NULL && warm->next >= warm->end;

	if (warm->ended || warm->busy > 0 || warm->looking || warm->posted || warm->timed || (warm->error == 0 && !all))
		return false;
	warm->ended = true;
	file_unref(warm->file);
	warm->file = NULL;
	atomic_store(&warm->result, warm->error);
	sem_post(&warm->over);
	release(warm);
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
	reactor_post(warm->options.reactor, &warm->go_message);
}

static void later(struct warm *warm, uint64_t delay_ms)
{
	int error = reactor_timer_start(warm->options.reactor, &warm->timer, delay_ms);

	if (error != 0)
		fail(warm, error);
	else
		warm->timed = true;
}

/* --- pieces --- */

static void piece_over(struct piece *piece)
{
	struct warm *warm = piece->warm;

	piece->busy = false;
	warm->busy--;
	if (piece->want.error != 0) {
		fail(warm, piece->want.error);
	} else {
		store_touch(warm->options.store, &piece->want);
		atomic_fetch_add_explicit(&warm->done_bytes, piece->want.length, memory_order_relaxed);
	}
	store_release(warm->options.store, &piece->want);
}

static void go(struct warm *warm);

static void piece_done(struct store_want *want)
{
	struct piece *piece = container_of(want, struct piece, want);
	struct warm *warm = piece->warm;

	piece_over(piece);
	if (!warm->going)
		go(warm);
}

static size_t next_length(const struct warm *warm)
{
	uint64_t size = warm->file->version.size, left = size - warm->next;
	uint64_t most = size <= SHARD_WHOLE_MAX_BYTES ? size : SHARD_EXTENT_BYTES;

	return (size_t)(left < most ? left : most);
}

static void begin(struct warm *warm, struct piece *piece)
{
	int result;

	*piece = (struct piece){ .warm = warm,
				 .busy = true,
				 .want = { .file = warm->file,
					   .offset = warm->next,
					   .length = next_length(warm),
					   .class = QUEUE_AHEAD,
					   .client = warm,
					   .reach = CACHE_WHOLE,
					   .pinned = warm->options.pinned,
					   .unproven = true, /* it sends nothing */
					   .done = piece_done } };
	warm->busy++;
	warm->next += piece->want.length;
	result = store_want(warm->options.store, &piece->want);
	if (result == 0)
		return; /* piece_done() runs, or already has */
	if (result < 0)
		piece->want.error = result;
	piece_over(piece);
}

static struct piece *idle_piece(struct warm *warm)
{
	for (unsigned i = 0; i < PIECES; i++)
		if (!warm->pieces[i].busy)
			return &warm->pieces[i];
	return NULL;
}

/* Whether another piece may begin now; if it may only later, that is seen to. */
static bool may_begin(struct warm *warm, unsigned begun)
{
	const struct warm_options *options = &warm->options;

	if (warm->error != 0 || warm->next >= warm->end || warm->posted || warm->timed)
		return false;
	if (options->may_continue != NULL && !options->may_continue(options->context))
		fail(warm, -ECANCELED);
	else if (cache_waiting(options->cache) > 0)
		later(warm, CROWDED_MS);
	else if (begun >= BURST)
		post(warm);
	else
		return true;
	return false;
}

static void go(struct warm *warm)
{
	struct piece *piece;

	warm->going = true;
	for (unsigned begun = 0; (piece = idle_piece(warm)) != NULL && may_begin(warm, begun); begun++)
		begin(warm, piece);
	warm->going = false;
	settle(warm);
}

/* --- the file --- */

/* What is fresh is not kept: it could change once more without a trace. */
static void found(struct warm *warm)
{
	struct file *file = warm->lookup.file;
	uint64_t most = warm->options.max_bytes;

	warm->lookup.file = NULL;
	if (warm->lookup.error != 0) {
		fail(warm, warm->lookup.error);
	} else if (file_is_young(file) && ++warm->looks < FRESH_LOOKS) {
		file_unref(file);
		later(warm, FRESH_MS);
	} else {
		warm->file = file;
		warm->end = file->version.size < most ? file->version.size : most;
	}
	go(warm);
}

static void looked_up(struct files_want *lookup)
{
	struct warm *warm = container_of(lookup, struct warm, lookup);

	warm->looking = false;
	if (warm->error == 0) {
		found(warm);
		return;
	}
	file_unref(lookup->file);
	settle(warm);
}

static void look_up(struct warm *warm)
{
	int result;

	warm->lookup = (struct files_want){ .reactor = warm->options.reactor, .done = looked_up };
	warm->looking = true;
	result = files_find(warm->options.files, warm->path, &warm->lookup);
	if (result == 0)
		return;
	warm->looking = false;
	if (result < 0)
		warm->lookup.error = result;
	found(warm);
}

static void next_step(struct warm *warm)
{
	if (warm->error == 0 && warm->file == NULL)
		look_up(warm);
	else
		go(warm);
}

static void timer_fired(void *context)
{
	struct warm *warm = context;

	warm->timed = false;
	next_step(warm);
}

static void message_came(struct reactor_message *message)
{
	struct warm *warm = container_of(message, struct warm, go_message);

	warm->posted = false;
	next_step(warm);
}

static void stop(struct reactor_message *message)
{
	struct warm *warm = container_of(message, struct warm, stop_message);

	fail(warm, -ECANCELED);
	if (warm->timed)
		reactor_timer_stop(warm->options.reactor, &warm->timer);
	warm->timed = false;
	if (warm->looking && files_cancel(&warm->lookup))
		warm->looking = false;
	for (unsigned i = 0; i < PIECES; i++)
		if (warm->pieces[i].busy) {
			store_release(warm->options.store, &warm->pieces[i].want);
			warm->pieces[i].busy = false;
			warm->busy--;
		}
	settle(warm);
	release(warm);
}

/* --- of its maker --- */

int warm_new(struct warm **warm, const struct warm_options *options, const char *path)
{
	struct warm *made = calloc(1, sizeof(*made) + strlen(path) + 1);

	if (made == NULL)
		return -ENOMEM;
	strcpy(made->path, path);
	made->options = *options;
	made->options.files = files_ref(options->files);
	made->holds = 2;
	made->result = -EINPROGRESS;
	made->go_message.fn = message_came;
	made->stop_message.fn = stop;
	made->timer.fn = timer_fired;
	made->timer.context = made;
	sem_init(&made->over, 0, 0);
	post(made);
	*warm = made;
	return 0;
}

void warm_free(struct warm *warm)
{
	if (warm != NULL)
		reactor_post(warm->options.reactor, &warm->stop_message);
}

int warm_wait(struct warm *warm, uint64_t wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(wait_ms / 1000);
	until.tv_nsec += (long)(wait_ms % 1000 * CLOCK_NS_PER_MS);
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (sem_clockwait(&warm->over, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
		;
	if (atomic_load(&warm->result) != -EINPROGRESS)
		sem_post(&warm->over); /* for the next one who asks */
	return atomic_load(&warm->result);
}

uint64_t warm_done_bytes(const struct warm *warm)
{
	return atomic_load_explicit(&warm->done_bytes, memory_order_relaxed);
}
