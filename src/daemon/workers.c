/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All workers are created before the first thread is started, because a worker may hand connections over to any other
 * worker. The arrays belong to struct process, where other threads read them.
 */
#include "daemon/workers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"

int workers_new(struct process *process, struct generation *generation)
{
	process->workers = calloc(process->count, sizeof(struct worker *));
	process->acceptors = calloc(process->count, sizeof(struct acceptor *));
	if (process->workers == NULL || process->acceptors == NULL)
		return log_failure("cannot create the workers", -ENOMEM);
	for (unsigned i = 0; i < process->count; i++) {
		int error = worker_new(&process->workers[i], generation, i);

		if (error != 0)
			return log_failure("cannot create a worker", error);
	}
	return 0;
}

int workers_start(struct process *process, unsigned *running)
{
	for (unsigned i = 0; i < process->count; i++) {
		int error = worker_start(process->workers[i]);

		if (error != 0)
			return log_failure("cannot start a worker", error);
		*running += 1;
	}
	return 0;
}

void workers_announce_drain(struct process *process)
{
	for (unsigned i = 0; i < process->count; i++)
		worker_announce_drain(process->workers[i]);
}

void workers_drain(struct process *process, uint64_t grace_ms)
{
	for (unsigned i = 0; i < process->count; i++)
		worker_drain(process->workers[i], grace_ms);
}

void workers_abort(struct process *process)
{
	for (unsigned i = 0; i < process->count; i++)
		worker_abort(process->workers[i]);
}

void workers_join(struct process *process, unsigned running)
{
	for (unsigned i = 0; i < running; i++)
		worker_join(process->workers[i]);
}

void workers_free(struct process *process)
{
	for (unsigned i = 0; process->workers != NULL && i < process->count; i++)
		worker_free(process->workers[i]);
	free(process->workers);
	free(process->acceptors);
	process->workers = NULL;
	process->acceptors = NULL;
}
