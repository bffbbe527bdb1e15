/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nobody is asked, and nothing waited for: these are numbers that each worker leaves where any thread may read them. */
#include "daemon/vitals.h"

#include "daemon/notify.h"
#include "daemon/worker.h"
#include "http/counters.h"

static const char *name_of(const struct workshop *workshop)
{
	enum workshop_state state = workshop_state(workshop);

	if (state == WORKSHOP_LEAVING || state == WORKSHOP_DRAINING)
		return state == WORKSHOP_LEAVING ? "Leaving" : "Draining";
	return atomic_load(&workshop->reloading) ? "Reloading" : NULL;
}

static void add_worker(struct notify_sample *sample, const struct worker *worker)
{
	const struct counters *counters = worker_counters(worker);
	struct worker_report report;

	worker_report(worker, &report);
	sample->queued += report.queued;
	sample->hits += report.store.wants[STORE_CACHE] + report.store.wants[STORE_JOINED];
	sample->wants += report.store.wants[STORE_CACHE] + report.store.wants[STORE_JOINED] + report.store.wants[STORE_DISK];
	for (unsigned i = 0; i < COUNTERS_SOURCES; i++)
		sample->sent_bytes += counter_read(&counters->bytes[i]);
}

static void sample(void *context, struct notify_sample *sample)
{
	const struct workshop *workshop = context;

	sample->state = name_of(workshop);
	sample->clients = clients_count(workshop->clients);
	for (unsigned i = 0; i < workshop->count; i++)
		add_worker(sample, workshop->workers[i]);
}

static uint64_t turned_ns(void *context)
{
	const struct workshop *workshop = context;
	uint64_t oldest_ns = UINT64_MAX;

	for (unsigned i = 0; i < workshop->count; i++) {
		uint64_t ns = worker_turned_ns(workshop->workers[i]);

		oldest_ns = ns < oldest_ns ? ns : oldest_ns;
	}
	return oldest_ns;
}

int vitals_start(struct workshop *workshop)
{
	return notify_start(&(struct notify_options){ .sample = sample, .turned_ns = turned_ns, .context = workshop });
}
