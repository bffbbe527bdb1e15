/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One log: a bounded queue, its writer thread and its sink. Only log.c uses this header. Other files include log.h. */
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

/*
 * The kind decides the format of a line. On stderr, an error log may have the format of the journal (see
 * line_stderr_is_journal()).
 */
enum log_queue_kind { LOG_QUEUE_REQUESTS, LOG_QUEUE_ERRORS, LOG_QUEUE_STDERR };

struct log_buffer {
	char *bytes;
	size_t used;
	bool reopen;		  /* true if the file must be reopened after the first reopen_at bytes are written */
	size_t reopen_at;	  /* bytes before this offset belong to the old file */
	struct log_form *retired; /* forms to free when the whole buffer is written */
};

/*
 * One log. The mutex protects all members up to `kind`. While the writer thread runs, it owns the members after `kind`.
 *
 * A queue is idle until log_queue_start(), running until log_queue_stop(), and stopping until the writer has written
 * all lines and closed the sink. The queue is then idle again. `busy` is false only while the queue is idle.
 */
struct log_queue {
	pthread_mutex_t mutex;
	pthread_cond_t wake;	   /* signalled when the writer has work to do */
	pthread_cond_t ended;	   /* broadcast when `busy` becomes false */
	bool busy;		   /* true from log_queue_start() until the writer has closed the sink */
	bool running;		   /* true while the writer accepts records */
	bool stopping;		   /* true after log_queue_stop() */
	struct log_buffer filling; /* the buffer to which threads append */
	uint64_t lines;		   /* records queued since the start */
	/* records lost since the start; relaxed, because the count publishes no other data */
	_Atomic uint64_t dropped;
	char *target; /* see sink_open(); constant while the queue is busy */
	/* Written under the mutex. log_at() reads the kind without the mutex, so log_queue_put() checks it again. */
	_Atomic enum log_queue_kind kind;

	/* Owned by the writer while it runs. */
	struct log_buffer writing;
	struct sink sink;
	uint64_t reported, reported_at_ns; /* value and time of the last report of `dropped` */
	int last_error;			   /* errno of the last failed write since reported_at_ns */
	void (*report)(enum log_level level, const char *text);
};

#define LOG_QUEUE_INITIALIZER                                                         \
	{                                                                             \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, \
		.ended = PTHREAD_COND_INITIALIZER                                     \
	}

/* --- Functions for the main thread --- */

/*
 * Opens the target (see sink_open()) and starts the writer of an idle queue. Returns 0 on success, or -errno, in which
 * case the queue is still idle. The writer passes its own messages to `report`. For an error log, `report` is NULL,
 * because the writer of an error log writes its messages to that log.
 */
int log_queue_start(struct log_queue *queue, bool errors, const char *target,
		    void (*report)(enum log_level level, const char *text));
/* Asks the writer to end when all lines are written. Never blocks. */
void log_queue_stop(struct log_queue *queue);
/* Waits until the writer has ended. Returns false if it has not ended at `until`, a time of CLOCK_REALTIME. */
bool log_queue_await(struct log_queue *queue, const struct timespec *until);
/* Returns true if the queue is idle. An idle queue stays idle until the main thread starts it. */
bool log_queue_is_idle(struct log_queue *queue);

/* --- Thread-safe functions, which never block --- */

/*
 * Appends a copy of a record, or drops the record if the queue is full. If `form` is NULL, the bytes are a complete
 * line. Returns false if the queue accepts no records, or if its kind is no longer `kind`.
 */
bool log_queue_put(struct log_queue *queue, enum log_queue_kind kind, const struct log_form *form, const void *bytes,
		   size_t length);
/*
 * Calls form->free() when the queue no longer contains records of this form. The caller must not queue such records
 * afterwards.
 */
void log_queue_retire(struct log_queue *queue, struct log_form *form);
/* Asks the writer to reopen the file by name. */
void log_queue_reopen(struct log_queue *queue);
/* Copies the end of the log's name (the target, or "stderr") and the counts. Returns false if the queue is idle. */
bool log_queue_stats(struct log_queue *queue, char *name, size_t size, uint64_t *lines, uint64_t *dropped);
/* Returns the number of lines that all queues have lost since the start of the process. */
uint64_t log_queue_dropped(void);

#endif
