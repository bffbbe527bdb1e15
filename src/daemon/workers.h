/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All workers of the process. They are stored in process->workers and process->acceptors. Main thread. */
#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include "daemon/worker.h"

/*
 * Creates process->count workers, with the sockets of this generation; no thread runs yet. Returns 0, or -errno after
 * it has logged the error. The caller calls workers_free() in both cases.
 */
int workers_new(struct process *process, struct generation *generation);
/*
 * Starts the threads. Adds the number of started threads to *running. Returns 0, or -errno after it has logged the
 * error.
 */
int workers_start(struct process *process, unsigned *running);

/* Calls worker_drain() for all workers. */
void workers_drain(struct process *process);
/* Calls worker_abort() for all workers. */
void workers_abort(struct process *process);

/* Waits for the first `running` threads to end. */
void workers_join(struct process *process, unsigned running);
/* Frees the workers, after the offload threads have ended. */
void workers_free(struct process *process);

#endif
