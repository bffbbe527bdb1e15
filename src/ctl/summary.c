/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The summary is a list of labels, each followed by items that are separated by commas. Lines are broken between two
 * items. Counts of errors and rejections are omitted while they are 0, so that each number in red or yellow deserves
 * attention.
 *
 * Values that are missing in the JSON read as 0 or "" (value.h). The caller owns the canvas and the JSON.
 */
#include "ctl/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/latency.h"
#include "ctl/value.h"
#include "ctl/words.h"

#define VALUE_COLUMN 14

struct summary {
	struct ctl_canvas *canvas;
	const json_t *status;
	unsigned columns, row, column;
	bool first; /* the next item is the first of its label */
};

/* Starts a new line with a label. */
static void label(struct summary *summary, const char *text)
{
	summary->row += summary->column > 0;
	summary->column = ctl_canvas_text(summary->canvas, summary->row, 0, summary->canvas->width, CTL_BOLD, text) + 2;
	if (summary->column < VALUE_COLUMN)
		summary->column = VALUE_COLUMN;
	summary->first = true;
}

/* Appends an item. */
static void __attribute__((format(printf, 3, 4)))
add(struct summary *summary, enum ctl_style style, const char *format, ...)
{
	char text[512];
	unsigned width;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	width = ctl_canvas_width(summary->canvas, text);
	if (!summary->first) {
		ctl_canvas_text(summary->canvas, summary->row, summary->column, 1, CTL_PLAIN, ",");
		summary->column += 2;
		if (summary->column + width >= summary->columns) { /* one more column for the comma after the item */
			summary->row++;
			summary->column = VALUE_COLUMN;
		}
	}
	summary->column +=
		ctl_canvas_text(summary->canvas, summary->row, summary->column, summary->canvas->width, style, text);
	summary->first = false;
}

static void add_size(struct summary *summary, const char *path, const char *what)
{
	char words[CTL_WORDS_BYTES];

	add(summary, CTL_PLAIN, "%s %s", ctl_words_size((double)ctl_value_count(summary->status, path), words), what);
}

static void add_count(struct summary *summary, const json_t *json, const char *path, const char *what)
{
	char words[CTL_WORDS_BYTES];

	add(summary, CTL_PLAIN, "%s %s", ctl_words_count((double)ctl_value_count(json, path), words), what);
}

/* Appends an item unless its number is 0. */
static void add_if(struct summary *summary, const json_t *json, const char *path, enum ctl_style style,
		   const char *what)
{
	char words[CTL_WORDS_BYTES];

	if (ctl_value_count(json, path) > 0)
		add(summary, style, "%s %s", ctl_words_count((double)ctl_value_count(json, path), words), what);
}

static void add_plural(struct summary *summary, const json_t *json, const char *path, enum ctl_style style,
		       const char *one, const char *many)
{
	add_if(summary, json, path, style, ctl_value_count(json, path) == 1 ? one : many);
}

/* Appends an item such as "200 1.2k" for each number in the object that is not 0. */
static void add_each(struct summary *summary, const char *path, enum ctl_style style)
{
	json_t *object = (json_t *)ctl_value_at(summary->status, path), *value;
	char words[CTL_WORDS_BYTES];
	const char *key;

	json_object_foreach(object, key, value)
		if (json_number_value(value) > 0)
			add(summary, style, "%s %s", key, ctl_words_count(json_number_value(value), words));
}

static void add_latency(struct summary *summary, const json_t *histogram, const char *what)
{
	struct ctl_latency latency;
	char p50[CTL_WORDS_BYTES], p99[CTL_WORDS_BYTES];

	ctl_latency_read(histogram, &latency);
	if (ctl_latency_count(&latency) > 0)
		add(summary, CTL_PLAIN, "%sp50 %s p99 %s", what,
		    ctl_words_latency(ctl_latency_quantile_us(&latency, 50), p50),
		    ctl_words_latency(ctl_latency_quantile_us(&latency, 99), p99));
}

/* --- the sections of the summary --- */

static void draw_head(struct summary *summary)
{
	const json_t *status = summary->status;
	bool ready = ctl_value_true(status, "ready");
	char words[CTL_WORDS_BYTES], text[256];

	snprintf(text, sizeof(text), "ranged %s", ctl_value_text(status, "version"));
	label(summary, text);
	add(summary, ready ? CTL_GREEN : CTL_YELLOW, "%s", ctl_value_text(status, "state"));
	add(summary, ready ? CTL_GREEN : CTL_YELLOW, "%s", ready ? "ready" : "not ready");
	add(summary, CTL_PLAIN, "for %s", ctl_words_span(ctl_value_count(status, "uptime_ms") / 1000, words));
	label(summary, "process");
	add(summary, CTL_PLAIN, "pid %" PRIu64, ctl_value_count(status, "pid"));
	if (*ctl_value_text(status, "started") != '\0')
		add(summary, CTL_PLAIN, "since %s", ctl_value_text(status, "started"));
	if (*ctl_value_text(status, "library") != '\0')
		add(summary, CTL_PLAIN, "libmicrohttpd %s", ctl_value_text(status, "library"));
	label(summary, "config");
	add(summary, CTL_PLAIN, "%s",
	    *ctl_value_text(status, "config") != '\0' ? ctl_value_text(status, "config") : "the command line");
	add_plural(summary, status, "reloads", CTL_PLAIN, "reload", "reloads");
	add_if(summary, status, "reload_failures", CTL_RED, "failed");
}

static void draw_clients(struct summary *summary)
{
	static const char *const states[] = { "idle", "head", "work", "send" };
	const json_t *connections = ctl_value_at(summary->status, "connections");

	label(summary, "connections");
	add(summary, CTL_PLAIN, "%" PRIu64 " of %" PRIu64, ctl_value_count(connections, "now"),
	    ctl_value_count(connections, "max"));
	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		add_if(summary, connections, states[i], CTL_PLAIN, states[i]);
	add_count(summary, connections, "accepted", "accepted");
	add_if(summary, connections, "refused", CTL_RED, "rejected");
	label(summary, "requests");
	add_count(summary, summary->status, "requests.total", "in total");
	add_each(summary, "requests.by_method", CTL_PLAIN);
	label(summary, "responses");
	add_each(summary, "requests.by_status", CTL_PLAIN);
	if (summary->first)
		add(summary, CTL_PLAIN, "none");
	if (ctl_value_sum(summary->status, "rejected") > 0) {
		label(summary, "rejected");
		add_each(summary, "rejected", CTL_RED);
	}
}

static void draw_bytes(struct summary *summary)
{
	const json_t *status = summary->status;
	uint64_t hits =
		ctl_value_count(status, "cache_lookups.hit") + ctl_value_count(status, "cache_lookups.coalesced");
	uint64_t cached = ctl_value_count(status, "bytes.cache") + ctl_value_count(status, "bytes.coalesced");
	char words[CTL_WORDS_BYTES];

	label(summary, "sent");
	add_size(summary, "bytes.cache", "from the cache");
	add_size(summary, "bytes.coalesced", "coalesced");
	add_size(summary, "bytes.disk", "from disks");
	add_size(summary, "bytes.other", "generated");
	label(summary, "hits");
	add(summary, CTL_PLAIN, "%s",
	    ctl_words_share(hits, hits + ctl_value_count(status, "cache_lookups.miss"), words));
	add(summary, CTL_PLAIN, "%s of the bytes",
	    ctl_words_share(cached, cached + ctl_value_count(status, "bytes.disk"), words));
	label(summary, "first byte");
	add_latency(summary, ctl_value_at(status, "latency.first_byte"), "");
	if (summary->first)
		add(summary, CTL_PLAIN, "-");
}

static void draw_cache(struct summary *summary)
{
	char now[CTL_WORDS_BYTES], most[CTL_WORDS_BYTES];

	label(summary, "cache");
	add_size(summary, "cache.bytes", "in total");
	add_size(summary, "cache.free_bytes", "free");
	add_size(summary, "cache.in_use_bytes", "in use");
	add_size(summary, "cache.pinned_bytes", "pinned");
	add_count(summary, summary->status, "cache.extents", "extents");
	add_count(summary, summary->status, "cache.evictions", "evictions");
	add_if(summary, summary->status, "cache.waiting", CTL_YELLOW, "waiting for memory");
	label(summary, "names");
	add(summary, CTL_PLAIN, "%s of %s",
	    ctl_words_count((double)ctl_value_count(summary->status, "names.count"), now),
	    ctl_words_count((double)ctl_value_count(summary->status, "names.max"), most));
	add_size(summary, "names.bytes", "of memory");
	label(summary, "files");
	add_count(summary, summary->status, "files.open", "open");
	add_count(summary, summary->status, "files.hits", "hits");
	add_count(summary, summary->status, "files.inline", "inline");
	add_count(summary, summary->status, "files.revalidations", "revalidated");
	add_count(summary, summary->status, "files.opens", "opened");
	add_if(summary, summary->status, "files.failures", CTL_PLAIN, "failed");
}

/* Appends how long the device has not responded, if it does not. */
static void add_state(struct summary *summary, const json_t *device)
{
	const char *state = ctl_value_text(device, "state");
	char words[CTL_WORDS_BYTES];

	if (*state != '\0' && strcmp(state, "responds") != 0)
		add(summary, CTL_RED, "%s for %s",
		    strcmp(state, "stalled") == 0 ? "does not respond" : "reads do not end",
		    ctl_words_span(ctl_value_count(device, "stalled_ms") / 1000, words));
}

static void draw_devices(struct summary *summary)
{
	const json_t *devices = ctl_value_at(summary->status, "devices"), *device;
	size_t i;

	json_array_foreach(devices, i, device) {
		char words[CTL_WORDS_BYTES], text[64];

		snprintf(text, sizeof(text), "disk %s", ctl_value_text(device, "device"));
		label(summary, text);
		add_state(summary, device);
		add(summary, CTL_PLAIN, "%s", ctl_value_text(device, "mode"));
		add(summary, CTL_PLAIN, "%" PRIu64 " of %" PRIu64 " in flight", ctl_value_count(device, "in_flight"),
		    ctl_value_count(device, "depth"));
		add_count(summary, device, "queued", "queued");
		add_count(summary, device, "reads", "reads");
		add(summary, CTL_PLAIN, "%s", ctl_words_size((double)ctl_value_count(device, "read_bytes"), words));
		add_latency(summary, json_object_get(device, "latency"), "");
		add_latency(summary, json_object_get(device, "wait"), "queue wait ");
		add_plural(summary, device, "errors", CTL_RED, "error", "errors");
		add_plural(summary, device, "slow_submits", CTL_YELLOW, "slow submit", "slow submits");
		add_latency(summary, ctl_value_at(device, "lookups.latency"), "lookups ");
		add_plural(summary, device, "jobs", CTL_PLAIN, "call waits", "calls wait");
		add_if(summary, device, "lookups.rejected", CTL_RED, "lookups rejected");
		add_if(summary, device, "lookups.stale", CTL_YELLOW, "lookups stale");
		add_plural(summary, device, "stalls", CTL_RED, "stall", "stalls");
	}
}

static void draw_workers(struct summary *summary)
{
	static const char *const calls[] = { "events", "http", "queue", "submit" };
	const json_t *workers = ctl_value_at(summary->status, "workers"), *worker;
	char words[CTL_WORDS_BYTES];
	size_t i;

	label(summary, "workers");
	add(summary, CTL_PLAIN, "%zu", json_array_size(workers));
	json_array_foreach(workers, i, worker)
		for (unsigned call = 0; call < sizeof(calls) / sizeof(calls[0]); call++) {
			const json_t *stalls = json_object_get(worker, "stalls"),
				     *longest = json_object_get(worker, "longest_us");

			if (ctl_value_count(stalls, calls[call]) > 0)
				add(summary, CTL_YELLOW, "worker %" PRIu64 ": %" PRIu64 " %s in %s, up to %s",
				    ctl_value_count(worker, "index"), ctl_value_count(stalls, calls[call]),
				    ctl_value_count(stalls, calls[call]) == 1 ? "stall" : "stalls", calls[call],
				    ctl_words_latency(ctl_value_count(longest, calls[call]), words));
		}
}

static void draw_logs(struct summary *summary)
{
	const json_t *logs = ctl_value_at(summary->status, "logs"), *log;
	size_t i;

	json_array_foreach(logs, i, log) {
		label(summary, "log");
		add(summary, CTL_PLAIN, "%s", ctl_value_text(log, "name"));
		add_count(summary, log, "lines", "lines");
		add_if(summary, log, "dropped", CTL_RED, "dropped");
	}
}

void ctl_summary_draw(struct ctl_canvas *canvas, unsigned columns, const json_t *status)
{
	struct summary summary = { .canvas = canvas, .columns = columns, .status = status };

	draw_head(&summary);
	draw_clients(&summary);
	draw_bytes(&summary);
	draw_cache(&summary);
	draw_devices(&summary);
	draw_workers(&summary);
	draw_logs(&summary);
}
