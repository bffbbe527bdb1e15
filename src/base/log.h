/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The error log and the request logs. A write to a log can block on a disk or on the reader of a pipe. Each log
 * therefore has a bounded queue and a writer thread. A line that does not fit into the queue is dropped and counted.
 * Logs can be opened and closed while other threads write to them. Without an error log, error lines are written to
 * stderr directly.
 *
 * A log is identified by a number. The number 0 is not a log.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/line.h"
#include "base/log_form.h"
#include "base/units.h"

#define LOG_REQUESTS_MAX 16 /* maximum number of request logs of one configuration */
#define LOG_OPEN_MAX 64	    /* maximum number of open logs, including closed logs that still have lines to write */

/* --- Opening and closing logs, on the main thread. Opening a file can block in the filesystem. --- */

/*
 * Opens the request log with this target (see sink_open()), or adds a user to the log if it is already open. Each
 * successful log_open() requires a log_close(). Returns 0 on success, -EBUSY if LOG_OPEN_MAX logs are open, or another
 * -errno.
 */
int log_open(const char *target, unsigned *log);
/* Opens an error log, like log_open(). A NULL path is stderr. The log receives lines only after log_use(). */
int log_open_errors(const char *path, unsigned *log);

/*
 * Removes one user of the log. When the last user is removed, the writer writes the queued lines, closes the file and
 * ends. No thread may queue records after that.
 */
void log_close(unsigned log);

/*
 * Makes this log the error log and sets the level. The caller must not close the log afterwards, because the next
 * log_use() closes it. Lines that are queued for the previous error log are still written to that log.
 */
void log_use(unsigned log, enum log_level level);

/*
 * Announces that no more records of this form will be queued. Must be called before log_close(). The writer calls
 * form->free() when it has written the queued records. If the log has no writer, log_retire() itself calls
 * form->free(). If the destination of the log accepts no data, form->free() may never be called.
 */
void log_retire(unsigned log, struct log_form *form);

/*
 * Closes all logs, regardless of their users, and waits up to 3 seconds for the writers. Returns false if a writer has
 * not ended by then, because its destination accepts no data. That writer and its forms remain until the process exits.
 */
bool log_stop(void);
/* Works like log_stop(), but waits at most this time for the error log, and this time for all other logs. */
bool log_stop_within(unsigned ms);

/* --- Writing. These functions are thread-safe and never block. --- */

/* Asks the writers to reopen their files by name, after a log rotation. Queued lines are written to the old files. */
void log_reopen(void);

/*
 * Writes a line to the error log if the level is enabled. A line of more than 2 KiB is truncated and ends in "…".
 * Invisible characters and bytes that are not UTF-8 are written as \xNN.
 */
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Logs "WHAT: description of the error" as an error. `error` is a -errno, which is returned. */
int log_failure(const char *what, int error);

/* Queues a copy of a record. The copy that `form` receives is aligned to 8 bytes. */
void log_request(unsigned log, const struct log_form *form, const void *record, size_t length);
#define LOG_RECORD_BYTES 8192 /* maximum length of a record */

#define LOG_NAME_BYTES 256

struct log_stats {
	char name[LOG_NAME_BYTES]; /* end of the path or target; two logs may have the same name */
	bool errors;		   /* true for an error log */
	uint64_t lines;		   /* lines queued since the log was opened */
	uint64_t dropped;	   /* lines lost because the queue was full or a write failed */
};

/* Copies the statistics of the next log. *at must be 0 before the first call. Returns false after the last log. */
bool log_stats(unsigned *at, struct log_stats *stats);
/*
 * Returns the number of lines that all logs have lost since the start of the process. Each log also reports its own
 * lost lines.
 */
uint64_t log_dropped(void);

/*
 * Limits the rate of one message to one line per second and counts the suppressed lines. Each message has its own
 * static, zero-initialised gate. A gate is thread-safe. The compare-and-exchange on open_at_ns lets exactly one thread
 * pass. The memory order does not matter, because neither member publishes other data.
 */
struct log_gate {
	_Atomic uint64_t open_at_ns; /* time of clock_now_ns() from which the next line may pass */
	_Atomic uint64_t suppressed; /* lines suppressed since the last line that passed */
};

/* Returns true if a line may be written now, and sets *suppressed to the number of lines suppressed before it. */
bool log_gate_pass(struct log_gate *gate, uint64_t *suppressed);

#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * Logs an error that may repeat. Each use of the macro logs at most one line per second, with the number of suppressed
 * lines.
 */
#define log_fault(level, format, ...)                                                                       \
	do {                                                                                                \
		static struct log_gate gate_;                                                               \
		uint64_t suppressed_;                                                                       \
		if (log_gate_pass(&gate_, &suppressed_)) {                                                  \
			if (suppressed_ > 0)                                                                \
				log_at(level, format " (%llu similar message%s suppressed)", ##__VA_ARGS__, \
				       (unsigned long long)suppressed_, units_plural(suppressed_));         \
			else                                                                                \
				log_at(level, format, ##__VA_ARGS__);                                       \
		}                                                                                           \
	} while (0)

#endif
