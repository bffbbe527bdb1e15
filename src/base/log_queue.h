/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One log: a bounded queue, its writer thread and its sink. Only log.c uses this header; other files include log.h. */
#ifndef BASE_LOG_QUEUE_H
#define BASE_LOG_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/line.h"
#include "base/log_form.h"
#include "base/sink.h"

/* The kind decides the format of a line: the error log has a different one on stderr (see line_stderr_is_journal()). */
enum log_queue_kind { LOG_QUEUE_REQUESTS, LOG_QUEUE_ERRORS, LOG_QUEUE_STDERR };

struct log_buffer {
	char *bytes;
	size_t used;
	bool reopen;		  /* the file must be opened again after the first reopen_at bytes are written */
	size_t reopen_at;	  /* bytes before this offset belong to the old file */
	struct log_form *retired; /* forms to free when the whole buffer is written */
};

/*
 * A log. The mutex protects all members up to `kind`. The writer thread owns the members after it while it runs.
 *
 * Life: idle (not busy) -> log_queue_start() -> running -> log_queue_stop() -> stopping -> the writer has written all
 * lines and frees the buffers -> idle.
 */
struct log_queue {
	pthread_mutex_t mutex;
	pthread_cond_t wake;	   /* signalled when the writer has work to do */
	pthread_cond_t ended;	   /* broadcast when `busy` becomes false */
	bool busy;		   /* true from log_queue_start() until the writer has released everything */
	bool running;		   /* true while the writer accepts records */
	bool stopping;		   /* log_queue_stop() was called */
	struct log_buffer filling; /* the buffer to which threads append */
	uint64_t lines;		   /* records queued since the start */
	_Atomic uint64_t dropped;  /* records lost since the start; relaxed, a count that publishes nothing else */
	char *target;		   /* see sink_open(); constant while the queue is busy */
	/* Written under the mutex. log_at() reads it without the mutex; log_queue_put() checks it again. */
	_Atomic enum log_queue_kind kind;

	/* Owned by the writer while it runs. */
	struct log_buffer writing;
	struct sink sink;
	uint64_t reported, reported_at_ns; /* value and time of the last report of `dropped` */
	int last_error;			   /* errno of the last failed write since that report */
	void (*report)(enum log_level level, const char *text);
};

#define LOG_QUEUE_INITIALIZER                                                         \
	{                                                                             \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, \
		.ended = PTHREAD_COND_INITIALIZER                                     \
	}

/* --- Main thread --- */

/*
 * Opens the target (see sink_open()) and starts the writer of an idle queue. Returns 0, or -errno, and the queue is
 * then still idle. The writer passes its own messages to `report`. An error log has no `report`, because its writer
 * writes its messages to the log itself.
 */
int log_queue_start(struct log_queue *queue, bool errors, const char *target,
		    void (*report)(enum log_level level, const char *text));
/* Asks the writer to end when all lines are written. Never blocks. */
void log_queue_stop(struct log_queue *queue);
/* Waits for the writer. Returns false if it has not ended at `until` (CLOCK_REALTIME). */
bool log_queue_await(struct log_queue *queue, const struct timespec *until);
/* Returns true if the queue was never started or has ended. Only the main thread starts queues, so it stays idle. */
bool log_queue_is_idle(struct log_queue *queue);

/* --- Any thread. None of these functions blocks. --- */

/*
 * Appends a copy of a record, or drops it if the queue is full. Without a form, the bytes are the line. Returns false
 * if the queue has ended or is now of another kind.
 */
bool log_queue_put(struct log_queue *queue, enum log_queue_kind kind, const struct log_form *form, const void *bytes,
		   size_t length);
/* Calls form->free() when the queue contains no record of that form any more. The caller queues no more of them. */
void log_queue_retire(struct log_queue *queue, struct log_form *form);
/* Asks the writer to open the file again by name. */
void log_queue_reopen(struct log_queue *queue);
/* Copies the end of the log's name (the target, or "stderr") and the counts. Returns false if the queue is idle. */
bool log_queue_stats(struct log_queue *queue, char *name, size_t size, uint64_t *lines, uint64_t *dropped);
/* Returns the number of lines that all queues have lost since the start of the process. */
uint64_t log_queue_dropped(void);

#endif
