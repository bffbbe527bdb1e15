/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One log: a bounded queue, the thread that writes what is in it, and where that goes. log.h is what others know of it.
 */
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

/* Lines of the error log look otherwise on stderr: see line_stderr_is_journal(). */
enum log_queue_kind { LOG_QUEUE_REQUESTS, LOG_QUEUE_ERRORS, LOG_QUEUE_STDERR };

struct log_buffer {
	char *bytes;
	size_t used;
	bool reopen; /* the file is to be opened again, and what lies before reopen_at is for the old one */
	size_t reopen_at;
	struct log_form *retired; /* once all of it is written */
};

/* What is not said to be the writer's or atomic is behind the mutex. */
struct log_queue {
	pthread_mutex_t mutex;
	pthread_cond_t wake, ended;
	bool busy;    /* from log_queue_start() until the writer has put everything away */
	bool running; /* the writer takes more */
	bool stopping;
	struct log_buffer filling;
	uint64_t lines;
	_Atomic uint64_t dropped;
	char *target;
	_Atomic enum log_queue_kind kind; /* written behind the mutex */
	/* the writer's, while it runs */
	struct log_buffer writing;
	struct sink sink;
	uint64_t reported, reported_at_ns; /* of `dropped` */
	int last_error;			   /* since the last report */
	void (*say)(enum log_level level, const char *text);
};

#define LOG_QUEUE_INITIALIZER                                                         \
	{                                                                             \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, \
		.ended = PTHREAD_COND_INITIALIZER                                     \
	}

/*
 * Opens the target, of which see sink_open(), and starts the writer. 0 or -errno. The queue is idle, and stays so if
 * this fails. `say` is for what the writer has to say; NULL: this is an error log, and takes it itself. One thread at a
 * time.
 */
int log_queue_start(struct log_queue *queue, bool errors, const char *target,
		    void (*say)(enum log_level level, const char *text));
/* The writer ends when all is written. Never blocks. */
void log_queue_stop(struct log_queue *queue);
/* False: by then it has not ended. CLOCK_REALTIME. */
bool log_queue_await(struct log_queue *queue, const struct timespec *until);
/* Never started, or ended. Whoever starts queues may rely on it. */
bool log_queue_is_idle(struct log_queue *queue);

/* Any thread: */

/* Appends a copy or drops it, and never blocks. False: nobody writes it any more, or the queue is of another kind by
 * now. */
bool log_queue_put(struct log_queue *queue, enum log_queue_kind kind, const struct log_form *form, const void *bytes,
		   size_t length);
/* Calls form->free() as soon as nothing in the queue is of that form. Nobody queues more of it. */
void log_queue_retire(struct log_queue *queue, struct log_form *form);
/* Asks the writer to open the file again by name. */
void log_queue_reopen(struct log_queue *queue);
/* Copies the end of its name (the target, or "stderr"). False: idle. */
bool log_queue_stats(struct log_queue *queue, char *name, size_t size, uint64_t *lines, uint64_t *dropped);
/* Lost by all queues ever. */
uint64_t log_queue_dropped(void);

#endif
