/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A family is its lines of HELP and TYPE and then its samples, all together. The two formats differ in that OpenMetrics
 * names a counter without the "_total" that its samples have, and says where the text ends. ranged(8) has a table of
 * all families.
 */
#include "admin/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "http/negotiate.h"

#define TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

struct output {
	struct text *text;
	bool openmetrics;
	const char *family; /* the last one that was begun */
};

void metrics_label(struct text *text, const char *value)
{
	size_t length;

	for (; *value != '\0'; value += length) {
		length = strcspn(value, "\\\"\n");
		text_utf8(text, value, length);
		if (value[length] == '\0')
			return;
		text_puts(text, value[length] == '\n' ? "\\n" : value[length] == '"' ? "\\\"" : "\\\\");
		length++;
	}
}

static void begin(struct output *output, const char *family, const char *type, const char *help)
{
	size_t length = strlen(family);

	if (output->openmetrics && strcmp(type, "counter") == 0)
		length -= strlen("_total");
	text_printf(output->text, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)length, family, help, (int)length, family,
		    type);
	output->family = family;
}

/* labels: names and values in turn, then NULL. */
static void put_labels(struct output *output, const char *const labels[])
{
	for (unsigned i = 0; labels[i] != NULL; i += 2) {
		text_printf(output->text, "%s%s=\"", i == 0 ? "" : ",", labels[i]);
		metrics_label(output->text, labels[i + 1]);
		text_puts(output->text, "\"");
	}
}

#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_LABELS ((const char *const[]){ NULL })

static void put_name(struct output *output, const char *const labels[])
{
	text_puts(output->text, output->family);
	if (labels[0] == NULL)
		return;
	text_puts(output->text, "{");
	put_labels(output, labels);
	text_puts(output->text, "}");
}

static void put(struct output *output, const char *const labels[], uint64_t value)
{
	put_name(output, labels);
	text_printf(output->text, " %" PRIu64 "\n", value);
}

static void put_real(struct output *output, const char *const labels[], double value)
{
	put_name(output, labels);
	text_printf(output->text, " %.9g\n", value);
}

static void gauge(struct output *output, const char *family, const char *help, uint64_t value)
{
	begin(output, family, "gauge", help);
	put(output, NO_LABELS, value);
}

static void gauge_real(struct output *output, const char *family, const char *help, double value)
{
	begin(output, family, "gauge", help);
	put_real(output, NO_LABELS, value);
}

static void count(struct output *output, const char *family, const char *help, uint64_t value)
{
	begin(output, family, "counter", help);
	put(output, NO_LABELS, value);
}

/* Its family was begun. */
static void put_histogram(struct output *output, const char *const labels[], const struct histogram *histogram)
{
	const char *comma = labels[0] != NULL ? "," : "";
	uint64_t below = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		below += counter_read(&histogram->counts[i]);
		text_printf(output->text, "%s_bucket{", output->family);
		put_labels(output, labels);
		if (i + 1 < HISTOGRAM_BUCKETS)
			text_printf(output->text, "%sle=\"%.9g\"} %" PRIu64 "\n", comma,
				    (double)histogram_upper_us(i) / 1e6, below);
		else
			text_printf(output->text, "%sle=\"+Inf\"} %" PRIu64 "\n", comma, below);
	}
	for (unsigned i = 0; i < 2; i++) {
		text_printf(output->text, "%s%s", output->family, i == 0 ? "_sum" : "_count");
		if (labels[0] != NULL) {
			text_puts(output->text, "{");
			put_labels(output, labels);
			text_puts(output->text, "}");
		}
		if (i == 0)
			text_printf(output->text, " %.9f\n",
				    (double)counter_read(&histogram->sum_ns) / (double)CLOCK_NS_PER_S);
		else
			text_printf(output->text, " %" PRIu64 "\n", below);
	}
}

/* --- the families --- */

static void write_process(struct output *output, const struct snapshot *snapshot)
{
	begin(output, "ranged_build_info", "gauge", "Always 1; the labels say which version this is.");
	put(output, LABELS("version", snapshot->version, "library", snapshot->library), 1);
	begin(output, "ranged_start_time_seconds", "gauge", "When the process started, since 1970.");
	text_printf(output->text, "ranged_start_time_seconds %.3f\n",
		    (double)(snapshot->started_wall_ns / (int64_t)CLOCK_NS_PER_MS) / 1000);
	gauge(output, "ranged_ready",
	      "1 while it serves, 0 while it starts, is about to leave or drains, or while all roots are gone.",
	      snapshot->ready);
	gauge(output, "ranged_roots", "Roots of the running configuration.", snapshot->roots);
	gauge(output, "ranged_roots_gone", "Roots whose path leads to no folder now; their requests are answered 503.",
	      snapshot->roots_gone);
	count(output, "ranged_roots_replaced_total",
	      "Times that a root's path led to another folder, which is served since.", snapshot->roots_replaced);
	begin(output, "ranged_reloads_total", "counter", "Reloads of the configuration.");
	put(output, LABELS("result", "done"), snapshot->reloads);
	put(output, LABELS("result", "failed"), snapshot->reload_failures);
}

static void write_connections(struct output *output, const struct snapshot *snapshot)
{
	begin(output, "ranged_connections", "gauge",
	      "Connections of clients: idle between requests, sending the head of one, waiting for us, taking a reply.");
	for (unsigned i = 0; i < COUNTERS_PHASES; i++)
		put(output, LABELS("state", counters_phase_name(i)), counter_read(&snapshot->counters.connections[i]));
	gauge(output, "ranged_connections_max", "The most connections there may be (max_connections).",
	      snapshot->max_connections);
	count(output, "ranged_connections_accepted_total", "Connections that were let in.",
	      counter_read(&snapshot->counters.accepted));
	gauge(output, "ranged_transfers", "Replies under way that are read piece by piece.", snapshot->transfers);
}

/* Statuses that were never answered are left out. */
static void write_requests(struct output *output, const struct snapshot *snapshot)
{
	begin(output, "ranged_requests_total", "counter",
	      "Requests that have ended; status 0: the client left before it was answered.");
	for (unsigned i = 0; i < COUNTERS_METHODS; i++)
		for (unsigned j = 0; j < COUNTERS_STATUSES; j++) {
			uint64_t requests = counter_read(&snapshot->counters.requests[i][j]);
			char status[12];

			snprintf(status, sizeof(status), "%u", j);
			if (requests > 0)
				put(output, LABELS("method", counters_method_name(i), "status", status), requests);
		}
	begin(output, "ranged_response_bytes_total", "counter", "Bytes of bodies sent, by where they came from.");
	for (unsigned i = 0; i < COUNTERS_SOURCES; i++)
		put(output, LABELS("source", counters_source_name(i)), counter_read(&snapshot->counters.bytes[i]));
	begin(output, "ranged_wants_total", "counter",
	      "Pieces of files that requests wanted, by where they came from.");
	for (unsigned i = 0; i < STORE_SOURCES; i++)
		put(output, LABELS("source", counters_source_name(i)), snapshot->store.lookups[i]);
	begin(output, "ranged_rejected_total", "counter", "Connections and requests turned away, by reason.");
	for (unsigned i = 0; i < COUNTERS_REASONS; i++)
		put(output, LABELS("reason", counters_reason_name(i)), counter_read(&snapshot->counters.rejected[i]));
	begin(output, "ranged_first_byte_seconds", "histogram", "From the first line of a request to its reply.");
	put_histogram(output, NO_LABELS, &snapshot->counters.first_byte);
}

static void write_cache(struct output *output, const struct snapshot *snapshot)
{
	const struct cache_stats *cache = &snapshot->cache;
	const struct shard_stats *sums = &cache->sums;

	gauge_real(output, "ranged_cache_hit_ratio",
		   "Share of the pieces wanted so far that needed no read of their own.", snapshot_hit_ratio(snapshot));
	gauge_real(output, "ranged_cache_byte_hit_ratio", "The same share of their bytes.",
		   snapshot_byte_hit_ratio(snapshot));
	gauge(output, "ranged_cache_size_bytes", "Memory for the data of files (cache_size).", cache->bytes);
	begin(output, "ranged_cache_bytes", "gauge",
	      "What that memory is: free, in use now, kept for later, or kept for good (cache = pin).");
	put(output, LABELS("state", "free"), cache->free_bytes);
	put(output, LABELS("state", "pinned"), cache->in_use_bytes);
	put(output, LABELS("state", "idle"), sums->idle_bytes);
	put(output, LABELS("state", "sticky"), sums->pinned_bytes);
	gauge(output, "ranged_cache_extents", "Pieces of files in it.", sums->extents);
	gauge(output, "ranged_cache_waiting", "Reads that wait for memory.", cache->waiting);
	gauge_real(output, "ranged_cache_fragmentation_ratio",
		   "Share of that memory that is free in pieces too small for a whole extent.",
		   snapshot_fragmentation(snapshot));
	count(output, "ranged_cache_evictions_total", "Pieces that had to go.", sums->evictions);
	count(output, "ranged_cache_evicted_bytes_total", "Their bytes.", sums->evicted_bytes);
	count(output, "ranged_cache_ghost_hits_total", "Pieces that were wanted again soon after they had to go.",
	      sums->ghost_hits);
}

static void write_device_counts(struct output *output, const struct snapshot *snapshot)
{
	static const struct {
		const char *family, *help;
		size_t place; /* of an _Atomic uint64_t in struct device */
	} families[] = {
		{ "ranged_device_reads_total", "Reads that ended.", offsetof(struct device, reads) },
		{ "ranged_device_read_bytes_total", "Bytes read.", offsetof(struct device, read_bytes) },
		{ "ranged_device_errors_total", "Reads that failed.", offsetof(struct device, errors) },
		{ "ranged_device_again_total", "Reads that RWF_NOWAIT sent back.", offsetof(struct device, eagain) },
		{ "ranged_device_merged_total", "Wants read together with a neighbour.",
		  offsetof(struct device, merged) },
		{ "ranged_device_dropped_total", "Reads that nobody wanted any more at their turn.",
		  offsetof(struct device, cancelled) },
		{ "ranged_device_refused_total", "Wants refused because the queue was too long.",
		  offsetof(struct device, rejected) },
		{ "ranged_device_submits_total", "Calls of io_submit.", offsetof(struct device, submits) },
		{ "ranged_device_slow_submits_total", "Those that blocked for more than 20 ms.",
		  offsetof(struct device, slow_submits) },
	};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		begin(output, families[i].family, "counter", families[i].help);
		for (unsigned j = 0; j < snapshot->device_count; j++) {
			const struct snapshot_device *taken = &snapshot->devices[j];

			put(output, LABELS("device", taken->name),
			    counter_read((const _Atomic uint64_t *)((const char *)taken->device + families[i].place)));
		}
	}
}

/* Tickets wait in the queues of the workers, whatever device they are for: each device says what waits for it. */
static void write_device_gauges(struct output *output, const struct snapshot *snapshot)
{
	static const char *const families[][2] = {
		{ "ranged_device_in_flight", "Reads in flight now." },
		{ "ranged_device_in_flight_bytes", "Their bytes." },
		{ "ranged_device_depth", "Reads in flight at most." },
		{ "ranged_device_depth_bytes", "Bytes in flight at most." },
		{ "ranged_device_queued", "Reads that wait for their turn." },
	};

	for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		begin(output, families[i][0], "gauge", families[i][1]);
		for (unsigned j = 0; j < snapshot->device_count; j++) {
			const struct device *device = snapshot->devices[j].device;
			const uint64_t values[] = { device->in_flight_count, device->in_flight_bytes, device->depth,
						    device->depth_bytes, device->queued };

			put(output, LABELS("device", snapshot->devices[j].name), values[i]);
		}
	}
}

static void write_devices(struct output *output, const struct snapshot *snapshot)
{
	begin(output, "ranged_device_info", "gauge", "Always 1; the labels say how a filesystem is read.");
	for (unsigned i = 0; i < snapshot->device_count; i++)
		put(output,
		    LABELS("device", snapshot->devices[i].name, "mode",
			   snapshot_mode_name(snapshot->devices[i].device)),
		    1);
	begin(output, "ranged_device_read_seconds", "histogram", "How long reads took, from their submit on.");
	for (unsigned i = 0; i < snapshot->device_count; i++)
		put_histogram(output, LABELS("device", snapshot->devices[i].name), &snapshot->devices[i].service);
	begin(output, "ranged_device_queue_wait_seconds", "histogram", "How long reads waited for their turn.");
	for (unsigned i = 0; i < snapshot->device_count; i++)
		put_histogram(output, LABELS("device", snapshot->devices[i].name), &snapshot->devices[i].wait);
	write_device_gauges(output, snapshot);
	write_device_counts(output, snapshot);
}

static void write_stalls(struct output *output, const struct snapshot *snapshot, bool longest)
{
	for (unsigned i = 0; i < snapshot->worker_count; i++)
		for (unsigned j = 0; j < WORKER_SECTIONS; j++) {
			const struct worker_report *worker = &snapshot->workers[i];
			char index[12];

			snprintf(index, sizeof(index), "%u", i);
			if (longest)
				put_real(output, LABELS("worker", index, "call", worker_section_name(j)),
					 (double)worker->longest_ns[j] / (double)CLOCK_NS_PER_S);
			else
				put(output, LABELS("worker", index, "call", worker_section_name(j)), worker->stalls[j]);
		}
}

static void write_workers(struct output *output, const struct snapshot *snapshot)
{
	begin(output, "ranged_loop_stalls_total", "counter", "Parts of a turn of the loop that took 10 ms or more.");
	write_stalls(output, snapshot, false);
	begin(output, "ranged_loop_longest_stall_seconds", "gauge", "The longest that such a part has taken.");
	write_stalls(output, snapshot, true);
	begin(output, "ranged_loop_turns_total", "counter", "Turns of the loop.");
	for (unsigned i = 0; i < snapshot->worker_count; i++) {
		char index[12];

		snprintf(index, sizeof(index), "%u", i);
		put(output, LABELS("worker", index), snapshot->workers[i].iterations);
	}
}

static void write_files(struct output *output, const struct snapshot *snapshot)
{
	const struct files_stats *files = &snapshot->files;

	gauge(output, "ranged_open_files", "Files in the tables of open files.", files->open);
	begin(output, "ranged_file_lookups_total", "counter",
	      "Lookups of paths there: found, looked at again, opened, failed.");
	put(output, LABELS("result", "hit"), files->hits);
	put(output, LABELS("result", "look"), files->revalidations);
	put(output, LABELS("result", "open"), files->opens);
	put(output, LABELS("result", "failure"), files->failures);
}

static void write_logs(struct output *output, const struct snapshot *snapshot)
{
	begin(output, "ranged_log_lines_total", "counter", "Lines given to a log.");
	for (unsigned i = 0; i < snapshot->log_count; i++)
		put(output, LABELS("log", snapshot->logs[i].name), snapshot->logs[i].lines);
	begin(output, "ranged_log_dropped_total", "counter",
	      "Lines lost because a log took them too slowly, or not at all.");
	for (unsigned i = 0; i < snapshot->log_count; i++)
		put(output, LABELS("log", snapshot->logs[i].name), snapshot->logs[i].dropped);
}

void metrics_write(struct text *text, const struct snapshot *snapshot, bool openmetrics)
{
	struct output output = { .text = text, .openmetrics = openmetrics };

	write_process(&output, snapshot);
	write_connections(&output, snapshot);
	write_requests(&output, snapshot);
	write_cache(&output, snapshot);
	write_devices(&output, snapshot);
	write_workers(&output, snapshot);
	write_files(&output, snapshot);
	write_logs(&output, snapshot);
	if (openmetrics)
		text_puts(text, "# EOF\n");
}

/* Whoever names it, and likes it no less than the text. */
static bool wants_openmetrics(const char *accept)
{
	return strcasestr(accept, "application/openmetrics-text") != NULL &&
	       negotiate_type(accept, "application/openmetrics-text") >= negotiate_type(accept, "text/plain");
}

void metrics_answer(struct admin_call *call)
{
	const bool openmetrics = wants_openmetrics(call->accept);
	struct text text = { 0 };
	struct snapshot *snapshot;

	if (snapshot_take(&snapshot, call->process) != 0) {
		admin_call_answer_owned(call, 200, NULL, NULL, 0);
		return;
	}
	metrics_write(&text, snapshot, openmetrics);
	snapshot_free(snapshot);
	if (text.failed)
		text_fini(&text);
	admin_call_answer_owned(call, 200, openmetrics ? TYPE_OPENMETRICS : TYPE_TEXT, text.bytes, text.used);
}
