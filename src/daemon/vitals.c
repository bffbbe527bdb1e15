/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nobody is asked, and nothing waited for: these are numbers that each worker leaves where any thread may read them. */
#include "daemon/vitals.h"

#include "daemon/notify.h"
#include "daemon/snapshot.h"
#include "daemon/worker.h"

static const char *name_of(enum workshop_state state)
{
	return state == WORKSHOP_LEAVING ? "Leaving" : state == WORKSHOP_DRAINING ? "Draining" : NULL;
}

static void sample(void *context, struct notify_sample *sample)
{
	struct workshop *workshop = context;
	struct snapshot *snapshot;

	if (snapshot_take(&snapshot, workshop) != 0)
		return;
	sample->state = name_of(snapshot->state);
	sample->clients = snapshot->connections;
	for (unsigned i = 0; i < COUNTERS_SOURCES; i++)
		sample->sent_bytes += counter_read(&snapshot->counters.bytes[i]);
	for (unsigned i = 0; i < STORE_SOURCES; i++)
		sample->wants += snapshot->store.wants[i];
	sample->hits = sample->wants - snapshot->store.wants[STORE_DISK];
	for (unsigned i = 0; i < snapshot->worker_count; i++)
		sample->queued += snapshot->workers[i].queued;
	snapshot_free(snapshot);
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
