/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Offload threads, for calls that block: open, stat, FIEMAP, and reads of files that do not support O_DIRECT. Results
 * return to a reactor by reactor_post().
 */
#ifndef ENGINE_OFFLOAD_H
#define ENGINE_OFFLOAD_H

#include "engine/reactor.h"

struct offload;

/* One job. The caller allocates the struct, which must live until done() has run. */
struct offload_job {
	struct reactor_message message;
	struct offload_job *next;
	struct reactor *reactor;	       /* done() runs on its thread. */
	void (*work)(struct offload_job *job); /* Runs on an offload thread; may block. */
	/* Runs on the reactor's thread. NULL: the job ends with work(), which may free it. */
	void (*done)(struct offload_job *job);
};

/* Starts `threads` threads, 1 to 64, with all signals blocked. Returns 0 or -errno. */
int offload_new(struct offload **offload, unsigned threads);
/*
 * Runs the queued jobs, then joins the threads. Their done() messages are posted by then, so the reactors must outlive
 * this call. A job that is started later runs at once on the thread that starts it, because blocking is acceptable at
 * the end of the process.
 */
void offload_stop(struct offload *offload);
/* Stops the threads if necessary, and frees the object. NULL is allowed. */
void offload_free(struct offload *offload);

/*
 * Appends a job to the queue. Any thread. The queue is not bounded by itself: a job belongs to a request, and requests
 * are bounded.
 */
void offload_start(struct offload *offload, struct offload_job *job);

/* Returns the number of jobs that are queued or run. A job whose done() runs does not count. Any thread. */
unsigned offload_pending(struct offload *offload);

#endif
