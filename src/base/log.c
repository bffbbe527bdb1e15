/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A log is a queue, a writer thread and a sink. A log may lie on the very disk that is stuck, or be a pipe that nobody reads, so
 * nobody but its own writer ever writes to one, and no log waits for another.
 *
 * The one idea: each log has two buffers. Threads append what they have to say to the one that is being filled, under the log's
 * mutex, and that is a memcpy; the writer swaps the two and works off the other one outside the lock: only there records of
 * requests become lines. A full buffer drops. After each batch the writer naps, so that a busy server pays for one
 * wake-up in 10 ms and not for one a line.
 *
 * What is not said to be the writer's or atomic is behind the log's mutex. `logs.count` and names don't change while logs run.
 */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/align.h"
#include "base/clock.h"
#include "base/line.h"

#define QUEUE_BYTES ((size_t)512 * 1024) /* of each of a log's two buffers */
#define NAP_NS (10 * 1000 * 1000)
#define STOP_SECONDS 3 /* for all logs together to take what is queued */

/* What is queued. `bytes` begins at a multiple of 8. */
struct frame {
	const struct log_form *form; /* NULL: the bytes are the line */
	uint64_t length;
	char bytes[];
};

struct buffer {
	char *bytes;
	size_t used;
	bool reopen; /* the file is to be opened again, and what lies before reopen_at is for the old one */
	size_t reopen_at;
};

struct log {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool running, stopping;
	bool stuck; /* its writer could not be waited for: it is never touched again */
	struct buffer filling;
	uint64_t lines;
	_Atomic uint64_t dropped;
	char *name;
	pthread_t writer;
	/* the writer's, while it runs */
	struct buffer writing;
	struct sink sink;
	uint64_t reported, reported_at_ns; /* of `dropped` */
	int last_error;			   /* since the last report */
};

#define ERROR_LOG 0 /* the logs of requests follow */

static struct {
	struct log list[1 + LOG_REQUESTS_MAX];
	atomic_uint count; /* 0: they don't run */
} logs = {.list = {[0 ... LOG_REQUESTS_MAX] = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER}}};

static _Atomic int threshold = LOG_LEVEL_INFO;
static atomic_bool error_log_is_file;

static const struct line_level levels[] = {
	[LOG_LEVEL_ERROR] = {"error", '3'},
	[LOG_LEVEL_WARNING] = {"warning", '4'},
	[LOG_LEVEL_INFO] = {"info", '6'},
	[LOG_LEVEL_DEBUG] = {"debug", '7'},
};

int log_parse_level(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(text, levels[i].name) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Appends all of it or nothing. False when nobody writes any more. Signals outside the lock, and only if the buffer was empty. */
static bool queue(struct log *log, const struct log_form *form, const void *bytes, size_t length)
{
	size_t frame_bytes = sizeof(struct frame) + (size_t)align_up(length, sizeof(uint64_t));
	struct buffer *filling = &log->filling;
	bool wake = false;

	pthread_mutex_lock(&log->mutex);
	bool running = log->running;
	if (running && frame_bytes > QUEUE_BYTES - filling->used) {
		atomic_fetch_add_explicit(&log->dropped, 1, memory_order_relaxed);
	} else if (running) {
		struct frame *frame = (struct frame *)(filling->bytes + filling->used);
		wake = filling->used == 0;
		frame->form = form;
		frame->length = length;
		memcpy(frame->bytes, bytes, length);
		filling->used += frame_bytes;
		log->lines++;
	}
	pthread_mutex_unlock(&log->mutex);
	if (wake)
		pthread_cond_signal(&log->wake);
	return running;
}

void log_at(enum log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	bool journal = !atomic_load_explicit(&error_log_is_file, memory_order_relaxed) && line_stderr_is_journal();
	va_start(arguments, format);
	size_t length = line_format(line, &levels[level], journal, format, arguments);
	va_end(arguments);
	if (!queue(&logs.list[ERROR_LOG], NULL, line, length - 1))
		sink_write_all(STDERR_FILENO, line, length);
}

void log_request(unsigned log, const struct log_form *form, const void *record, size_t length)
{
	assert(log < LOG_REQUESTS_MAX && length <= LOG_RECORD_BYTES);
	queue(&logs.list[1 + log], form, record, length);
}

bool log_stats(unsigned log, struct log_stats *stats)
{
	if (log >= logs.count)
		return false;
	struct log *of = &logs.list[log];
	pthread_mutex_lock(&of->mutex);
	*stats = (struct log_stats){.name = of->name, .lines = of->lines, .dropped = of->dropped};
	pthread_mutex_unlock(&of->mutex);
	return true;
}

uint64_t log_dropped(void)
{
	uint64_t dropped = 0;

	for (unsigned i = 0; i <= LOG_REQUESTS_MAX; i++)
		dropped += atomic_load_explicit(&logs.list[i].dropped, memory_order_relaxed);
	return dropped;
}

bool log_gate_pass(struct log_gate *gate, uint64_t *held_back)
{
	uint64_t now = clock_now_ns();
	uint64_t open_at = atomic_load_explicit(&gate->open_at_ns, memory_order_relaxed);

	if (now < open_at || !atomic_compare_exchange_strong(&gate->open_at_ns, &open_at, now + CLOCK_NS_PER_S)) {
		atomic_fetch_add_explicit(&gate->held_back, 1, memory_order_relaxed);
		return false;
	}
	*held_back = atomic_exchange(&gate->held_back, 0);
	return true;
}

/* --- the writer of one log --- */

static void put_line(struct log *log, const char *line, size_t length)
{
	sink_begin(&log->sink, line, length);
	sink_end(&log->sink);
}

/* What a writer itself has to say. The error log's own goes past its queue, which may be what is full. */
__attribute__((format(printf, 3, 4))) static void say(struct log *log, enum log_level level, const char *format, ...)
{
	char line[LINE_BYTES], text[LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	if (log == &logs.list[ERROR_LOG])
		put_line(log, line,
			 line_format(line, &levels[level], log->sink.kind == SINK_STDERR && line_stderr_is_journal(), format, arguments) - 1);
	else
		vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (log != &logs.list[ERROR_LOG])
		log_at(level, "%s", text);
}

static void say_dropped(struct log *log, bool last)
{
	uint64_t now = clock_now_ns(), total = log->dropped;

	if (total == log->reported || (!last && now - log->reported_at_ns < CLOCK_NS_PER_S))
		return;
	uint64_t lines = total - log->reported;
	int error = log->last_error;
	log->reported = total;
	log->reported_at_ns = now;
	log->last_error = 0;
	say(log, LOG_LEVEL_WARNING, "%" PRIu64 " lines of the log %s were lost: %s", lines, log->name,
	    error ? strerrordesc_np(error) : "the queue was full");
}

static void flush(struct log *log)
{
	sink_flush(&log->sink);
	if (log->sink.lost == 0)
		return;
	atomic_fetch_add_explicit(&log->dropped, log->sink.lost, memory_order_relaxed);
	log->last_error = log->sink.last_error;
	log->sink.lost = 0;
}

static void put_frame(struct log *log, const struct frame *frame)
{
	char line[SINK_LINE_BYTES];

	if (frame->form == NULL) {
		put_line(log, frame->bytes, frame->length);
		return;
	}
	sink_begin(&log->sink, line, frame->form->line(frame->form, frame->bytes, line));
	if (frame->form->fields != NULL && sink_has_fields(&log->sink))
		frame->form->fields(frame->form, frame->bytes, &log->sink);
	sink_end(&log->sink);
}

static void put_frames(struct log *log, size_t from, size_t to)
{
	while (from < to) {
		const struct frame *frame = (const struct frame *)(log->writing.bytes + from);

		put_frame(log, frame);
		from += sizeof(*frame) + (size_t)align_up(frame->length, sizeof(uint64_t));
	}
	flush(log);
}

static void work_off(struct log *log)
{
	struct buffer *writing = &log->writing;
	size_t before = writing->reopen ? writing->reopen_at : writing->used;

	put_frames(log, 0, before);
	int error = writing->reopen ? sink_reopen(&log->sink) : 0;
	if (error < 0)
		say(log, LOG_LEVEL_ERROR, "cannot reopen the log %s: %s", log->name, strerrordesc_np(-error));
	put_frames(log, before, writing->used);
	writing->used = 0;
	writing->reopen = false;
}

/* Waits for work and takes it. False: the log is stopping and all is written. */
static bool take_batch(struct log *log)
{
	const struct buffer *filling = &log->filling;

	pthread_mutex_lock(&log->mutex);
	while (filling->used == 0 && !filling->reopen && !log->stopping)
		pthread_cond_wait(&log->wake, &log->mutex);

	bool taken = filling->used > 0 || filling->reopen;
	if (taken) {
		struct buffer filled = log->filling;
		log->filling = log->writing;
		log->writing = filled;
	}
	log->running = taken; /* from here on whoever has an error to log writes to stderr: no line falls between */
	pthread_mutex_unlock(&log->mutex);
	return taken;
}

static void *writer_main(void *context)
{
	struct log *log = context;

	while (take_batch(log)) {
		work_off(log);
		say_dropped(log, false);
		nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
	}
	say_dropped(log, true);
	flush(log);
	return NULL;
}

/* --- start and stop --- */

static int start_writer(struct log *log)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	log->running = true; /* without the mutex: there is nobody else yet */
	int error = pthread_create(&log->writer, NULL, writer_main, log);
	log->running = error == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_setname_np(log->writer, "ranged-log");
	return -error;
}

static void close_log(struct log *log)
{
	sink_close(&log->sink);
	free(log->name);
	free(log->filling.bytes);
	free(log->writing.bytes);
	log->name = NULL;
	log->filling = log->writing = (struct buffer){0};
}

static int open_log(struct log *log, const char *target, const struct sink_sockets *sockets)
{
	log->stopping = false;
	log->lines = log->reported = log->reported_at_ns = 0;
	log->dropped = 0;
	log->last_error = 0;
	int error = sink_open(&log->sink, target, sockets);
	if (error < 0)
		return error;
	log->name = strdup(log->sink.kind == SINK_STDERR ? "stderr" : target);
	log->filling.bytes = malloc(QUEUE_BYTES);
	log->writing.bytes = malloc(QUEUE_BYTES);
	error = log->name && log->filling.bytes && log->writing.bytes ? start_writer(log) : -ENOMEM;
	if (error < 0)
		close_log(log);
	return error;
}

static void ask_to_stop(struct log *log)
{
	pthread_mutex_lock(&log->mutex);
	log->stopping = true;
	pthread_mutex_unlock(&log->mutex);
	pthread_cond_signal(&log->wake);
}

/* False: its writer waits for somebody. Then it keeps what it has, and the process ends without it. */
static bool await_end(struct log *log, const struct timespec *until)
{
	if (pthread_timedjoin_np(log->writer, NULL, until) != 0) {
		log->stuck = true;
		pthread_detach(log->writer);
		return false;
	}
	close_log(log);
	return true;
}

static struct timespec deadline(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_SECONDS;
	return until;
}

int log_start(const struct log_options *options, const char **failed)
{
	const struct sink_sockets *sockets = options->sockets != NULL ? options->sockets : &sink_sockets;

	assert(logs.count == 0 && options->target_count <= LOG_REQUESTS_MAX);
	for (unsigned i = 0; i <= options->target_count; i++) {
		const char *target = i > 0 ? options->targets[i - 1] : options->error_path != NULL ? options->error_path : "-";
		int error = logs.list[i].stuck ? -EBUSY : open_log(&logs.list[i], target, sockets);

		if (error < 0) {
			*failed = error == -ENOMEM || error == -EAGAIN ? NULL : target;
			log_stop();
			return error;
		}
		logs.count = i + 1;
	}
	atomic_store(&threshold, (int)options->level);
	atomic_store(&error_log_is_file, options->error_path != NULL);
	return 0;
}

/* The error log goes last: the others have something to say in it. */
bool log_stop(void)
{
	struct timespec until = deadline();
	unsigned count = logs.count;
	bool all = true;

	for (unsigned i = ERROR_LOG + 1; i < count; i++)
		ask_to_stop(&logs.list[i]);
	for (unsigned i = ERROR_LOG + 1; i < count; i++) {
		if (await_end(&logs.list[i], &until))
			continue;
		log_warning("the log %s takes nothing: what was queued for it is lost", logs.list[i].name);
		all = false;
	}
	if (count > 0) {
		until = deadline();
		ask_to_stop(&logs.list[ERROR_LOG]);
		all = await_end(&logs.list[ERROR_LOG], &until) && all;
	}
	logs.count = 0;
	atomic_store(&error_log_is_file, false);
	return all;
}

void log_reopen(void)
{
	for (unsigned i = 0; i < logs.count; i++) {
		struct log *log = &logs.list[i];

		pthread_mutex_lock(&log->mutex);
		if (log->running) {
			log->filling.reopen = true;
			log->filling.reopen_at = log->filling.used;
		}
		pthread_mutex_unlock(&log->mutex);
		pthread_cond_signal(&log->wake);
	}
}
