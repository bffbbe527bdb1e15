/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The queue and the writer thread of one log. A log file may be on a disk that hangs, and a log may be a pipe without a
 * reader. Each log therefore has a writer thread of its own, and no log waits for another log. log.c owns the queues.
 * The writer owns the sink and the buffer that it writes.
 *
 * The main idea: each log has two buffers. Threads append records to the filling buffer under the mutex of the log,
 * which costs a memcpy. The writer swaps the two buffers under the mutex. It then formats and writes the records of the
 * buffer that was filled, without the mutex. A record that does not fit is dropped. After each batch the writer sleeps
 * for 10 ms, so a busy server pays for at most 100 wake-ups a second instead of one for each line.
 *
 * No thread has to wait for the end of a writer, because the writer itself closes the file and frees the buffers. After
 * that, the queue is idle again.
 */
#include "base/log_queue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/align.h"
#include "base/clock.h"
#include "base/thread.h"
#include "base/units.h"

#define QUEUE_BYTES ((size_t)512 * 1024) /* size of each of the two buffers */
#define BATCH_PAUSE_NS (10 * 1000 * 1000)

/* A queued record. `bytes` starts at a multiple of 8. */
struct frame {
	const struct log_form *form; /* NULL if `bytes` is a complete line */
	uint64_t length;	     /* length of `bytes` */
	char bytes[];
};

/* lines lost by all queues; relaxed, because the count publishes no other data */
static _Atomic uint64_t dropped_ever;

static void drop(struct log_queue *queue, uint64_t lines)
{
	atomic_fetch_add_explicit(&queue->dropped, lines, memory_order_relaxed);
	atomic_fetch_add_explicit(&dropped_ever, lines, memory_order_relaxed);
}

uint64_t log_queue_dropped(void)
{
	return atomic_load_explicit(&dropped_ever, memory_order_relaxed);
}

/* --- functions for any thread --- */

/*
 * Signals the writer after unlocking the mutex, and only if the buffer was empty. Otherwise the writer is already
 * awake.
 */
bool log_queue_put(struct log_queue *queue, enum log_queue_kind kind, const struct log_form *form, const void *bytes,
		   size_t length)
{
	size_t frame_bytes = sizeof(struct frame) + (size_t)align_up(length, sizeof(uint64_t));
	struct log_buffer *filling = &queue->filling;
	bool wake = false;

	pthread_mutex_lock(&queue->mutex);
	bool accepted = queue->running && atomic_load_explicit(&queue->kind, memory_order_relaxed) == kind;
	if (accepted && frame_bytes > QUEUE_BYTES - filling->used) {
		drop(queue, 1);
	} else if (accepted) {
		struct frame *frame = (struct frame *)(filling->bytes + filling->used);
		wake = filling->used == 0;
		frame->form = form;
		frame->length = length;
		memcpy(frame->bytes, bytes, length);
		filling->used += frame_bytes;
		queue->lines++;
	}
	pthread_mutex_unlock(&queue->mutex);
	if (wake)
		pthread_cond_signal(&queue->wake);
	return accepted;
}

/* All records of the form were queued before this call, so none of them is written after the filling buffer. */
void log_queue_retire(struct log_queue *queue, struct log_form *form)
{
	pthread_mutex_lock(&queue->mutex);
	bool running = queue->running;
	if (running) {
		form->next = queue->filling.retired;
		queue->filling.retired = form;
	}
	pthread_mutex_unlock(&queue->mutex);
	if (running)
		pthread_cond_signal(&queue->wake);
	else
		form->free(form);
}

void log_queue_reopen(struct log_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	if (queue->running) {
		queue->filling.reopen = true;
		queue->filling.reopen_at = queue->filling.used;
	}
	pthread_mutex_unlock(&queue->mutex);
	pthread_cond_signal(&queue->wake);
}

static const char *name_of(const struct log_queue *queue)
{
	return strcmp(queue->target, "-") == 0 ? "stderr" : queue->target;
}

bool log_queue_stats(struct log_queue *queue, char *name, size_t size, uint64_t *lines, uint64_t *dropped)
{
	pthread_mutex_lock(&queue->mutex);
	bool busy = queue->busy;
	if (busy) {
		const char *whole = name_of(queue);
		size_t length = strlen(whole);

		snprintf(name, size, "%s", whole + (length < size ? 0 : length - size + 1));
		*lines = queue->lines;
		*dropped = atomic_load_explicit(&queue->dropped, memory_order_relaxed);
	}
	pthread_mutex_unlock(&queue->mutex);
	return busy;
}

bool log_queue_is_idle(struct log_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	bool busy = queue->busy;
	pthread_mutex_unlock(&queue->mutex);
	return !busy;
}

/* --- functions of the writer thread --- */

static void put_line(struct log_queue *queue, const char *line, size_t length)
{
	sink_begin(&queue->sink, line, length);
	sink_end(&queue->sink);
}

/*
 * Logs a message of the writer. The writer of an error log writes its messages directly to that log, because the queue
 * may be full.
 */
__attribute__((format(printf, 3, 4))) static void report(struct log_queue *queue, enum log_level level,
							 const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	if (queue->report == NULL)
		put_line(queue, line,
			 line_format(line, level, queue->sink.kind == SINK_STDERR && line_stderr_is_journal(), format,
				     arguments) -
				 1);
	else
		vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (queue->report != NULL)
		queue->report(level, line);
}

static uint64_t unreported(const struct log_queue *queue)
{
	return atomic_load_explicit(&queue->dropped, memory_order_relaxed) - queue->reported;
}

/*
 * Reports lost lines, at most once a second. If `last` is true, reports them regardless of the time. If an error log
 * cannot write its own report, the report is repeated a second later, and does not count as a lost line.
 */
static void report_dropped(struct log_queue *queue, bool last)
{
	const uint64_t now = clock_now_ns(), lines = unreported(queue);

	if (lines == 0 || (!last && now - queue->reported_at_ns < CLOCK_NS_PER_S))
		return;
	queue->reported_at_ns = now;
	report(queue, LOG_LEVEL_WARNING, "%" PRIu64 " line%s of the log %s %s lost: %s", lines, units_plural(lines),
	       name_of(queue), lines == 1 ? "was" : "were",
	       queue->last_error ? strerrordesc_np(queue->last_error) : "the queue was full");
	if (queue->report == NULL) {
		sink_flush(&queue->sink);
		bool lost = queue->sink.lost > 0;
		queue->sink.lost = 0;
		if (lost)
			return;
	}
	queue->reported += lines;
	queue->last_error = 0;
}

/*
 * Called each second while the reader of the log does not read. The writer of a request log reports its lost lines to
 * the error log meanwhile. An error log that is not read cannot report anything.
 */
static void while_blocked(void *context)
{
	struct log_queue *queue = context;

	if (queue->report != NULL)
		report_dropped(queue, false);
}

static void flush(struct log_queue *queue)
{
	sink_flush(&queue->sink);
	if (queue->sink.lost == 0)
		return;
	drop(queue, queue->sink.lost);
	queue->last_error = queue->sink.last_error;
	queue->sink.lost = 0;
}

static void put_frame(struct log_queue *queue, const struct frame *frame)
{
	char line[SINK_LINE_BYTES];

	if (frame->form == NULL) {
		put_line(queue, frame->bytes, frame->length);
		return;
	}
	sink_begin(&queue->sink, line, frame->form->line(frame->form, frame->bytes, line));
	if (frame->form->fields != NULL && sink_has_fields(&queue->sink))
		frame->form->fields(frame->form, frame->bytes, &queue->sink);
	sink_end(&queue->sink);
}

static void put_frames(struct log_queue *queue, size_t from, size_t to)
{
	while (from < to) {
		const struct frame *frame = (const struct frame *)(queue->writing.bytes + from);

		put_frame(queue, frame);
		from += sizeof(*frame) + (size_t)align_up(frame->length, sizeof(uint64_t));
	}
	flush(queue);
}

static void free_forms(struct log_form *form)
{
	while (form != NULL) {
		struct log_form *next = form->next;

		form->free(form);
		form = next;
	}
}

static void write_batch(struct log_queue *queue)
{
	struct log_buffer *writing = &queue->writing;
	size_t before = writing->reopen ? writing->reopen_at : writing->used;

	put_frames(queue, 0, before);
	int error = writing->reopen ? sink_reopen(&queue->sink) : 0;
	if (error < 0)
		report(queue, LOG_LEVEL_ERROR, "cannot reopen the log %s: %s", name_of(queue), strerrordesc_np(-error));
	put_frames(queue, before, writing->used);
	free_forms(writing->retired);
	*writing = (struct log_buffer){ .bytes = writing->bytes };
}

/* Waits for work. If lost lines are not reported yet, waits until `due`, and returns false after that time. */
static bool await_work(struct log_queue *queue, const struct timespec *due)
{
	return unreported(queue) == 0 ? pthread_cond_wait(&queue->wake, &queue->mutex) == 0
				      : pthread_cond_timedwait(&queue->wake, &queue->mutex, due) == 0;
}

/*
 * Waits until there are lines to write, or for a second if lost lines are not reported yet, and swaps the buffers.
 * Returns false if the log is stopping and all lines are written.
 */
static bool await_batch(struct log_queue *queue)
{
	const struct log_buffer *filling = &queue->filling;
	const int64_t due_ns = clock_wall_ns() + (int64_t)CLOCK_NS_PER_S;
	const struct timespec due = { .tv_sec = (time_t)(due_ns / (int64_t)CLOCK_NS_PER_S),
				      .tv_nsec = (long)(due_ns % (int64_t)CLOCK_NS_PER_S) };
	bool swap, waits = true;

	pthread_mutex_lock(&queue->mutex);
	while (!(swap = filling->used > 0 || filling->reopen || filling->retired != NULL) && !queue->stopping && waits)
		waits = await_work(queue, &due);
	if (swap) {
		struct log_buffer filled = queue->filling;
		queue->filling = queue->writing;
		queue->writing = filled;
	}
	bool goes_on = swap || !queue->stopping;
	queue->running = goes_on; /* if false, log_at() writes to the next error log or to stderr, so no line is lost */
	pthread_mutex_unlock(&queue->mutex);
	return goes_on;
}

static void free_memory(char *filling, char *writing, char *target)
{
	free(filling);
	free(writing);
	free(target);
}

/* Releases all resources of log_queue_start() and makes the queue idle. */
static void release(struct log_queue *queue)
{
	char *filling = queue->filling.bytes, *writing = queue->writing.bytes, *target = queue->target;

	sink_close(&queue->sink);
	pthread_mutex_lock(&queue->mutex);
	queue->running = queue->busy = false;
	pthread_cond_broadcast(&queue->ended);
	pthread_mutex_unlock(&queue->mutex); /* after this call the main thread may start the queue again */
	free_memory(filling, writing, target);
}

static void *writer_main(void *context)
{
	struct log_queue *queue = context;

	pthread_setname_np(pthread_self(), "ranged-log");
	while (await_batch(queue)) {
		write_batch(queue);
		report_dropped(queue, false);
		nanosleep(&(struct timespec){ .tv_nsec = BATCH_PAUSE_NS }, NULL);
	}
	report_dropped(queue, true);
	flush(queue);
	release(queue);
	return NULL;
}

/* --- start and stop --- */

static void reset(struct log_queue *queue, enum log_queue_kind kind, char *filling, char *writing, char *target)
{
	pthread_mutex_lock(&queue->mutex);
	queue->filling = (struct log_buffer){ .bytes = filling };
	queue->writing = (struct log_buffer){ .bytes = writing };
	queue->target = target;
	queue->stopping = false;
	queue->lines = queue->reported = queue->reported_at_ns = 0;
	queue->last_error = 0;
	atomic_store(&queue->dropped, 0);
	atomic_store(&queue->kind, kind);
	queue->busy = queue->running = true;
	pthread_mutex_unlock(&queue->mutex);
}

int log_queue_start(struct log_queue *queue, bool errors, const char *target,
		    void (*report_fn)(enum log_level level, const char *text))
{
	int error = sink_open(&queue->sink, target, &sink_sockets);

	if (error != 0)
		return error;
	char *filling = malloc(QUEUE_BYTES), *writing = malloc(QUEUE_BYTES), *copy = strdup(target);
	if (filling == NULL || writing == NULL || copy == NULL) {
		free_memory(filling, writing, copy);
		sink_close(&queue->sink);
		return -ENOMEM;
	}
	enum log_queue_kind kind = queue->sink.kind == SINK_STDERR ? LOG_QUEUE_STDERR : LOG_QUEUE_ERRORS;
	queue->report = report_fn;
	queue->sink.blocked = while_blocked;
	queue->sink.blocked_context = queue;
	reset(queue, errors ? kind : LOG_QUEUE_REQUESTS, filling, writing, copy);
	error = thread_start_detached(writer_main, queue);
	if (error != 0)
		release(queue);
	return error;
}

void log_queue_stop(struct log_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->stopping = true;
	pthread_mutex_unlock(&queue->mutex);
	pthread_cond_signal(&queue->wake);
}

bool log_queue_await(struct log_queue *queue, const struct timespec *until)
{
	int error = 0;

	pthread_mutex_lock(&queue->mutex);
	while (queue->busy && error == 0)
		error = pthread_cond_timedwait(&queue->ended, &queue->mutex, until);
	bool ended = !queue->busy;
	pthread_mutex_unlock(&queue->mutex);
	return ended;
}
