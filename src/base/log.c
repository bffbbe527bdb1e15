/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two logs, one writer thread. A log file may lie on the very disk that is stuck, so nobody but the writer ever writes to one.
 *
 * The one idea: each log has two buffers. Threads append whole lines to the one that is being filled, under `mutex`, and that
 * is a memcpy; the writer swaps the two and writes the other one with one call, outside the lock. A full buffer drops lines.
 * After each batch the writer naps, so that a busy server pays for one wake-up in 10 ms and not for one a line.
 * The logs have buffers of their own, so that no flood of requests can push out an error.
 *
 * Everything in `logs` is behind its mutex, except what is said to be the writer's or atomic.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/line.h"

#define QUEUE_BYTES ((size_t)512 * 1024) /* of each of the four buffers */
#define NAP_NS (10 * 1000 * 1000)

struct buffer {
	char *bytes;
	size_t used;
	bool reopen; /* the file is to be opened again, and what lies before reopen_at is for the old one */
	size_t reopen_at;
};

struct sink {
	struct buffer filling;
	/* the writer's, while it runs */
	struct buffer writing;
	char *path; /* NULL: stderr */
	int fd;	    /* -1: this log is not wanted */
	bool torn;  /* a write failed in the middle of a line */
};

enum { ERROR_LOG, ACCESS_LOG, SINKS };

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool running, stopping;
	struct sink sinks[SINKS];
	pthread_t writer;
	/* the writer's */
	uint64_t reported, reported_at_ns; /* of `dropped` */
	int last_error;			   /* since the last report */
} logs = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static _Atomic int threshold = LOG_LEVEL_INFO;
static atomic_bool access_wanted;
static _Atomic uint64_t dropped;

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
static bool queue(struct sink *sink, const char *bytes, size_t length, bool newline)
{
	struct buffer *filling = &sink->filling;
	bool wake = false;

	pthread_mutex_lock(&logs.mutex);
	bool running = logs.running;
	if (running && length + newline > QUEUE_BYTES - filling->used) {
		atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
	} else if (running) {
		wake = filling->used == 0;
		memcpy(filling->bytes + filling->used, bytes, length);
		filling->used += length;
		if (newline)
			filling->bytes[filling->used++] = '\n';
	}
	pthread_mutex_unlock(&logs.mutex);
	if (wake)
		pthread_cond_signal(&logs.wake);
	return running;
}

/* Returns the bytes written; fewer than `length` is an error, in errno. */
static size_t write_all(int fd, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t written = write(fd, bytes + done, length - done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break;
		done += (size_t)written;
	}
	return done;
}

/* The form of a line depends on where it goes; a sink's path does not change while the log runs. */
static bool error_log_is_journal(void)
{
	pthread_mutex_lock(&logs.mutex);
	bool to_file = logs.running && logs.sinks[ERROR_LOG].path;
	pthread_mutex_unlock(&logs.mutex);
	return !to_file && line_stderr_is_journal();
}

void log_at(enum log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	va_start(arguments, format);
	size_t length = line_format(line, &levels[level], error_log_is_journal(), format, arguments);
	va_end(arguments);
	if (!queue(&logs.sinks[ERROR_LOG], line, length, false))
		write_all(STDERR_FILENO, line, length);
}

void log_access(const char *line, size_t length)
{
	if (log_access_wanted())
		queue(&logs.sinks[ACCESS_LOG], line, length, true);
}

bool log_access_wanted(void)
{
	return atomic_load_explicit(&access_wanted, memory_order_relaxed);
}

uint64_t log_dropped(void)
{
	return atomic_load_explicit(&dropped, memory_order_relaxed);
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

static uint64_t count_lines(const char *bytes, size_t length)
{
	uint64_t lines = 0;

	for (const char *end = bytes + length; (bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL; bytes++)
		lines++;
	return lines;
}

/* What can't be written (a full disk, an I/O error) is lost: waiting for the disk to heal would only lose other lines. */
static void sink_write(struct sink *sink, const char *bytes, size_t length)
{
	if (length == 0)
		return;
	if (sink->torn && write_all(sink->fd, "\n", 1) == 1)
		sink->torn = false;

	size_t written = write_all(sink->fd, bytes, length);
	if (written == length)
		return;
	logs.last_error = errno;
	sink->torn = sink->torn || (written > 0 && bytes[written - 1] != '\n');
	atomic_fetch_add_explicit(&dropped, count_lines(bytes + written, length - written), memory_order_relaxed);
}

/* What the writer itself has to say goes past the queue. */
__attribute__((format(printf, 2, 3))) static void say(enum log_level level, const char *format, ...)
{
	struct sink *sink = &logs.sinks[ERROR_LOG];
	char line[LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	size_t length = line_format(line, &levels[level], !sink->path && line_stderr_is_journal(), format, arguments);
	va_end(arguments);
	sink_write(sink, line, length);
}

static void say_dropped(bool last)
{
	uint64_t now = clock_now_ns(), total = log_dropped();

	if (total == logs.reported || (!last && now - logs.reported_at_ns < CLOCK_NS_PER_S))
		return;
	uint64_t lines = total - logs.reported;
	int error = logs.last_error;
	logs.reported = total;
	logs.reported_at_ns = now;
	logs.last_error = 0;
	say(LOG_LEVEL_WARNING, "%" PRIu64 " lines of the logs were lost: %s", lines,
	    error ? strerrordesc_np(error) : "the queue was full");
}

static int open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	return fd < 0 ? -errno : fd;
}

static void sink_reopen(struct sink *sink)
{
	if (!sink->path)
		return;
	int fd = open_log(sink->path);
	if (fd < 0) {
		say(LOG_LEVEL_ERROR, "cannot reopen the log %s: %s", sink->path, strerrordesc_np(-fd));
		return;
	}
	close(sink->fd);
	sink->fd = fd;
	sink->torn = false;
}

static void sink_flush(struct sink *sink)
{
	struct buffer *writing = &sink->writing;
	size_t before = writing->reopen ? writing->reopen_at : writing->used;

	sink_write(sink, writing->bytes, before);
	if (writing->reopen)
		sink_reopen(sink);
	sink_write(sink, writing->bytes + before, writing->used - before);
	writing->used = 0;
	writing->reopen = false;
}

static bool anything_queued(void)
{
	for (int i = 0; i < SINKS; i++) {
		if (logs.sinks[i].filling.used > 0 || logs.sinks[i].filling.reopen)
			return true;
	}
	return false;
}

/* Waits for work and takes it. False: the log is stopping and all is written. */
static bool take_batch(void)
{
	pthread_mutex_lock(&logs.mutex);
	while (!anything_queued() && !logs.stopping)
		pthread_cond_wait(&logs.wake, &logs.mutex);

	bool taken = anything_queued();
	for (int i = 0; taken && i < SINKS; i++) {
		struct buffer filled = logs.sinks[i].filling;
		logs.sinks[i].filling = logs.sinks[i].writing;
		logs.sinks[i].writing = filled;
	}
	logs.running = taken; /* from here on whoever logs writes to stderr: no line falls between */
	pthread_mutex_unlock(&logs.mutex);
	return taken;
}

static void *writer_main(void *context)
{
	(void)context;
	while (take_batch()) {
		for (int i = 0; i < SINKS; i++)
			sink_flush(&logs.sinks[i]);
		say_dropped(false);
		nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
	}
	say_dropped(true);
	return NULL;
}

static void sink_close(struct sink *sink)
{
	if (sink->path && sink->fd >= 0)
		close(sink->fd);
	free(sink->path);
	free(sink->filling.bytes);
	free(sink->writing.bytes);
	*sink = (struct sink){.fd = -1};
}

/* path NULL: stderr. */
static int sink_open(struct sink *sink, const char *path)
{
	*sink = (struct sink){
		.filling = {.bytes = malloc(QUEUE_BYTES)},
		.writing = {.bytes = malloc(QUEUE_BYTES)},
		.path = path ? strdup(path) : NULL,
		.fd = STDERR_FILENO,
	};
	if (!sink->filling.bytes || !sink->writing.bytes || (path && !sink->path))
		return -ENOMEM;
	if (path)
		sink->fd = open_log(path);
	return sink->fd < 0 ? sink->fd : 0;
}

static int start_writer(void)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&logs.writer, NULL, writer_main, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_setname_np(logs.writer, "ranged-log");
	return -error;
}

static int open_sinks(const struct log_options *options, const char **failed_path)
{
	int error = sink_open(&logs.sinks[ERROR_LOG], options->error_path);

	*failed_path = options->error_path;
	if (error == 0 && options->access_path) {
		bool to_stderr = strcmp(options->access_path, "-") == 0;
		error = sink_open(&logs.sinks[ACCESS_LOG], to_stderr ? NULL : options->access_path);
		*failed_path = options->access_path;
	}
	return error;
}

int log_start(const struct log_options *options, const char **failed_path)
{
	int error = open_sinks(options, failed_path);
	if (error < 0)
		goto close_sinks;

	atomic_store(&threshold, (int)options->level);
	atomic_store(&access_wanted, options->access_path != NULL);
	atomic_store(&dropped, 0);
	logs.reported = 0;
	logs.stopping = false;
	logs.running = true; /* without the mutex: there is nobody else yet */
	error = start_writer();
	if (error == 0)
		return 0;
	logs.running = false;
	*failed_path = NULL;
	atomic_store(&access_wanted, false);
close_sinks:
	for (int i = 0; i < SINKS; i++)
		sink_close(&logs.sinks[i]);
	return error;
}

void log_stop(void)
{
	pthread_mutex_lock(&logs.mutex);
	bool running = logs.running;
	logs.stopping = true;
	pthread_mutex_unlock(&logs.mutex);
	if (!running)
		return;
	pthread_cond_signal(&logs.wake);
	pthread_join(logs.writer, NULL);
	atomic_store(&access_wanted, false);
	for (int i = 0; i < SINKS; i++)
		sink_close(&logs.sinks[i]);
}

void log_reopen(void)
{
	pthread_mutex_lock(&logs.mutex);
	for (int i = 0; logs.running && i < SINKS; i++) {
		logs.sinks[i].filling.reopen = true;
		logs.sinks[i].filling.reopen_at = logs.sinks[i].filling.used;
	}
	pthread_mutex_unlock(&logs.mutex);
	pthread_cond_signal(&logs.wake);
}
