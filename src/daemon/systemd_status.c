/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Callbacks for notify.c. The callbacks run on the thread "ranged-notify". The callbacks only read counters that any
 * thread may read, and do not block.
 */
#include "daemon/systemd_status.h"

#include "daemon/notify.h"
#include "daemon/worker.h"
#include "request/counters.h"

static const char *name_of(const struct process *process)
{
	enum process_state state = process_state(process);

	if (state == PROCESS_LEAVING || state == PROCESS_DRAINING)
		return state == PROCESS_LEAVING ? "Leaving" : "Draining";
	return atomic_load(&process->reloading) ? "Reloading" : NULL;
}

static void add_worker(struct notify_sample *sample, const struct worker *worker)
{
	const struct counters *counters = worker_counters(worker);
	struct worker_report report;

	worker_report(worker, &report);
	sample->queued += report.queued;
	sample->hits += report.store.lookups[STORE_CACHE] + report.store.lookups[STORE_COALESCED];
	sample->lookups += report.store.lookups[STORE_CACHE] + report.store.lookups[STORE_COALESCED] +
			   report.store.lookups[STORE_DISK];
	for (unsigned i = 0; i < COUNTERS_SOURCES; i++)
		sample->sent_bytes += counter_read(&counters->bytes[i]);
}

static void sample(void *context, struct notify_sample *sample)
{
	const struct process *process = context;

	sample->state = name_of(process);
	sample->clients = clients_count(process->clients);
	for (unsigned i = 0; i < process->count; i++)
		add_worker(sample, process->workers[i]);
}

/* Returns the minimum of worker_last_iteration_ns() of all workers. */
static uint64_t oldest_iteration_ns(void *context)
{
	const struct process *process = context;
	uint64_t oldest_ns = UINT64_MAX;

	for (unsigned i = 0; i < process->count; i++) {
		uint64_t ns = worker_last_iteration_ns(process->workers[i]);

		oldest_ns = ns < oldest_ns ? ns : oldest_ns;
	}
	return oldest_ns;
}

int systemd_status_start(struct process *process)
{
	return notify_start(&(struct notify_options){
		.sample = sample, .last_iteration_ns = oldest_iteration_ns, .context = process });
}
