/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The error log and the access log. A write to a log file can wait for a disk, so once log_start() has run the lines go through a
 * bounded queue to one writer thread; what does not fit is dropped and counted. Before log_start() and after log_stop(), lines of
 * the error log go straight to stderr.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_options {
	enum log_level level;
	const char *error_path;	 /* NULL: stderr */
	const char *access_path; /* NULL: no access log; "-": stderr */
};

/*
 * Opens the files (O_APPEND, created 0640) and starts the writer. 0 or -errno, in which case *failed_path names the file (NULL: no
 * file is to blame, or it is stderr's log). Copies the strings. Main thread, once, before other threads log.
 */
int log_start(const struct log_options *options, const char **failed_path);

/* Writes what is queued, says how many lines were dropped if any, joins the writer, closes the files. Main thread. */
void log_stop(void);

/* Asks the writer to open the files again by name (rotation). Lines queued before go to the old file. Any thread; never blocks. */
void log_reopen(void);

/* "error" | "warning" | "info" | "debug" to a level; -EINVAL. */
int log_parse_level(const char *text, enum log_level *level);

/* Any thread, never blocks once started. A line longer than 2 KiB is cut with "…". Control bytes in it are written as \xNN. */
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One line of the access log, without its newline; written as is. Any thread, never blocks. */
void log_access(const char *line, size_t length);
bool log_access_wanted(void);

/* Lines lost since log_start because the queue was full or the write failed. The log itself says so, too. */
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
