/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line a subject, made for a person and for grep alike. Sizes are bytes, times microseconds. */
#include "admin/report.h"

#include <inttypes.h>

#include "base/log.h"

static void log_cache(const struct cache_stats *stats)
{
	const struct shard_stats *sums = &stats->sums;

	log_info(
		"stats cache bytes=%zu free=%zu pinned=%zu idle=%zu sticky=%zu small=%zu main=%zu extents=%u shards=%u waiting=%u",
		stats->bytes, stats->free_bytes, stats->in_use_bytes, sums->idle_bytes, sums->pinned_bytes,
		stats->small_bytes, stats->main_bytes, sums->extents, stats->shards, stats->waiting);
	log_info("stats cache hits=%" PRIu64 " joined=%" PRIu64 " misses=%" PRIu64 " evictions=%" PRIu64
		 " evicted=%" PRIu64 " ghost_hits=%" PRIu64 " admissions=%" PRIu64,
		 sums->hits, sums->coalesced, sums->loads, sums->evictions, sums->evicted_bytes, sums->ghost_hits,
		 sums->admissions);
}

static void log_bytes(const struct store_stats *sum)
{
	const uint64_t wanted = sum->lookup_bytes[STORE_DISK];

	log_info("stats wants cache=%" PRIu64 " joined=%" PRIu64 " disk=%" PRIu64, sum->lookups[STORE_CACHE],
		 sum->lookups[STORE_COALESCED], sum->lookups[STORE_DISK]);
	log_info("stats bytes cache=%" PRIu64 " joined=%" PRIu64 " disk=%" PRIu64 " read=%" PRIu64
		 " overhead=%.3f reads=%" PRIu64,
		 sum->lookup_bytes[STORE_CACHE], sum->lookup_bytes[STORE_COALESCED], wanted, sum->read_bytes,
		 wanted > 0 ? (double)sum->read_bytes / (double)wanted : 0.0, sum->reads);
}

static void log_device(const struct snapshot_device *taken)
{
	const struct device *device = taken->device;
	uint64_t submits = device->submits;

	log_info("stats device %s mode=%s depth=%u depth_bytes=%" PRIu64 " in_flight=%u in_flight_bytes=%" PRIu64
		 " reads=%" PRIu64 " read_bytes=%" PRIu64 " errors=%" PRIu64 " again=%" PRIu64 " merged=%" PRIu64
		 " dropped=%" PRIu64 " refused=%" PRIu64,
		 taken->name, snapshot_mode_name(device), device->depth, device->depth_bytes, device->in_flight_count,
		 device->in_flight_bytes, device->reads, device->read_bytes, device->errors, device->eagain,
		 device->merged, device->cancelled, device->rejected);
	log_info("stats device %s time_p50=%" PRIu64 " time_p99=%" PRIu64 " time_sum=%" PRIu64 " wait_p50=%" PRIu64
		 " wait_p99=%" PRIu64 " wait_sum=%" PRIu64 " submits=%" PRIu64 " submit_mean=%" PRIu64
		 " submit_max=%" PRIu64 " submits_slow=%" PRIu64,
		 taken->name, histogram_quantile_us(&taken->service, 500), histogram_quantile_us(&taken->service, 990),
		 taken->service.sum_ns / 1000, histogram_quantile_us(&taken->wait, 500),
		 histogram_quantile_us(&taken->wait, 990), taken->wait.sum_ns / 1000, submits,
		 submits > 0 ? device->submit_ns / submits / 1000 : 0, device->submit_max_ns / 1000,
		 device->slow_submits);
}

static void log_worker(unsigned index, const struct worker_report *worker)
{
	log_info("stats worker %u connections=%u queued=%u in_flight=%u turns=%" PRIu64, index, worker->connections,
		 worker->queued, worker->in_flight, worker->iterations);
	for (unsigned i = 0; i < WORKER_SECTIONS; i++)
		log_info("stats worker %u %s stalls=%" PRIu64 " longest=%" PRIu64, index, worker_section_name(i),
			 worker->stalls[i], worker->longest_ns[i] / 1000);
}

void report_log(const struct snapshot *snapshot)
{
	const struct files_stats *files = &snapshot->files;

	log_cache(&snapshot->cache);
	log_bytes(&snapshot->store);
	log_info("stats files open=%u hits=%" PRIu64 " looks=%" PRIu64 " opens=%" PRIu64 " failures=%" PRIu64,
		 files->open, files->hits, files->revalidations, files->opens, files->failures);
	for (unsigned i = 0; i < snapshot->device_count; i++)
		log_device(&snapshot->devices[i]);
	for (unsigned i = 0; i < snapshot->worker_count; i++)
		log_worker(i, &snapshot->workers[i]);
	for (unsigned i = 0; i < snapshot->log_count; i++)
		log_info("stats log lines=%" PRIu64 " dropped=%" PRIu64 " name=%s", snapshot->logs[i].lines,
			 snapshot->logs[i].dropped, snapshot->logs[i].name);
	log_info("stats end");
}
