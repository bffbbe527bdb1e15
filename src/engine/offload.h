/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Offload threads, for calls that block: open, stat, FIEMAP, and reads of files that do not support O_DIRECT. The
 * result of a job is posted to a reactor with reactor_post().
 */
#ifndef ENGINE_OFFLOAD_H
#define ENGINE_OFFLOAD_H

#include "engine/reactor.h"

struct offload;

/* One job. The caller allocates the struct, which must live until done() has run. */
struct offload_job {
	struct reactor_message message;
	struct offload_job *next;
	struct reactor *reactor;	       /* done() runs on the thread of this reactor. */
	void (*work)(struct offload_job *job); /* Runs on an offload thread; may block. */
	/* Runs on the reactor's thread. NULL: the job ends with work(), which may free the job. */
	void (*done)(struct offload_job *job);
};

/* Starts `threads` threads, 1 to 64, with all signals blocked. Returns 0 or -errno. */
int offload_new(struct offload **offload, unsigned threads);
/*
 * Runs the queued jobs, then joins the threads. The jobs post their done() messages, so the reactors must outlive this
 * call. A job that is started after this call runs at once on the calling thread, because blocking is acceptable at the
 * end of the process.
 */
void offload_stop(struct offload *offload);
/* Stops the threads if necessary, and frees the object. NULL is allowed. */
void offload_free(struct offload *offload);

/*
 * Appends a job to the queue. Thread-safe. The queue has no limit of its own, because each job belongs to a request,
 * and the number of requests is limited.
 */
void offload_start(struct offload *offload, struct offload_job *job);

/* Returns the number of queued and running jobs. A job whose work() has returned does not count. Thread-safe. */
unsigned offload_pending(struct offload *offload);

#endif
