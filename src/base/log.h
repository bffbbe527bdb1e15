/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The error log and the logs of requests. A write to a log can wait for a disk or for whoever reads it, so once log_start() has run
 * each log has a bounded queue and a writer thread; what does not fit is dropped and counted. Before log_start() and after
 * log_stop(), lines of the error log go straight to stderr.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sink.h"

#define LOG_REQUESTS_MAX 16 /* logs of requests */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_options {
	enum log_level level;
	const char *error_path; /* NULL: stderr */
	const char *const *targets; /* of the logs of requests: see sink_open(). Each once: log_request() knows them by their index */
	unsigned target_count;	    /* at most LOG_REQUESTS_MAX */
	const struct sink_sockets *sockets; /* NULL: those of the system */
};

/*
 * Opens the logs and starts their writers. 0 or -errno, in which case *failed names the file or target (NULL: none of them is to
 * blame). Copies the strings. Main thread, once, before other threads log.
 */
int log_start(const struct log_options *options, const char **failed);

/*
 * Writes what is queued, says how many lines were dropped if any, joins the writers, closes the files. A log that takes nothing is
 * left behind after some seconds, with its writer and the forms it has; then it returns false. Main thread.
 */
bool log_stop(void);

/* Asks the writers to open the files again by name (rotation). Lines queued before go to the old file. Any thread; never blocks. */
void log_reopen(void);

/* "error" | "warning" | "info" | "debug" to a level; -EINVAL. */
int log_parse_level(const char *text, enum log_level *level);

/* Any thread, never blocks once started. A line longer than 2 KiB is cut with "…". Control bytes in it are written as \xNN. */
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How what was queued for a log of requests becomes an entry of it. Lives as long as the log. By the writers, at any time. */
struct log_form {
	/* The line, without a newline, into line[SINK_LINE_BYTES]; returns its length. */
	size_t (*line)(const struct log_form *form, const void *record, char *line);
	/* Hands what the journal takes besides to sink_field(). NULL: nothing. */
	void (*fields)(const struct log_form *form, const void *record, struct sink *sink);
};

/* Queues a copy of a record, which is aligned to 8 again when `form` gets it. Any thread, never blocks. */
void log_request(unsigned log, const struct log_form *form, const void *record, size_t length);
#define LOG_RECORD_BYTES 8192 /* the longest */

struct log_stats {
	const char *name; /* the path or target */
	uint64_t lines, dropped; /* queued; lost because the queue was full or the write failed */
};

/* The error log is 0, the logs of requests follow. False: there is no such log. Any thread while the logs run. */
bool log_stats(unsigned log, struct log_stats *stats);
/* Lines lost since log_start, of all logs. They say so themselves, too. */
uint64_t log_dropped(void);

/* One fault's gate: open at most once a second; counts what it held back. Zero-initialised, one static per fault. */
struct log_gate {
	_Atomic uint64_t open_at_ns;
	_Atomic uint64_t held_back;
};

/* True if this line may be written now; then *held_back says how many were not since the last one. Any thread. */
bool log_gate_pass(struct log_gate *gate, uint64_t *held_back);

#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* For faults that repeat: at most one line a second from this place, with the number held back in between. */
#define log_fault(level, format, ...)                                                                                              \
	do {                                                                                                                       \
		static struct log_gate gate_;                                                                                      \
		uint64_t held_back_;                                                                                               \
		if (log_gate_pass(&gate_, &held_back_)) {                                                                          \
			if (held_back_ > 0)                                                                                        \
				log_at(level, format " (and %llu like it not shown)", ##__VA_ARGS__,                               \
				       (unsigned long long)held_back_);                                                            \
			else                                                                                                       \
				log_at(level, format, ##__VA_ARGS__);                                                              \
		}                                                                                                                  \
	} while (0)

#endif
