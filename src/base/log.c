/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of logs. Each log is a queue with its writer thread (log_queue.c) in an entry of a fixed table. A thread
 * that uses the number of a closed log therefore never touches freed memory. The main thread opens and closes logs and
 * counts the users of each log. The writer thread clears the entry.
 *
 * The main idea: the error log is a log like any other, and an atomic stores its number. A thread that logs an error
 * loads the number. If the queue has ended in the meantime, the thread loads the number again. Therefore no line is
 * lost and no thread waits when the error log is replaced.
 *
 * Memory order: `errors`, `threshold` and `kind` are sequentially consistent where they are written. They publish no
 * other data, because the mutex of a queue protects its content. log_at() loads `threshold` relaxed, because a line
 * that is logged during a reload may use the old level or the new one.
 */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_queue.h"

#define NONE 0
#define NS_PER_S 1000000000L
#define NS_PER_MS 1000000L
#define STOP_MS 3000 /* time limit for all logs together to write their queued lines */

static struct {
	struct log_queue list[1 + LOG_OPEN_MAX]; /* the first entry is not used */
	unsigned users[1 + LOG_OPEN_MAX];	 /* main thread only; 0: the entry is free, or its writer is ending */
	atomic_uint errors;			 /* number of the error log; NONE: write to stderr */
} logs = { .list = { [0 ... LOG_OPEN_MAX] = LOG_QUEUE_INITIALIZER } };

static _Atomic int threshold = LOG_LEVEL_INFO;

/* --- functions for any thread --- */

/* Writes an error line to log `at`. Returns false if that log has ended. */
static bool put_error(unsigned at, const char *line, size_t length, enum log_queue_kind kind)
{
	if (at != NONE)
		return log_queue_put(&logs.list[at], kind, NULL, line, length - 1);
	sink_write_all(STDERR_FILENO, line, length);
	return true;
}

void log_at(enum log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;
	unsigned at, tried = NONE;
	bool done;

	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	do {
		at = atomic_load(&logs.errors);
		if (at == tried) /* the log has ended, and no other error log is in use */
			at = NONE;
		tried = at;
		enum log_queue_kind kind = at == NONE ? LOG_QUEUE_STDERR : atomic_load(&logs.list[at].kind);
		va_start(arguments, format);
		size_t length = line_format(line, level, kind == LOG_QUEUE_STDERR && line_stderr_is_journal(), format,
					    arguments);
		va_end(arguments);
		done = kind != LOG_QUEUE_REQUESTS && put_error(at, line, length, kind);
	} while (!done);
}

int log_failure(const char *what, int error)
{
	log_error("%s: %s", what, strerror(-error));
	return error;
}

void log_request(unsigned log, const struct log_form *form, const void *record, size_t length)
{
	assert(log != NONE && log <= LOG_OPEN_MAX && length <= LOG_RECORD_BYTES);
	log_queue_put(&logs.list[log], LOG_QUEUE_REQUESTS, form, record, length);
}

void log_reopen(void)
{
	for (unsigned i = 1; i <= LOG_OPEN_MAX; i++)
		log_queue_reopen(&logs.list[i]);
}

bool log_stats(unsigned *at, struct log_stats *stats)
{
	while (++*at <= LOG_OPEN_MAX) {
		struct log_queue *queue = &logs.list[*at];

		if (!log_queue_stats(queue, stats->name, sizeof(stats->name), &stats->lines, &stats->dropped))
			continue;
		stats->errors = atomic_load(&queue->kind) != LOG_QUEUE_REQUESTS;
		return true;
	}
	return false;
}

uint64_t log_dropped(void)
{
	return log_queue_dropped();
}

bool log_gate_pass(struct log_gate *gate, uint64_t *suppressed)
{
	uint64_t now = clock_now_ns();
	uint64_t open_at = atomic_load_explicit(&gate->open_at_ns, memory_order_relaxed);

	if (now < open_at || !atomic_compare_exchange_strong(&gate->open_at_ns, &open_at, now + CLOCK_NS_PER_S)) {
		atomic_fetch_add_explicit(&gate->suppressed, 1, memory_order_relaxed);
		return false;
	}
	*suppressed = atomic_exchange(&gate->suppressed, 0);
	return true;
}

/* --- functions for the main thread --- */

/* Logs a message of the writer of a request log. */
static void report(enum log_level level, const char *text)
{
	log_at(level, "%s", text);
}

/*
 * Returns true if this log is open with this target. The target may be read without the mutex, because it is constant
 * while the log has users.
 */
static bool is_open_as(unsigned log, bool errors, const char *target)
{
	const struct log_queue *queue = &logs.list[log];

	return logs.users[log] > 0 && (atomic_load(&queue->kind) != LOG_QUEUE_REQUESTS) == errors &&
	       strcmp(queue->target, target) == 0;
}

static int open_log(bool errors, const char *target, unsigned *log)
{
	unsigned at = 1;

	while (at <= LOG_OPEN_MAX && !is_open_as(at, errors, target))
		at++;
	if (at > LOG_OPEN_MAX) {
		for (at = 1; at <= LOG_OPEN_MAX && !log_queue_is_idle(&logs.list[at]); at++)
			;
		int error = at > LOG_OPEN_MAX ? -EBUSY
					      : log_queue_start(&logs.list[at], errors, target, errors ? NULL : report);
		if (error != 0)
			return error;
	}
	logs.users[at]++;
	*log = at;
	return 0;
}

int log_open(const char *target, unsigned *log)
{
	return open_log(false, target, log);
}

int log_open_errors(const char *path, unsigned *log)
{
	return open_log(true, path != NULL ? path : "-", log);
}

void log_close(unsigned log)
{
	assert(log != NONE && log <= LOG_OPEN_MAX && logs.users[log] > 0);
	if (--logs.users[log] == 0)
		log_queue_stop(&logs.list[log]);
}

void log_use(unsigned log, enum log_level level)
{
	unsigned last = atomic_exchange(&logs.errors, log);

	atomic_store(&threshold, (int)level);
	if (last != NONE)
		log_close(last);
}

void log_retire(unsigned log, struct log_form *form)
{
	assert(log != NONE && log <= LOG_OPEN_MAX);
	log_queue_retire(&logs.list[log], form);
}

static struct timespec deadline(unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * NS_PER_MS;
	if (until.tv_nsec >= NS_PER_S) {
		until.tv_sec++;
		until.tv_nsec -= NS_PER_S;
	}
	return until;
}

static void close_for_all_users(unsigned log)
{
	if (logs.users[log] > 0)
		log_queue_stop(&logs.list[log]);
	logs.users[log] = 0;
}

static void report_stuck(unsigned log)
{
	struct log_stats stats;
	unsigned at = log - 1;

	if (log_stats(&at, &stats) && at == log)
		log_warning("the log %s does not accept data; its queued lines are lost", stats.name);
}

/* Stops the error log last, because the writers of the other logs report their errors to it. */
bool log_stop_within(unsigned ms)
{
	unsigned errors = atomic_load(&logs.errors);
	struct timespec until = deadline(ms);
	bool all = true;

	for (unsigned i = 1; i <= LOG_OPEN_MAX; i++)
		if (i != errors)
			close_for_all_users(i);
	for (unsigned i = 1; i <= LOG_OPEN_MAX; i++) {
		if (i == errors || log_queue_await(&logs.list[i], &until))
			continue;
		report_stuck(i);
		all = false;
	}
	if (errors != NONE) {
		until = deadline(ms);
		close_for_all_users(errors);
		all = log_queue_await(&logs.list[errors], &until) && all;
	}
	atomic_store(&logs.errors, NONE);
	return all;
}

bool log_stop(void)
{
	return log_stop_within(STOP_MS);
}
