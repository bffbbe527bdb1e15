/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers are since the start unless they are of now; what ends in _us is in microseconds, in _ms in milliseconds.
 * Where memory runs out jansson hands on NULL, which makes all of it NULL in the end: so nothing is looked at in
 * between.
 */
#include "admin/status.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* Whatever bytes it is made of. */
static json_t *string(const char *bytes)
{
	struct text text = { 0 };
	json_t *made;

	if (bytes == NULL)
		return json_null();
	text_utf8(&text, bytes, strlen(bytes));
	made = text.failed ? NULL : json_stringn_nocheck(text.bytes != NULL ? text.bytes : "", text.used);
	text_fini(&text);
	return made;
}

static json_t *histogram(const struct histogram *histogram)
{
	json_t *buckets = json_array();

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t count = counter_read(&histogram->counts[i]);

		if (count > 0)
			json_array_append_new(
				buckets, json_pack("[I, I]", (json_int_t)histogram_upper_us(i), (json_int_t)count));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "count", number(histogram_count(histogram)), "sum_us",
			 number(counter_read(&histogram->sum_ns) / 1000), "p50_us",
			 number(histogram_quantile_us(histogram, 500)), "p90_us",
			 number(histogram_quantile_us(histogram, 900)), "p99_us",
			 number(histogram_quantile_us(histogram, 990)), "buckets", buckets);
}

static json_t *started(const struct snapshot *snapshot)
{
	const time_t seconds = (time_t)(snapshot->started_wall_ns / (int64_t)CLOCK_NS_PER_S);
	struct tm tm;
	char text[32];

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static void add_process(json_t *root, const struct snapshot *snapshot)
{
	json_object_set_new(root, "version", string(snapshot->version));
	json_object_set_new(root, "library", string(snapshot->library));
	json_object_set_new(root, "pid", json_integer(snapshot->pid));
	json_object_set_new(root, "started", started(snapshot));
	json_object_set_new(root, "uptime_ms", number((snapshot->now_ns - snapshot->started_ns) / CLOCK_NS_PER_MS));
	json_object_set_new(root, "now_ms", number(snapshot->now_ns / CLOCK_NS_PER_MS));
	json_object_set_new(root, "state", json_string(process_state_name(snapshot->state)));
	json_object_set_new(root, "ready", json_boolean(snapshot->ready));
	json_object_set_new(root, "reloads", number(snapshot->reloads));
	json_object_set_new(root, "reload_failures", number(snapshot->reload_failures));
	json_object_set_new(root, "roots", number(snapshot->roots));
	json_object_set_new(root, "roots_gone", number(snapshot->roots_gone));
	json_object_set_new(root, "roots_replaced", number(snapshot->roots_replaced));
	json_object_set_new(root, "config", string(snapshot->config_path));
}

static json_t *connections(const struct snapshot *snapshot)
{
	json_t *object = json_object();

	json_object_set_new(object, "now", json_integer(snapshot->connections));
	json_object_set_new(object, "max", json_integer(snapshot->max_connections));
	for (unsigned i = 0; i < COUNTERS_PHASES; i++)
		json_object_set_new(object, counters_phase_name(i),
				    number(counter_read(&snapshot->counters.connections[i])));
	json_object_set_new(object, "accepted", number(counter_read(&snapshot->counters.accepted)));
	json_object_set_new(object, "refused", number(snapshot_refused(snapshot)));
	return object;
}

static json_t *requests(const struct snapshot *snapshot)
{
	json_t *by_status = json_object(), *by_method = json_object();
	uint64_t total = 0, of_method[COUNTERS_METHODS] = { 0 };

	for (unsigned j = 0; j < COUNTERS_STATUSES; j++) {
		uint64_t of_status = 0;
		char status[12];

		for (unsigned i = 0; i < COUNTERS_METHODS; i++) {
			uint64_t n = counter_read(&snapshot->counters.requests[i][j]);

			of_status += n;
			of_method[i] += n;
		}
		total += of_status;
		snprintf(status, sizeof(status), "%u", j);
		if (of_status > 0)
			json_object_set_new(by_status, status, number(of_status));
	}
	for (unsigned i = 0; i < COUNTERS_METHODS; i++)
		json_object_set_new(by_method, counters_method_name(i), number(of_method[i]));
	return json_pack("{s:o, s:o, s:o}", "total", number(total), "by_status", by_status, "by_method", by_method);
}

/* Of sources or reasons: what is counted, by name. */
static json_t *named(const _Atomic uint64_t *counters, unsigned count, const char *(*name)(unsigned))
{
	json_t *object = json_object();

	for (unsigned i = 0; i < count; i++)
		json_object_set_new(object, name(i), number(counter_read(&counters[i])));
	return object;
}

static json_t *bytes(const struct snapshot *snapshot)
{
	json_t *object = named(snapshot->counters.bytes, COUNTERS_SOURCES, counters_source_name);

	json_object_set_new(object, "read", number(snapshot->store.read_bytes));
	return object;
}

static json_t *wants(const struct snapshot *snapshot)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < STORE_SOURCES; i++)
		json_object_set_new(object, counters_source_name(i), number(snapshot->store.lookups[i]));
	return object;
}

static json_t *cache(const struct snapshot *snapshot)
{
	const struct cache_stats *stats = &snapshot->cache;
	const struct shard_stats *sums = &stats->sums;
	const struct {
		const char *key;
		uint64_t value;
	} values[] = {
		{ "bytes", stats->bytes },
		{ "free_bytes", stats->free_bytes },
		{ "pinned_bytes", stats->in_use_bytes },
		{ "idle_bytes", sums->idle_bytes },
		{ "sticky_bytes", sums->pinned_bytes },
		{ "small_bytes", stats->small_bytes },
		{ "main_bytes", stats->main_bytes },
		{ "extents", sums->extents },
		{ "shards", stats->shards },
		{ "waiting", stats->waiting },
		{ "hits", sums->hits },
		{ "joined", sums->coalesced },
		{ "misses", sums->loads },
		{ "evictions", sums->evictions },
		{ "evicted_bytes", sums->evicted_bytes },
		{ "ghost_hits", sums->ghost_hits },
		{ "admissions", sums->admissions },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		json_object_set_new(object, values[i].key, number(values[i].value));
	json_object_set_new(object, "fragmentation", json_real(snapshot_fragmentation(snapshot)));
	return object;
}

static json_t *device(const struct snapshot_device *taken)
{
	const struct device *device = taken->device;
	const struct {
		const char *key;
		uint64_t value;
	} values[] = {
		{ "depth", device->depth },
		{ "depth_bytes", device->depth_bytes },
		{ "in_flight", device->in_flight_count },
		{ "in_flight_bytes", device->in_flight_bytes },
		{ "queued", device->queued },
		{ "reads", device->reads },
		{ "read_bytes", device->read_bytes },
		{ "errors", device->errors },
		{ "again", device->eagain },
		{ "merged", device->merged },
		{ "dropped", device->cancelled },
		{ "refused", device->rejected },
		{ "submits", device->submits },
		{ "submits_slow", device->slow_submits },
	};
	json_t *object = json_pack("{s:s, s:s}", "device", taken->name, "mode", snapshot_mode_name(device));

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		json_object_set_new(object, values[i].key, number(values[i].value));
	json_object_set_new(object, "latency", histogram(&taken->service));
	json_object_set_new(object, "wait", histogram(&taken->wait));
	return object;
}

static json_t *devices(const struct snapshot *snapshot)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < snapshot->device_count; i++)
		json_array_append_new(array, device(&snapshot->devices[i]));
	return array;
}

/* One that has ended turned just now, as far as anybody need care. */
static uint64_t turned_ms_ago(const struct snapshot *snapshot, const struct worker_report *worker)
{
	return worker->last_iteration_ns < snapshot->now_ns
		       ? (snapshot->now_ns - worker->last_iteration_ns) / CLOCK_NS_PER_MS
		       : 0;
}

static json_t *worker(const struct snapshot *snapshot, unsigned index)
{
	const struct worker_report *worker = &snapshot->workers[index];
	json_t *stalls = json_object(), *longest = json_object();

	for (unsigned i = 0; i < WORKER_SECTIONS; i++) {
		json_object_set_new(stalls, worker_section_name(i), number(worker->stalls[i]));
		json_object_set_new(longest, worker_section_name(i), number(worker->longest_ns[i] / 1000));
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "index", (json_int_t)index, "connections",
			 (json_int_t)worker->connections, "queued", (json_int_t)worker->queued, "in_flight",
			 (json_int_t)worker->in_flight, "turns", number(worker->iterations), "turned_ms_ago",
			 number(turned_ms_ago(snapshot, worker)), "stalls", stalls, "longest_us", longest);
}

static json_t *workers(const struct snapshot *snapshot)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < snapshot->worker_count; i++)
		json_array_append_new(array, worker(snapshot, i));
	return array;
}

static json_t *logs(const struct snapshot *snapshot)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < snapshot->log_count; i++)
		json_array_append_new(array, json_pack("{s:o, s:o, s:o}", "name", string(snapshot->logs[i].name),
						       "lines", number(snapshot->logs[i].lines), "dropped",
						       number(snapshot->logs[i].dropped)));
	return array;
}

static json_t *top(const struct snapshot *snapshot)
{
	json_t *files = json_array(), *clients = json_array();

	for (unsigned i = 0; i < snapshot->top_file_count; i++) {
		const struct snapshot_file *file = &snapshot->top_files[i];

		json_array_append_new(files, json_pack("{s:o, s:o, s:o, s:o}", "path", string(file->path), "site",
						       string(file->site), "bytes", number(file->bytes), "requests",
						       number(file->requests)));
	}
	for (unsigned i = 0; i < snapshot->top_client_count; i++) {
		const struct clients_rank *client = &snapshot->top_clients[i];

		json_array_append_new(clients,
				      json_pack("{s:s, s:o, s:I}", "address", client->address, "bytes",
						number(client->bytes), "connections", (json_int_t)client->connections));
	}
	return json_pack("{s:o, s:o}", "files", files, "clients", clients);
}

char *status_format(const struct snapshot *snapshot)
{
	const struct files_stats *files = &snapshot->files;
	json_t *root = json_object();
	char *text;

	add_process(root, snapshot);
	json_object_set_new(root, "connections", connections(snapshot));
	json_object_set_new(root, "transfers", json_integer(snapshot->transfers));
	json_object_set_new(root, "requests", requests(snapshot));
	json_object_set_new(root, "bytes", bytes(snapshot));
	json_object_set_new(root, "wants", wants(snapshot));
	json_object_set_new(root, "rejected",
			    named(snapshot->counters.rejected, COUNTERS_REASONS, counters_reason_name));
	json_object_set_new(root, "latency",
			    json_pack("{s:o, s:o, s:o}", "first_byte", histogram(&snapshot->counters.first_byte),
				      "disk", histogram(&snapshot->service), "queue", histogram(&snapshot->wait)));
	json_object_set_new(root, "cache", cache(snapshot));
	json_object_set_new(root, "files",
			    json_pack("{s:o, s:o, s:o, s:o, s:o}", "open", number(files->open), "hits",
				      number(files->hits), "looks", number(files->revalidations), "opens",
				      number(files->opens), "failures", number(files->failures)));
	json_object_set_new(root, "devices", devices(snapshot));
	json_object_set_new(root, "workers", workers(snapshot));
	json_object_set_new(root, "logs", logs(snapshot));
	json_object_set_new(root, "top", top(snapshot));
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}

void status_answer(struct admin_call *call)
{
	struct snapshot *snapshot;
	char *text = NULL;

	if (snapshot_take(&snapshot, call->process) == 0) {
		text = status_format(snapshot);
		snapshot_free(snapshot);
	}
	admin_call_answer_owned(call, 200, ADMIN_CALL_JSON, text, text != NULL ? strlen(text) : 0);
}
