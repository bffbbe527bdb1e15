/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All workers of the process. process->workers and process->acceptors point to the workers and their acceptors. All
 * functions are called on the main thread.
 */
#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include "daemon/worker.h"

/*
 * Creates process->count workers with the sockets of this generation. Does not start their threads. Returns 0, or logs
 * the error and returns -errno. The caller calls workers_free() in both cases.
 */
int workers_new(struct process *process, struct generation *generation);
/*
 * Starts the threads. Adds the number of started threads to *running. Returns 0, or logs the error and returns -errno.
 */
int workers_start(struct process *process, unsigned *running);

/* Calls worker_announce_drain() for all workers. */
void workers_announce_drain(struct process *process);
/* Calls worker_drain() for all workers. */
void workers_drain(struct process *process, uint64_t grace_ms);
/* Calls worker_abort() for all workers. */
void workers_abort(struct process *process);

/* Waits for the first `running` threads to end. */
void workers_join(struct process *process, unsigned running);
/* Frees the workers. Called after the offload threads have ended. */
void workers_free(struct process *process);

#endif
