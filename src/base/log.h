/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The error log and the logs of requests. A write to a log can wait for a disk or for whoever reads it, so each has a
 * bounded queue and a writer thread; what does not fit is dropped and counted. Logs come and go while others write to
 * them. While no error log is in use its lines go straight to stderr.
 *
 * A log is known by a number; 0 is none.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/line.h"
#include "base/log_form.h"

#define LOG_REQUESTS_MAX 16 /* logs of requests of one configuration */
#define LOG_OPEN_MAX 64	    /* all that are open, with those that were closed and still have to write */

/* --- which there are: main thread, and none of them blocks, but opening a file as long as the filesystem takes --- */

/*
 * The log of requests with this target (see sink_open()): the one that is open already, or else a new one; each
 * log_open() has its log_close(). 0, -EBUSY (LOG_OPEN_MAX) or -errno.
 */
int log_open(const char *target, unsigned *log);
/* The same for a log of errors, whose path may be NULL: stderr. It is used after log_use(). */
int log_open_errors(const char *path, unsigned *log);

/* One user less. After the last one's its writer writes what is queued, closes the file and ends; nobody may queue
 * more. */
void log_close(unsigned log);

/*
 * From here on this is the error log, with this level, for whom it is closed when it is the next one's turn: who opened
 * it does not. What was queued for the last one goes there.
 */
void log_use(unsigned log, enum log_level level);

/*
 * No record of this form is queued any more: form->free() is called when those that are have been written, by the
 * writer, or at once by this thread. Before log_close(). A log that takes nothing may keep it for ever.
 */
void log_retire(unsigned log, struct log_form *form);

/*
 * Closes all logs, whoever has them open, and waits for their writers. A log that takes nothing is left behind after
 * some seconds, with its writer and the forms it has; then it returns false.
 */
bool log_stop(void);

/* --- any thread, never blocking --- */

/* Asks the writers to open the files again by name (rotation). Lines queued before go to the old file. */
void log_reopen(void);

/* A line longer than 2 KiB is cut with "…". Control bytes in it are written as \xNN. */
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Queues a copy of a record, which is aligned to 8 again when `form` gets it. */
void log_request(unsigned log, const struct log_form *form, const void *record, size_t length);
#define LOG_RECORD_BYTES 8192 /* the longest */

#define LOG_NAME_BYTES 256

struct log_stats {
	char name[LOG_NAME_BYTES]; /* the path or target, or its end; two logs may have the same */
	bool errors;		   /* a log of errors */
	uint64_t lines, dropped;   /* queued since it was opened; lost because the queue was full or the write failed */
};

/* All logs, one a call, until it returns false; *at begins with 0. */
bool log_stats(unsigned *at, struct log_stats *stats);
/* Lines lost ever, by all logs. They say so themselves, too. */
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
#define log_fault(level, format, ...)                                                                \
	do {                                                                                         \
		static struct log_gate gate_;                                                        \
		uint64_t held_back_;                                                                 \
		if (log_gate_pass(&gate_, &held_back_)) {                                            \
			if (held_back_ > 0)                                                          \
				log_at(level, format " (and %llu like it not shown)", ##__VA_ARGS__, \
				       (unsigned long long)held_back_);                              \
			else                                                                         \
				log_at(level, format, ##__VA_ARGS__);                                \
		}                                                                                    \
	} while (0)

#endif
