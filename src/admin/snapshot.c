/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Most numbers are counters with one writer each, which any thread reads without a lock. The cache, the table of
 * names and the table of clients have their own locks, which are held only briefly. The objects that the workers share
 * exist once the state of the process has passed PROCESS_STARTING. Until then, the members of the snapshot that are
 * read from these objects are zero.
 *
 * The caller owns the snapshot. The snapshot points to structs of devices, which live as long as the process.
 */
#include "admin/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/readiness.h"
#include "daemon/root.h"
#include "daemon/site_roots.h"
#include "mhd/server.h"
#include "store/cache_content.h"

#define RANKING_SHARE 20 /* at most one 20th of the time of a processor is spent on the ranking */

static void add_counters(struct counters *sum, const struct counters *counters)
{
	for (unsigned i = 0; i < COUNTERS_METHODS; i++)
		for (unsigned j = 0; j < COUNTERS_STATUSES; j++)
			counter_add(&sum->requests[i][j], counter_read(&counters->requests[i][j]));
	for (unsigned i = 0; i < COUNTERS_SOURCES; i++)
		counter_add(&sum->bytes[i], counter_read(&counters->bytes[i]));
	for (unsigned i = 0; i < COUNTERS_REJECTIONS; i++)
		counter_add(&sum->rejected[i], counter_read(&counters->rejected[i]));
	for (unsigned i = 0; i < COUNTERS_DISCONNECTS; i++)
		counter_add(&sum->disconnects[i], counter_read(&counters->disconnects[i]));
	for (unsigned i = 0; i < COUNTERS_PHASES; i++)
		counter_add(&sum->connections[i], counter_read(&counters->connections[i]));
	counter_add(&sum->accepted, counter_read(&counters->accepted));
	histogram_merge(&sum->first_byte, &counters->first_byte);
}

static void add_store(struct store_stats *sum, const struct store_stats *stats)
{
	for (unsigned i = 0; i < STORE_SOURCES; i++) {
		sum->lookups[i] += stats->lookups[i];
		sum->lookup_bytes[i] += stats->lookup_bytes[i];
	}
	sum->reads += stats->reads;
	sum->read_bytes += stats->read_bytes;
}

static int take_workers(struct snapshot *snapshot, const struct process *process)
{
	snapshot->workers = calloc(process->count, sizeof(*snapshot->workers));
	if (snapshot->workers == NULL)
		return -ENOMEM;
	snapshot->worker_count = process->count;
	for (unsigned i = 0; i < process->count; i++) {
		worker_report(process->workers[i], &snapshot->workers[i]);
		add_store(&snapshot->store, &snapshot->workers[i].store);
		add_counters(&snapshot->counters, worker_counters(process->workers[i]));
	}
	return 0;
}

/*
 * Devices are never removed, and new devices are added at the head of the list. So both loops see the same devices from
 * `first` on.
 */
static int take_devices(struct snapshot *snapshot, struct devices *devices)
{
	const struct device *first = devices_first(devices);
	unsigned count = 0;

	for (const struct device *device = first; device != NULL; device = device->next)
		count++;
	snapshot->devices = calloc(count + 1, sizeof(*snapshot->devices));
	if (snapshot->devices == NULL)
		return -ENOMEM;
	for (const struct device *device = first; device != NULL; device = device->next) {
		struct snapshot_device *taken = &snapshot->devices[snapshot->device_count++];

		taken->device = device;
		snprintf(taken->name, sizeof(taken->name), "%u:%u", major(device->id), minor(device->id));
		histogram_merge(&taken->service, &device->service);
		histogram_merge(&taken->wait, &device->wait);
		histogram_merge(&taken->lookup, &device->lookup);
		histogram_merge(&snapshot->service, &taken->service);
		histogram_merge(&snapshot->wait, &taken->wait);
	}
	return 0;
}

/*
 * The latest ranking of files. A walk over a million names takes some 100 ms, so the ranking is kept for RANKING_SHARE
 * times the duration of its walk. Meanwhile, only the totals of its files are updated.
 */
static struct {
	pthread_mutex_t lock;
	struct names_rank ranks[SNAPSHOT_TOP];
	unsigned count;
	uint64_t until_ns;
} ranking = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Copies the ranking to `ranks`, which has room for SNAPSHOT_TOP elements. Returns the number of elements. */
static unsigned rank_files(struct names *names, struct names_rank *ranks)
{
	uint64_t begun_ns;
	unsigned count;

	pthread_mutex_lock(&ranking.lock);
	begun_ns = clock_now_ns();
	if (begun_ns >= ranking.until_ns) {
		ranking.count = names_rank_top(names, ranking.ranks, SNAPSHOT_TOP);
		ranking.until_ns = clock_now_ns() + RANKING_SHARE * (clock_now_ns() - begun_ns);
	} else {
		names_rank_update(names, ranking.ranks, ranking.count);
	}
	count = ranking.count;
	memcpy(ranks, ranking.ranks, count * sizeof(*ranks));
	pthread_mutex_unlock(&ranking.lock);
	return count;
}

static void take_top_files(struct snapshot_top *top, struct names *names, const struct rules *rules)
{
	struct names_rank ranks[SNAPSHOT_TOP];

	top->file_count = rank_files(names, ranks);
	for (unsigned i = 0; i < top->file_count; i++) {
		struct snapshot_file *file = &top->files[i];
		const struct rules_root *root = site_roots_find(rules, ranks[i].root);
		const char *host = root != NULL ? root->site->host : NULL;

		site_roots_url_path(root, ranks[i].path, file->path, sizeof(file->path));
		snprintf(file->site, sizeof(file->site), "%s", host != NULL ? host : "");
		file->bytes = ranks[i].bytes;
		file->requests = ranks[i].requests;
	}
}

/*
 * Adds up the counters of logs with the same name, because after a reload the former log exists until its queue is
 * written.
 */
static void take_logs(struct snapshot *snapshot)
{
	struct log_stats stats;

	for (unsigned at = 0; log_stats(&at, &stats);) {
		unsigned i = 0;

		while (i < snapshot->log_count && strcmp(snapshot->logs[i].name, stats.name) != 0)
			i++;
		if (i == SNAPSHOT_LOGS)
			continue;
		if (i == snapshot->log_count) {
			snapshot->logs[snapshot->log_count++] = stats;
			continue;
		}
		snapshot->logs[i].lines += stats.lines;
		snapshot->logs[i].dropped += stats.dropped;
	}
}

/* Takes the state of each root. Returns 0 or -ENOMEM. */
static int take_roots(struct snapshot *snapshot, const struct rules *rules)
{
	snapshot->root_list = calloc(rules->root_count, sizeof(*snapshot->root_list));
	if (snapshot->root_list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < rules->root_count; i++) {
		const struct root *root = site_roots_distinct(rules, i);
		struct snapshot_root *taken = &snapshot->root_list[snapshot->root_count];

		if (root == NULL)
			continue;
		snprintf(taken->path, sizeof(taken->path), "%s", root_path(root));
		taken->ready = root_is_ready(root, taken->reason, sizeof(taken->reason));
		snapshot->root_count++;
	}
	return 0;
}

static int take_configuration(struct snapshot *snapshot, struct process *process)
{
	struct generation *current = generation_current(process);
	const char *path = current->options.config_path;
	char reason[READINESS_REASON_BYTES];
	int error = take_roots(snapshot, &generation_config(current)->rules);

	names_lookups(process->names, &snapshot->files);
	names_stats(process->names, &snapshot->names);
	snapshot->open_files = descriptors_count(process->descriptors);
	if (snapshot->top != NULL)
		take_top_files(snapshot->top, process->names, &generation_config(current)->rules);
	snapshot->roots_gone = site_roots_gone(&generation_config(current)->rules, &snapshot->roots);
	snapshot->ready = readiness_check(process, reason, sizeof(reason));
	snapshot->max_connections = generation_config(current)->max_connections;
	if (path != NULL)
		snapshot->config_path = strdup(path);
	generation_unref(current);
	return error;
}

/* Fills in the members that are available once the process is serving. */
static int take_shared(struct snapshot *snapshot, struct process *process)
{
	int error = take_workers(snapshot, process);

	if (error == 0)
		error = take_devices(snapshot, process->devices);
	if (error != 0)
		return error;
	cache_content_stats(process->cache, &snapshot->cache);
	error = take_configuration(snapshot, process);
	if (error != 0)
		return error;
	cache_state_stats(process->cache_state, &snapshot->cache_state);
	snapshot->connections = clients_count(process->clients);
	if (snapshot->top != NULL)
		snapshot->top->client_count = clients_top(process->clients, snapshot->top->clients, SNAPSHOT_TOP);
	snapshot->transfers = atomic_load_explicit(&process->transfers, memory_order_relaxed);
	return 0;
}

static void format_started(struct snapshot *snapshot)
{
	const time_t seconds = (time_t)(snapshot->started_wall_ns / (int64_t)CLOCK_NS_PER_S);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(snapshot->started, sizeof(snapshot->started), "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int snapshot_take(struct snapshot **snapshot, struct process *process, bool with_top)
{
	struct snapshot *taken = calloc(1, sizeof(*taken));
	int error = 0;

	if (taken == NULL)
		return -ENOMEM;
	taken->version = PACKAGE_VERSION;
	taken->library = server_library_version();
	taken->sender = server_sender();
	taken->pid = getpid();
	taken->state = process_state(process);
	taken->now_ns = clock_now_ns();
	taken->started_ns = process->started_ns;
	taken->started_wall_ns = process->started_wall_ns;
	format_started(taken);
	/* Relaxed order, because the counts are independent and publish no other data. */
	taken->reloads = atomic_load_explicit(&process->reloads, memory_order_relaxed);
	taken->roots_replaced = atomic_load_explicit(&process->roots_replaced, memory_order_relaxed);
	taken->reload_failures = atomic_load_explicit(&process->reload_failures, memory_order_relaxed);
	take_logs(taken);
	if (with_top) {
		taken->top = calloc(1, sizeof(*taken->top));
		error = taken->top != NULL ? 0 : -ENOMEM;
	}
	if (error == 0 && taken->state != PROCESS_STARTING)
		error = take_shared(taken, process);
	if (error != 0)
		snapshot_free(taken);
	else
		*snapshot = taken;
	return error;
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot->config_path);
	free(snapshot->root_list);
	free(snapshot->devices);
	free(snapshot->workers);
	free(snapshot->top);
	free(snapshot);
}

static double ratio(const uint64_t of[STORE_SOURCES])
{
	const uint64_t hits = of[STORE_CACHE] + of[STORE_COALESCED], all = hits + of[STORE_DISK];

	return all > 0 ? (double)hits / (double)all : 0.0;
}

double snapshot_hit_ratio(const struct snapshot *snapshot)
{
	return ratio(snapshot->store.lookups);
}

double snapshot_byte_hit_ratio(const struct snapshot *snapshot)
{
	return ratio(snapshot->store.lookup_bytes);
}

double snapshot_fragmentation(const struct snapshot *snapshot)
{
	const struct cache_stats *cache = &snapshot->cache;

	return cache->bytes > 0 ? (double)cache->fragmented_bytes / (double)cache->bytes : 0.0;
}

const char *snapshot_mode_name(const struct device *device)
{
	static const char *const names[] = {
		[DEVICE_NOWAIT] = "nowait", [DEVICE_ASYNC] = "async", [DEVICE_OFFLOAD] = "offload"
	};

	/*
	 * An explicit load, because gcc reads an atomic variable like a plain variable if it is an array index. Relaxed
	 * order, because the mode publishes no other data.
	 */
	return names[atomic_load_explicit(&device->mode, memory_order_relaxed)];
}

const char *snapshot_state_name(const struct device *device)
{
	static const char *const names[] = {
		[DEVICE_RESPONDS] = "responds", [DEVICE_READS_STALLED] = "reads_stalled", [DEVICE_STALLED] = "stalled"
	};

	return names[atomic_load_explicit(&device->state, memory_order_relaxed)];
}
