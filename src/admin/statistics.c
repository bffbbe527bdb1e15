/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three renderers read the table from top to bottom, so its order is the order of /metrics, of the keys in /status and
 * of the lines in the report. The rows of one family must be adjacent, and so must the rows of one report line. The
 * report must start with the line "stats cache" and end with "stats end", because scripts rely on both lines.
 *
 * Most values are plain or atomic integers inside an item (the snapshot, a struct device, a struct worker_report, a
 * struct log_stats). Such a row has the offset of its value. The other rows have a function that computes the value.
 *
 * Names follow the conventions of Prometheus: base units (seconds, bytes), and counters end in "_total". ranged(8)
 * describes all families, keys and lines; tests/http/admin/metrics.sh compares the families in ranged(8) with /metrics.
 */
#include "admin/statistics.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* --- the sets --- */

static const char *lookup_result(unsigned member)
{
	static const char *const names[STORE_SOURCES] = {
		[STORE_CACHE] = "hit", [STORE_COALESCED] = "coalesced", [STORE_DISK] = "miss"
	};

	return names[member];
}

static const char *section(unsigned member)
{
	return worker_section_name((enum worker_section)member);
}

static const struct statistics_set methods = { "method", COUNTERS_METHODS, counters_method_name };
static const struct statistics_set statuses = { "status", COUNTERS_STATUSES, NULL };
static const struct statistics_set sources = { "source", COUNTERS_SOURCES, counters_source_name };
static const struct statistics_set store_sources = { "source", STORE_SOURCES, counters_source_name };
static const struct statistics_set results = { "result", STORE_SOURCES, lookup_result };
static const struct statistics_set reasons = { "reason", COUNTERS_REJECTIONS, counters_reason_name };
static const struct statistics_set disconnects = { "reason", COUNTERS_DISCONNECTS, counters_disconnect_name };
static const struct statistics_set phases = { "state", COUNTERS_PHASES, counters_phase_name };
static const struct statistics_set sections = { "call", WORKER_SECTIONS, section };

/* --- computed values --- */

static const char *version(const struct snapshot *snapshot, unsigned item)
{
	(void)item;
	return snapshot->version;
}

static const char *library(const struct snapshot *snapshot, unsigned item)
{
	(void)item;
	return snapshot->library;
}

static const char *sender(const struct snapshot *snapshot, unsigned item)
{
	(void)item;
	return snapshot->sender;
}

static const char *started(const struct snapshot *snapshot, unsigned item)
{
	(void)item;
	return snapshot->started;
}

static const char *state(const struct snapshot *snapshot, unsigned item)
{
	(void)item;
	return process_state_name(snapshot->state);
}

static const char *config_path(const struct snapshot *snapshot, unsigned item)
{
	(void)item;
	return snapshot->config_path;
}

static const char *root_name(const struct snapshot *snapshot, unsigned item)
{
	return snapshot->root_list[item].path;
}

static const char *root_reason(const struct snapshot *snapshot, unsigned item)
{
	const struct snapshot_root *root = &snapshot->root_list[item];

	return root->ready ? NULL : root->reason;
}

static const char *device_name(const struct snapshot *snapshot, unsigned item)
{
	return snapshot->devices[item].name;
}

static const char *device_mode(const struct snapshot *snapshot, unsigned item)
{
	return snapshot_mode_name(snapshot->devices[item].device);
}

static const char *device_state(const struct snapshot *snapshot, unsigned item)
{
	return snapshot_state_name(snapshot->devices[item].device);
}

static const char *log_name(const struct snapshot *snapshot, unsigned item)
{
	return snapshot->logs[item].name;
}

static uint64_t uptime_ns(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	(void)item;
	(void)member;
	return snapshot->now_ns - snapshot->started_ns;
}

static uint64_t requests_of_status(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	uint64_t sum = 0;

	(void)item;
	for (unsigned i = 0; i < COUNTERS_METHODS; i++)
		sum += counter_read(&snapshot->counters.requests[i][member]);
	return sum;
}

static uint64_t requests_of_method(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	uint64_t sum = 0;

	(void)item;
	for (unsigned i = 0; i < COUNTERS_STATUSES; i++)
		sum += counter_read(&snapshot->counters.requests[member][i]);
	return sum;
}

static uint64_t all_requests(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	uint64_t sum = 0;

	(void)member;
	for (unsigned i = 0; i < COUNTERS_METHODS; i++)
		sum += requests_of_method(snapshot, item, i);
	return sum;
}

static uint64_t refused_connections(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	(void)item;
	(void)member;
	return counter_read(&snapshot->counters.rejected[COUNTERS_MAX_CONNECTIONS]) +
	       counter_read(&snapshot->counters.rejected[COUNTERS_MAX_CONNECTIONS_PER_CLIENT]);
}

static double read_overhead(const struct snapshot *snapshot)
{
	const uint64_t wanted = snapshot->store.lookup_bytes[STORE_DISK];

	return wanted > 0 ? (double)snapshot->store.read_bytes / (double)wanted : 0.0;
}

static uint64_t mean_submit_ns(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	const struct device *device = snapshot->devices[item].device;
	const uint64_t submits = counter_read(&device->submits);

	(void)member;
	return submits > 0 ? counter_read(&device->submit_ns) / submits : 0;
}

static uint64_t device_is_stalled(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	(void)member;
	return devices_reject_reads(snapshot->devices[item].device);
}

/* Returns the time for which the device has been stalled. */
static uint64_t device_stalled_ns(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	const struct device *device = snapshot->devices[item].device;
	const uint64_t since_ns = counter_read(&device->stalled_ns);

	(void)member;
	return devices_reject_reads(device) && since_ns < snapshot->now_ns ? snapshot->now_ns - since_ns : 0;
}

static uint64_t worker_index(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	(void)snapshot;
	(void)member;
	return item;
}

/*
 * Returns the time since the last iteration. Returns 0 if the iteration ended after the start of the snapshot, or if
 * the worker has ended.
 */
static uint64_t since_iteration_ns(const struct snapshot *snapshot, unsigned item, unsigned member)
{
	const uint64_t last_ns = snapshot->workers[item].last_iteration_ns;

	(void)member;
	return last_ns < snapshot->now_ns ? snapshot->now_ns - last_ns : 0;
}

/* --- the table --- */

#define GAUGE(name, text) .family = name, .type = STATISTICS_GAUGE, .help = text
#define COUNTER(name, text) .family = name, .type = STATISTICS_COUNTER, .help = text
#define HISTOGRAM(name, text) .family = name, .type = STATISTICS_HISTOGRAM, .help = text
#define MORE(name) .family = name /* another row of the family of the previous row */
#define LABEL(name, value) .label = name, .label_value = value
#define JSON(at) .path = at
#define REPORT(word, name) .line = word, .field = name

#define PLACE(type, member) .offset = offsetof(type, member), .bytes = sizeof(((type *)NULL)->member)
#define SNAPSHOT(member) PLACE(struct snapshot, member)
#define CACHE(member) PLACE(struct snapshot, cache.member)
#define ROOT(member) .scope = STATISTICS_ROOT, PLACE(struct snapshot_root, member)
#define DEVICE(member) .scope = STATISTICS_DEVICE, PLACE(struct device, member)
#define DEVICE_TIMES(member) .scope = STATISTICS_DEVICE, .kind = STATISTICS_TIMES, PLACE(struct snapshot_device, member)
#define WORKER(member) .scope = STATISTICS_WORKER, PLACE(struct worker_report, member)
#define LOG(member) .scope = STATISTICS_LOG, PLACE(struct log_stats, member)

const struct statistics_row statistics_table[] = {
	/* the process */
	{ GAUGE("ranged_build_info",
		"Versions of ranged and libmicrohttpd, and the way of sending long bodies; always 1."),
	  LABEL("version", NULL), JSON("version"), .kind = STATISTICS_TEXT, .text = version },
	{ MORE("ranged_build_info"), LABEL("library", NULL), JSON("library"), .kind = STATISTICS_TEXT,
	  .text = library },
	{ MORE("ranged_build_info"), LABEL("sender", NULL), JSON("sender"), .kind = STATISTICS_TEXT, .text = sender },
	{ JSON("pid"), SNAPSHOT(pid) },
	{ GAUGE("ranged_start_time_seconds", "Start time of the process since the Unix epoch in seconds."),
	  .kind = STATISTICS_US, SNAPSHOT(started_wall_ns) },
	{ JSON("started"), .kind = STATISTICS_TEXT, .text = started },
	{ JSON("uptime_ms"), .kind = STATISTICS_MS, .number = uptime_ns },
	{ JSON("now_ms"), .kind = STATISTICS_MS, SNAPSHOT(now_ns) },
	{ JSON("state"), .kind = STATISTICS_TEXT, .text = state },
	{ GAUGE("ranged_ready", "1 if /readyz reports 200; 0 while the process starts, waits in drain_delay or drains, "
				"while all roots are gone, and while a root with required files is not ready."),
	  JSON("ready"), .kind = STATISTICS_TRUTH, SNAPSHOT(ready) },
	{ GAUGE("ranged_roots", "Roots of the running configuration."), JSON("roots"), SNAPSHOT(roots) },
	{ GAUGE("ranged_roots_gone",
		"Roots whose path currently does not lead to a directory; requests for their files are answered with "
		"503."),
	  JSON("roots_gone"), SNAPSHOT(roots_gone) },
	{ GAUGE("ranged_root_ready", "1 if the path of the root leads to a directory with all required files; 0 if the "
				     "root is gone or its last check has not ended within 3 s."),
	  JSON("ready"), ROOT(ready), .kind = STATISTICS_TRUTH },
	{ JSON("path"), .scope = STATISTICS_ROOT, .kind = STATISTICS_TEXT, .text = root_name },
	{ JSON("reason"), .scope = STATISTICS_ROOT, .kind = STATISTICS_TEXT, .text = root_reason },
	{ COUNTER("ranged_roots_replaced_total", "Roots replaced because their path led to another directory."),
	  JSON("roots_replaced"), SNAPSHOT(roots_replaced) },
	{ COUNTER("ranged_reloads_total", "Reloads of the configuration, by result."), LABEL("result", "done"),
	  JSON("reloads"), SNAPSHOT(reloads) },
	{ MORE("ranged_reloads_total"), LABEL("result", "failed"), JSON("reload_failures"), SNAPSHOT(reload_failures) },
	{ JSON("config"), .kind = STATISTICS_TEXT, .text = config_path },

	/* connections and requests */
	{ JSON("connections.now"), SNAPSHOT(connections) },
	{ GAUGE("ranged_connections_max", "Maximum number of client connections (max_connections)."),
	  JSON("connections.max"), SNAPSHOT(max_connections) },
	{ GAUGE("ranged_connections",
		"Client connections, by state: idle (between requests), head (receiving a request), "
		"work (processing it), send (sending the response)."),
	  JSON("connections"), .set = &phases, SNAPSHOT(counters.connections[0]) },
	{ COUNTER("ranged_connections_accepted_total", "Client connections accepted."), JSON("connections.accepted"),
	  SNAPSHOT(counters.accepted) },
	{ JSON("connections.refused"), .number = refused_connections },
	{ GAUGE("ranged_transfers", "Responses in progress whose body is read or sent in several parts."),
	  JSON("transfers"), SNAPSHOT(transfers) },
	{ COUNTER("ranged_requests_total", "Requests that have ended, by method and status. Status 499 means that the "
					   "client disconnected before a response was sent."),
	  .set = &methods, .columns = &statuses, .sparse = true, SNAPSHOT(counters.requests[0][0]) },
	{ JSON("requests.total"), .number = all_requests },
	{ JSON("requests.by_status"), .set = &statuses, .sparse = true, .number = requests_of_status },
	{ JSON("requests.by_method"), .set = &methods, .number = requests_of_method },
	{ COUNTER("ranged_response_bytes_total",
		  "Bytes of response bodies sent, by source: cache, coalesced (a read that another request had "
		  "started), disk, or other (generated by ranged)."),
	  JSON("bytes"), .set = &sources, SNAPSHOT(counters.bytes[0]) },
	{ COUNTER("ranged_rejected_total", "Connections and requests rejected, by reason."), JSON("rejected"),
	  .set = &reasons, SNAPSHOT(counters.rejected[0]) },
	{ COUNTER("ranged_disconnects_total",
		  "Connections that ended before their request or response was complete, or that ranged closed while "
		  "they were idle, by reason."),
	  JSON("disconnects"), .set = &disconnects, SNAPSHOT(counters.disconnects[0]) },
	{ HISTOGRAM("ranged_first_byte_seconds", "Time from the first line of a request to the start of its response."),
	  JSON("latency.first_byte"), .kind = STATISTICS_TIMES, SNAPSHOT(counters.first_byte) },
	{ JSON("latency.disk"), .kind = STATISTICS_TIMES, SNAPSHOT(service) },
	{ JSON("latency.queue"), .kind = STATISTICS_TIMES, SNAPSHOT(wait) },

	/* the cache */
	{ GAUGE("ranged_cache_size_bytes", "Size of the cache memory (cache_size)."), JSON("cache.bytes"),
	  REPORT("cache", "bytes"), CACHE(bytes) },
	{ GAUGE("ranged_cache_bytes",
		"Cache memory by state: free, in_use (by requests), idle (kept for later requests), pinned "
		"(protected from eviction by cache = pin)."),
	  LABEL("state", "free"), JSON("cache.free_bytes"), REPORT("cache", "free"), CACHE(free_bytes) },
	{ MORE("ranged_cache_bytes"), LABEL("state", "in_use"), JSON("cache.in_use_bytes"), REPORT("cache", "in_use"),
	  CACHE(in_use_bytes) },
	{ MORE("ranged_cache_bytes"), LABEL("state", "idle"), JSON("cache.idle_bytes"), REPORT("cache", "idle"),
	  CACHE(sums.idle_bytes) },
	{ MORE("ranged_cache_bytes"), LABEL("state", "pinned"), JSON("cache.pinned_bytes"), REPORT("cache", "pinned"),
	  CACHE(sums.pinned_bytes) },
	{ JSON("cache.small_bytes"), REPORT("cache", "small"), CACHE(small_bytes) },
	{ JSON("cache.main_bytes"), REPORT("cache", "main"), CACHE(main_bytes) },
	{ GAUGE("ranged_cache_extents", "Extents in the cache."), JSON("cache.extents"), REPORT("cache", "extents"),
	  CACHE(sums.extents) },
	{ JSON("cache.shards"), REPORT("cache", "shards"), CACHE(shards) },
	{ GAUGE("ranged_cache_waiting", "Reads that wait for cache memory."), JSON("cache.waiting"),
	  REPORT("cache", "waiting"), CACHE(waiting) },
	{ GAUGE("ranged_cache_fragmentation_ratio",
		"Share of the cache memory that is free, but in fragments of less than 256 KiB."),
	  JSON("cache.fragmentation"), .kind = STATISTICS_RATIO, .ratio = snapshot_fragmentation },
	{ JSON("cache.hits"), REPORT("cache", "hits"), CACHE(sums.hits) },
	{ JSON("cache.coalesced"), REPORT("cache", "coalesced"), CACHE(sums.coalesced) },
	{ JSON("cache.misses"), REPORT("cache", "misses"), CACHE(sums.loads) },
	{ COUNTER("ranged_cache_evictions_total", "Extents evicted from the cache."), JSON("cache.evictions"),
	  REPORT("cache", "evictions"), CACHE(sums.evictions) },
	{ COUNTER("ranged_cache_evicted_bytes_total", "Bytes of the extents evicted from the cache."),
	  JSON("cache.evicted_bytes"), REPORT("cache", "evicted"), CACHE(sums.evicted_bytes) },
	{ COUNTER("ranged_cache_ghost_hits_total",
		  "Extents that were requested again soon after their eviction; a high rate means that the cache is "
		  "too small."),
	  JSON("cache.ghost_hits"), REPORT("cache", "ghost_hits"), CACHE(sums.ghost_hits) },
	{ JSON("cache.admissions"), REPORT("cache", "admissions"), CACHE(sums.admissions) },
	{ COUNTER("ranged_cache_lookups_total", "Lookups of parts of files in the cache, by result: hit, coalesced "
						"(with a read that another request had started), or miss."),
	  JSON("cache_lookups"), REPORT("cache_lookups", NULL), .set = &results, SNAPSHOT(store.lookups[0]) },
	{ GAUGE("ranged_cache_hit_ratio",
		"Share of the cache lookups since the start that were hits or were coalesced with a read in progress."),
	  .kind = STATISTICS_RATIO, .ratio = snapshot_hit_ratio },
	{ GAUGE("ranged_cache_byte_hit_ratio",
		"Share of the bytes looked up since the start that were in the cache, or were coalesced with a read in "
		"progress."),
	  .kind = STATISTICS_RATIO, .ratio = snapshot_byte_hit_ratio },
	{ REPORT("bytes", NULL), .set = &store_sources, SNAPSHOT(store.lookup_bytes[0]) },
	{ JSON("bytes.read"), REPORT("bytes", "read"), SNAPSHOT(store.read_bytes) },
	{ REPORT("bytes", "overhead"), .kind = STATISTICS_RATIO, .ratio = read_overhead },
	{ REPORT("bytes", "reads"), SNAPSHOT(store.reads) },

	/* the list of cached files */
	{ GAUGE("ranged_cache_state_restoring",
		"1 while the files in the list of cache_state are being loaded after the start, otherwise 0."),
	  JSON("cache_state.restoring"), .kind = STATISTICS_TRUTH, SNAPSHOT(cache_state.restoring) },
	{ GAUGE("ranged_cache_state_listed_files", "Entries in the list that was read at the start."),
	  JSON("cache_state.listed"), SNAPSHOT(cache_state.listed) },
	{ COUNTER("ranged_cache_state_files_total",
		  "Entries of the list, by result: restored, skipped (the file has changed or is not served any more) "
		  "or failed (it could not be read)."),
	  LABEL("result", "restored"), JSON("cache_state.restored"), SNAPSHOT(cache_state.restored) },
	{ MORE("ranged_cache_state_files_total"), LABEL("result", "skipped"), JSON("cache_state.skipped"),
	  SNAPSHOT(cache_state.skipped) },
	{ MORE("ranged_cache_state_files_total"), LABEL("result", "failed"), JSON("cache_state.failed"),
	  SNAPSHOT(cache_state.failed) },
	{ COUNTER("ranged_cache_state_restored_bytes_total", "Bytes of the restored entries."),
	  JSON("cache_state.restored_bytes"), SNAPSHOT(cache_state.restored_bytes) },
	{ COUNTER("ranged_cache_state_writes_total", "Writes of the list, by result."), LABEL("result", "done"),
	  JSON("cache_state.writes"), SNAPSHOT(cache_state.writes) },
	{ MORE("ranged_cache_state_writes_total"), LABEL("result", "failed"), JSON("cache_state.write_failures"),
	  SNAPSHOT(cache_state.write_failures) },
	{ GAUGE("ranged_cache_state_written_files", "Files in the last list that was written."),
	  JSON("cache_state.written_files"), SNAPSHOT(cache_state.written_files) },
	{ GAUGE("ranged_cache_state_written_timestamp_seconds",
		"Time of the last write of the list, in seconds since 1970. 0: no list was written."),
	  JSON("cache_state.written"), SNAPSHOT(cache_state.written_s) },

	/* names and open files */
	{ GAUGE("ranged_names", "Known names. A known name is a path with the version, size and metadata of its file."),
	  JSON("names.count"), REPORT("names", "count"), SNAPSHOT(names.count) },
	{ GAUGE("ranged_names_max", "Maximum number of known names (name_cache)."), JSON("names.max"),
	  REPORT("names", "max"), SNAPSHOT(names.max) },
	{ GAUGE("ranged_names_bytes", "Memory of the known names and of the metadata of their files."),
	  JSON("names.bytes"), REPORT("names", "bytes"), SNAPSHOT(names.bytes) },
	{ GAUGE("ranged_open_files", "Files that are open for reads from the disk (open_file_cache)."),
	  JSON("files.open"), REPORT("files", "open"), SNAPSHOT(open_files) },
	{ COUNTER("ranged_file_lookups_total",
		  "Lookups of paths, by result: hit (known, and checked recently), inline (answered by the worker from "
		  "the caches of the kernel), revalidated (checked for changes by an offload thread), opened or "
		  "failed."),
	  LABEL("result", "hit"), JSON("files.hits"), REPORT("files", "hits"), SNAPSHOT(files.hits) },
	{ MORE("ranged_file_lookups_total"), LABEL("result", "inline"), JSON("files.inline"), REPORT("files", "inline"),
	  SNAPSHOT(files.inlined) },
	{ MORE("ranged_file_lookups_total"), LABEL("result", "revalidated"), JSON("files.revalidations"),
	  REPORT("files", "revalidations"), SNAPSHOT(files.revalidations) },
	{ MORE("ranged_file_lookups_total"), LABEL("result", "opened"), JSON("files.opens"), REPORT("files", "opens"),
	  SNAPSHOT(files.opens) },
	{ MORE("ranged_file_lookups_total"), LABEL("result", "failed"), JSON("files.failures"),
	  REPORT("files", "failures"), SNAPSHOT(files.failures) },

	/* devices */
	{ JSON("device"), .scope = STATISTICS_DEVICE, .kind = STATISTICS_TEXT, .text = device_name },
	{ GAUGE("ranged_device_info", "The read mode of a filesystem, as a label; always 1."), LABEL("mode", NULL),
	  JSON("mode"), REPORT("device", "mode"), .scope = STATISTICS_DEVICE, .kind = STATISTICS_TEXT,
	  .text = device_mode },
	{ JSON("local"), REPORT("device", "local"), .kind = STATISTICS_TRUTH, DEVICE(local) },
	{ GAUGE("ranged_device_depth", "Maximum number of reads in flight."), JSON("depth"), REPORT("device", "depth"),
	  DEVICE(depth) },
	{ GAUGE("ranged_device_depth_bytes", "Maximum number of bytes in flight."), JSON("depth_bytes"),
	  REPORT("device", "depth_bytes"), DEVICE(depth_bytes) },
	{ GAUGE("ranged_device_in_flight", "Reads in flight."), JSON("in_flight"), REPORT("device", "in_flight"),
	  DEVICE(in_flight_count) },
	{ GAUGE("ranged_device_in_flight_bytes", "Bytes of the reads in flight."), JSON("in_flight_bytes"),
	  REPORT("device", "in_flight_bytes"), DEVICE(in_flight_bytes) },
	{ GAUGE("ranged_device_queued", "Reads waiting in the queues of all workers."), JSON("queued"),
	  REPORT("device", "queued"), DEVICE(queued) },
	{ COUNTER("ranged_device_reads_total", "Reads completed."), JSON("reads"), REPORT("device", "reads"),
	  DEVICE(reads) },
	{ COUNTER("ranged_device_read_bytes_total", "Bytes read."), JSON("read_bytes"), REPORT("device", "read_bytes"),
	  DEVICE(read_bytes) },
	{ COUNTER("ranged_device_errors_total", "Reads that failed."), JSON("errors"), REPORT("device", "errors"),
	  DEVICE(errors) },
	{ COUNTER("ranged_device_eagain_total",
		  "Reads that failed with EAGAIN (RWF_NOWAIT); an offload thread repeats them."),
	  JSON("eagain"), REPORT("device", "eagain"), DEVICE(eagain) },
	{ COUNTER("ranged_device_merged_total", "Reads merged with an adjacent read."), JSON("merged"),
	  REPORT("device", "merged"), DEVICE(merged) },
	{ COUNTER("ranged_device_cancelled_total",
		  "Queued reads cancelled before they were submitted, because no request needed them any more."),
	  JSON("cancelled"), REPORT("device", "cancelled"), DEVICE(cancelled) },
	{ COUNTER("ranged_device_rejected_total", "Reads rejected because the queue was longer than "
						  "disk_queue_timeout allows."),
	  JSON("rejected"), REPORT("device", "rejected"), DEVICE(rejected) },
	{ HISTOGRAM("ranged_device_read_seconds", "Duration of reads, from submission to completion."), JSON("latency"),
	  REPORT("device", "time"), DEVICE_TIMES(service) },
	{ HISTOGRAM("ranged_device_queue_wait_seconds", "Time that reads waited in the queue."), JSON("wait"),
	  REPORT("device", "wait"), DEVICE_TIMES(wait) },
	{ COUNTER("ranged_device_submits_total", "Calls of io_submit."), JSON("submits"), REPORT("device", "submits"),
	  DEVICE(submits) },
	{ REPORT("device", "submit_mean"), .scope = STATISTICS_DEVICE, .kind = STATISTICS_US,
	  .number = mean_submit_ns },
	{ REPORT("device", "submit_max"), .kind = STATISTICS_US, DEVICE(submit_max_ns) },
	{ COUNTER("ranged_device_slow_submits_total", "Calls of io_submit that took longer than 20 ms."),
	  JSON("slow_submits"), REPORT("device", "slow_submits"), DEVICE(slow_submits) },
	{ COUNTER("ranged_device_lookups_total",
		  "Lookups of files, by result: inline (answered by a worker from the memory of the kernel), eagain (a "
		  "worker would have had to wait, so an offload thread repeated the lookup), or offload (workers may "
		  "not look up files on this filesystem)."),
	  LABEL("result", "inline"), JSON("lookups.inline"), REPORT("device", "lookups_inline"),
	  DEVICE(lookups_inline) },
	{ MORE("ranged_device_lookups_total"), LABEL("result", "eagain"), JSON("lookups.eagain"),
	  REPORT("device", "lookups_eagain"), DEVICE(lookups_eagain) },
	{ MORE("ranged_device_lookups_total"), LABEL("result", "offload"), JSON("lookups.offload"),
	  REPORT("device", "lookups_offload"), DEVICE(lookups_offload) },
	{ COUNTER("ranged_device_lookups_rejected_total",
		  "Lookups of files rejected because the device did not respond, or because its lookups waited for "
		  "longer than disk_queue_timeout."),
	  JSON("lookups.rejected"), REPORT("device", "lookups_rejected"), DEVICE(lookups_rejected) },
	{ COUNTER("ranged_device_lookups_stale_total",
		  "Lookups answered with a known file although the storage did not respond or was lost (stale)."),
	  JSON("lookups.stale"), REPORT("device", "lookups_stale"), DEVICE(lookups_stale) },
	{ HISTOGRAM("ranged_device_lookup_seconds",
		    "Duration of lookups on offload threads, including the time in their queue."),
	  JSON("lookups.latency"), REPORT("device", "lookup_time"), DEVICE_TIMES(lookup) },
	{ GAUGE("ranged_device_jobs", "Calls of offload threads for the device that run or are queued."), JSON("jobs"),
	  REPORT("device", "jobs"), DEVICE(jobs) },
	{ GAUGE("ranged_device_stalled",
		"1 if the device does not respond, so that requests that need it are answered with 503; 0 otherwise."),
	  .scope = STATISTICS_DEVICE, .kind = STATISTICS_TRUTH, .number = device_is_stalled },
	{ JSON("state"), REPORT("device", "state"), .scope = STATISTICS_DEVICE, .kind = STATISTICS_TEXT,
	  .text = device_state },
	{ JSON("stalled_ms"), .scope = STATISTICS_DEVICE, .kind = STATISTICS_MS, .number = device_stalled_ns },
	{ COUNTER("ranged_device_stalls_total", "Times that the device stopped responding."), JSON("stalls"),
	  REPORT("device", "stalls"), DEVICE(stalls) },

	/* workers */
	{ JSON("index"), .scope = STATISTICS_WORKER, .number = worker_index },
	{ JSON("connections"), REPORT("worker", "connections"), WORKER(connections) },
	{ JSON("queued"), REPORT("worker", "queued"), WORKER(queued) },
	{ JSON("in_flight"), REPORT("worker", "in_flight"), WORKER(in_flight) },
	{ COUNTER("ranged_loop_iterations_total", "Iterations of the event loop."), JSON("iterations"),
	  REPORT("worker", "iterations"), WORKER(iterations) },
	{ JSON("last_iteration_ms_ago"), .scope = STATISTICS_WORKER, .kind = STATISTICS_MS,
	  .number = since_iteration_ns },
	{ COUNTER("ranged_loop_stalls_total",
		  "Parts of an event loop iteration that took 10 ms or longer; the label call names the part."),
	  JSON("stalls"), REPORT("worker", "stalls"), .set = &sections, WORKER(stalls[0]) },
	{ GAUGE("ranged_loop_longest_stall_seconds",
		"Longest duration of a part of an event loop iteration; the label call names the part."),
	  JSON("longest_us"), REPORT("worker", "longest"), .set = &sections, .kind = STATISTICS_US,
	  WORKER(longest_ns[0]) },

	/* logs; the name is the last field of the report line, because a name can contain blanks */
	{ COUNTER("ranged_log_lines_total", "Lines queued for a log."), JSON("lines"), REPORT("log", "lines"),
	  LOG(lines) },
	{ COUNTER("ranged_log_dropped_total", "Lines lost because the queue of a log was full or a write failed."),
	  JSON("dropped"), REPORT("log", "dropped"), LOG(dropped) },
	{ JSON("name"), REPORT("log", "name"), .scope = STATISTICS_LOG, .kind = STATISTICS_TEXT, .text = log_name },
};

const unsigned statistics_count = sizeof(statistics_table) / sizeof(statistics_table[0]);

/* --- reading a value --- */

unsigned statistics_items(const struct snapshot *snapshot, enum statistics_scope scope)
{
	switch (scope) {
	case STATISTICS_ROOT:
		return snapshot->root_count;
	case STATISTICS_DEVICE:
		return snapshot->device_count;
	case STATISTICS_WORKER:
		return snapshot->worker_count;
	case STATISTICS_LOG:
		return snapshot->log_count;
	default:
		return 1;
	}
}

const char *statistics_item_label(enum statistics_scope scope)
{
	static const char *const labels[STATISTICS_SCOPES] = { [STATISTICS_ROOT] = "root",
							       [STATISTICS_DEVICE] = "device",
							       [STATISTICS_WORKER] = "worker",
							       [STATISTICS_LOG] = "log" };

	return labels[scope];
}

const char *statistics_item_name(const struct snapshot *snapshot, enum statistics_scope scope, unsigned item,
				 char buffer[STATISTICS_NAME_BYTES])
{
	switch (scope) {
	case STATISTICS_ROOT:
		return snapshot->root_list[item].path;
	case STATISTICS_DEVICE:
		return snapshot->devices[item].name;
	case STATISTICS_WORKER:
		snprintf(buffer, STATISTICS_NAME_BYTES, "%u", item);
		return buffer;
	case STATISTICS_LOG:
		return snapshot->logs[item].name;
	default:
		return "";
	}
}

const char *statistics_member_name(const struct statistics_set *set, unsigned member,
				   char buffer[STATISTICS_NAME_BYTES])
{
	if (set->name != NULL)
		return set->name(member);
	snprintf(buffer, STATISTICS_NAME_BYTES, "%u", member);
	return buffer;
}

/*
 * Returns the address of a value. The integers of a device are read from struct device. The histograms of a device are
 * read from the copy in the snapshot, so that the buckets, the count and the quantiles of one answer agree.
 */
static const void *place(const struct statistics_row *row, const struct snapshot *snapshot, unsigned item,
			 unsigned member)
{
	const void *base = snapshot;

	if (row->scope == STATISTICS_DEVICE && row->kind == STATISTICS_TIMES)
		base = &snapshot->devices[item];
	else if (row->scope == STATISTICS_ROOT)
		base = &snapshot->root_list[item];
	else if (row->scope == STATISTICS_DEVICE)
		base = snapshot->devices[item].device;
	else if (row->scope == STATISTICS_WORKER)
		base = &snapshot->workers[item];
	else if (row->scope == STATISTICS_LOG)
		base = &snapshot->logs[item];
	return (const char *)base + row->offset + member * row->bytes;
}

/*
 * The value can be a counter that another thread increments. Relaxed loads are sufficient, because the numbers are
 * independent and publish no other data.
 */
uint64_t statistics_number(const struct statistics_row *row, const struct snapshot *snapshot, unsigned item,
			   unsigned member)
{
	const void *at;

	if (row->number != NULL)
		return row->number(snapshot, item, member);
	at = place(row, snapshot, item, member);
	switch (row->bytes) {
	case sizeof(uint64_t):
		return __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);
	case sizeof(uint32_t):
		return __atomic_load_n((const uint32_t *)at, __ATOMIC_RELAXED);
	default:
		return __atomic_load_n((const bool *)at, __ATOMIC_RELAXED);
	}
}

uint64_t statistics_number_in_unit(const struct statistics_row *row, const struct snapshot *snapshot, unsigned item,
				   unsigned member)
{
	const uint64_t number = statistics_number(row, snapshot, item, member);

	switch (row->kind) {
	case STATISTICS_US:
		return number / 1000;
	case STATISTICS_MS:
		return number / CLOCK_NS_PER_MS;
	default:
		return number;
	}
}

double statistics_ratio(const struct statistics_row *row, const struct snapshot *snapshot)
{
	return row->ratio(snapshot);
}

const char *statistics_text(const struct statistics_row *row, const struct snapshot *snapshot, unsigned item)
{
	return row->text(snapshot, item);
}

const struct histogram *statistics_times(const struct statistics_row *row, const struct snapshot *snapshot,
					 unsigned item)
{
	return place(row, snapshot, item, 0);
}
