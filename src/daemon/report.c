/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line a subject, made for a person and for grep alike. Sizes are bytes, times microseconds. */
#include "daemon/report.h"

#include <inttypes.h>
#include <sys/sysmacros.h>

#include "base/log.h"
#include "daemon/roots.h"

static const char *const section_names[REPORT_SECTIONS] = { "events", "http", "queue", "submit" };
static const char *const mode_names[] = { "nowait", "async", "offload" };

static void log_cache(struct cache *cache)
{
	struct cache_stats stats;
	const struct shard_stats *sums = &stats.sums;

	cache_stats(cache, &stats);
	log_info("stats cache bytes=%zu free=%zu pinned=%zu idle=%zu sticky=%zu small=%zu main=%zu extents=%u shards=%u waiting=%u", stats.bytes,
		 stats.free_bytes, stats.pinned_bytes, sums->idle_bytes, sums->sticky_bytes, stats.small_bytes, stats.main_bytes,
		 sums->extents, stats.shards, stats.waiting);
	log_info("stats cache hits=%" PRIu64 " joined=%" PRIu64 " misses=%" PRIu64 " evictions=%" PRIu64 " evicted=%" PRIu64 " ghost_hits=%" PRIu64
		 " admissions=%" PRIu64,
		 sums->hits, sums->joins, sums->loads, sums->evictions, sums->evicted_bytes, sums->ghost_hits, sums->admissions);
}

static void add_up(struct store_stats *sum, const struct store_stats *stats)
{
	for (unsigned i = 0; i < STORE_SOURCES; i++) {
		sum->wants[i] += stats->wants[i];
		sum->wanted_bytes[i] += stats->wanted_bytes[i];
	}
	sum->reads += stats->reads;
	sum->read_bytes += stats->read_bytes;
}

static void log_bytes(const struct report_worker *workers, unsigned count)
{
	struct store_stats sum = { 0 };
	uint64_t wanted;

	for (unsigned i = 0; i < count; i++)
		add_up(&sum, &workers[i].store);
	wanted = sum.wanted_bytes[STORE_DISK];
	log_info("stats wants cache=%" PRIu64 " joined=%" PRIu64 " disk=%" PRIu64, sum.wants[STORE_CACHE], sum.wants[STORE_JOINED],
		 sum.wants[STORE_DISK]);
	log_info("stats bytes cache=%" PRIu64 " joined=%" PRIu64 " disk=%" PRIu64 " read=%" PRIu64 " overhead=%.3f reads=%" PRIu64,
		 sum.wanted_bytes[STORE_CACHE], sum.wanted_bytes[STORE_JOINED], wanted, sum.read_bytes,
		 wanted > 0 ? (double)sum.read_bytes / (double)wanted : 0.0, sum.reads);
}

static void log_device(const struct device *device)
{
	uint64_t submits = device->submits;

	log_info("stats device %u:%u mode=%s depth=%u depth_bytes=%" PRIu64 " in_flight=%u in_flight_bytes=%" PRIu64 " reads=%" PRIu64
		 " read_bytes=%" PRIu64 " errors=%" PRIu64 " again=%" PRIu64 " merged=%" PRIu64 " dropped=%" PRIu64 " refused=%" PRIu64,
		 major(device->id), minor(device->id), mode_names[device->mode], device->depth, device->depth_bytes, device->in_flight_count,
		 device->in_flight_bytes, device->reads, device->read_bytes, device->errors, device->again, device->merged, device->dropped,
		 device->refused);
	log_info("stats device %u:%u time_p50=%" PRIu64 " time_p99=%" PRIu64 " time_sum=%" PRIu64 " wait_p50=%" PRIu64 " wait_p99=%" PRIu64
		 " wait_sum=%" PRIu64 " submits=%" PRIu64 " submit_mean=%" PRIu64 " submit_max=%" PRIu64 " submits_slow=%" PRIu64,
		 major(device->id), minor(device->id), histogram_quantile_us(&device->service, 500), histogram_quantile_us(&device->service, 990),
		 device->service.sum_ns / 1000, histogram_quantile_us(&device->wait, 500), histogram_quantile_us(&device->wait, 990),
		 device->wait.sum_ns / 1000, submits, submits > 0 ? device->submit_ns / submits / 1000 : 0, device->submit_max_ns / 1000,
		 device->slow_submits);
}

static void log_worker(unsigned index, const struct report_worker *worker)
{
	log_info("stats worker %u connections=%u queued=%u in_flight=%u turns=%" PRIu64, index, worker->connections, worker->queued,
		 worker->in_flight, worker->turns);
	for (unsigned i = 0; i < REPORT_SECTIONS; i++)
		log_info("stats worker %u %s stalls=%" PRIu64 " longest=%" PRIu64, index, section_names[i], worker->stalls[i],
			 worker->longest_ns[i] / 1000);
}

static void log_logs(void)
{
	struct log_stats stats;

	for (unsigned at = 0; log_stats(&at, &stats);)
		log_info("stats log lines=%" PRIu64 " dropped=%" PRIu64 " name=%s", stats.lines, stats.dropped, stats.name);
}

void report_log(const struct report_worker *workers, unsigned count, struct cache *cache, const struct rules *rules, struct devices *devices)
{
	struct files_stats stats;

	log_cache(cache);
	log_bytes(workers, count);
	roots_stats(rules, &stats);
	log_info("stats files open=%u hits=%" PRIu64 " looks=%" PRIu64 " opens=%" PRIu64 " failures=%" PRIu64, stats.open, stats.hits,
		 stats.looks, stats.opens, stats.failures);
	for (const struct device *device = devices_first(devices); device != NULL; device = device->next)
		log_device(device);
	for (unsigned i = 0; i < count; i++)
		log_worker(i, &workers[i]);
	log_logs();
	log_info("stats end");
}
