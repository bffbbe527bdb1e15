/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Offload threads, for calls that block: open, stat, FIEMAP, and reads of files that do not support O_DIRECT. The
 * result of a job is posted to a reactor with reactor_post(). Each device has threads of its own, so a device that
 * hangs does not delay the jobs of other devices.
 */
#ifndef ENGINE_OFFLOAD_H
#define ENGINE_OFFLOAD_H

#include "engine/reactor.h"

#define OFFLOAD_THREADS_MAX 64
#define OFFLOAD_READ_THREADS 4

struct device;
struct offload;

/* One job. The caller allocates the struct, which must live until done() has run. */
struct offload_job {
	struct reactor_message message;
	struct offload_job *next;
	/* The device that work() waits for, which must outlive the job. NULL: none. */
	struct device *device;
	bool reads;		 /* work() reads from the device, so it runs on other threads than lookups. */
	uint64_t queued_ns;	 /* Result: time of offload_start(). */
	struct reactor *reactor; /* done() runs on the thread of this reactor. */
	void (*work)(struct offload_job *job); /* Runs on an offload thread; may block. */
	/* Runs on the reactor's thread. NULL: the job ends with work(), which may free the job. */
	void (*done)(struct offload_job *job);
};

/*
 * Creates the object, and starts a first thread. Each device has at most `threads` threads (1 to OFFLOAD_THREADS_MAX),
 * and jobs without a device have as many. Jobs that read have up to OFFLOAD_READ_THREADS times as many. All signals
 * are blocked in the threads. Returns 0 or -errno.
 */
int offload_new(struct offload **offload, unsigned threads);
/*
 * Runs the queued jobs, then waits for the end of all threads. The jobs post their done() messages, so the reactors
 * must outlive this call. A job that is started after this call runs at once on the calling thread, because blocking is
 * acceptable at the end of the process.
 */
void offload_stop(struct offload *offload);
/* Stops the threads if necessary, and frees the object. NULL is allowed. */
void offload_free(struct offload *offload);

/*
 * Appends a job to the queue of its device. Thread-safe. The queue has no limit of its own, because each job belongs to
 * a request, and the number of requests is limited.
 */
void offload_start(struct offload *offload, struct offload_job *job);

/*
 * Permits one more thread for the jobs of a device, if all of its threads are busy and fewer than OFFLOAD_THREADS_MAX
 * exist. Called if some calls hang although the device responds. Thread-safe.
 */
void offload_add_thread(struct offload *offload, struct device *device);

/* Returns the number of queued and running jobs. A job whose work() has returned does not count. Thread-safe. */
unsigned offload_pending(struct offload *offload);

#endif
