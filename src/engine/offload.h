/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A few threads for calls that block: open, stat, FIEMAP, reads of files that can't do O_DIRECT. Results come back
 * through reactor_post().
 */
#ifndef ENGINE_OFFLOAD_H
#define ENGINE_OFFLOAD_H

#include "engine/reactor.h"

struct offload;

/* One job; the caller's storage, which must live until done() has run. */
struct offload_job {
	struct reactor_message message;
	struct offload_job *next;
	struct reactor *reactor;	       /* where done() runs */
	void (*work)(struct offload_job *job); /* on an offload thread; may block */
	void (*done)(struct offload_job
			     *job); /* on the reactor's thread; NULL: work() is the end of it and may free the job */
};

/* Starts `threads` threads (1 … 64), signals blocked. 0 or -errno. */
int offload_new(struct offload **offload, unsigned threads);
/*
 * Works off what is queued, then joins the threads. The done()s are posted by then: the reactors must outlive this.
 * What is started after it is worked on by its starter, at once: at the end of the process nobody minds waiting.
 */
void offload_stop(struct offload *offload);
/* Stops it if that has not been done. NULL is fine. */
void offload_free(struct offload *offload);

/* Queues at the end; FIFO. Any thread. Unbounded by itself: a job belongs to a request, and requests are bounded. */
void offload_start(struct offload *offload, struct offload_job *job);

/* Jobs waiting or running; one whose done() runs does not count any more. Any thread. */
unsigned offload_pending(struct offload *offload);

#endif
