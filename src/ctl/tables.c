/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of disks, files and clients. Rates cover the last interval. Latencies cover the last ten intervals,
 * because a single interval can have too few reads for a percentile. A disk that does not respond is drawn in red. The
 * lookups have a table of their own, which is omitted if the window is low.
 *
 * In a wide window the list of clients is drawn to the right of the list of files, in a narrow window below it.
 */
#include "ctl/tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/columns.h"
#include "ctl/value.h"
#include "ctl/words.h"

#define DEVICES_MAX 8
#define LOOKUPS_HEIGHT 30 /* minimum number of rows of a screen with the table of lookups */
#define SIDE_BY_SIDE 76	  /* minimum width for files and clients side by side */
#define GAP 3		  /* columns between the two lists */

/* --- devices --- */

static const struct ctl_column device_columns[] = {
	{ "device", 7, 0, true },  { "state", 15, 1, true },	  { "mode", 7, 9, true },
	{ "queued", 6, 2, false }, { "in flight", 10, 3, false }, { "reads/s", 7, 6, false },
	{ "read", 12, 4, false },  { "wait p99", 9, 8, false },	  { "p50", 7, 7, false },
	{ "p99", 7, 5, false },
};
static const struct ctl_column lookup_columns[] = {
	{ "lookups", 7, 0, true }, { "lookups/s", 9, 1, false }, { "queued", 6, 2, false }, { "p50", 7, 4, false },
	{ "p99", 7, 3, false },	   { "rejected", 8, 5, false },	 { "stale", 8, 6, false },
};

/* Returns the number of disks that are shown. */
static unsigned device_count(const struct ctl_frame *frame)
{
	size_t count = json_array_size(json_object_get(frame->now, "devices"));

	return count < DEVICES_MAX ? (unsigned)count : DEVICES_MAX;
}

static void device_latency(const json_t *device, const json_t *old, const char *field, unsigned percent, char *text)
{
	struct ctl_latency latency;

	ctl_latency_since(json_object_get(device, field), json_object_get(old, field), &latency);
	strcpy(text, "-");
	if (ctl_latency_count(&latency) > 0)
		ctl_words_latency(ctl_latency_quantile_us(&latency, percent), text);
}

/* Writes "ok", or how long the device has not responded. Returns the style of its row. */
static enum ctl_style device_state(const json_t *device, char *text)
{
	const char *state = ctl_value_text(device, "state");
	const uint64_t s = ctl_value_count(device, "stalled_ms") / 1000;

	if (*state == '\0' || strcmp(state, "responds") == 0) {
		strcpy(text, "ok");
		return CTL_PLAIN;
	}
	if (s < 120)
		snprintf(text, CTL_COLUMNS_BYTES, "stalled %" PRIu64 " s", s);
	else if (s < 7200)
		snprintf(text, CTL_COLUMNS_BYTES, "stalled %" PRIu64 " min", s / 60);
	else
		snprintf(text, CTL_COLUMNS_BYTES, "stalled %" PRIu64 " h", s / 3600);
	return CTL_RED;
}

static void draw_device(struct ctl_frame *frame, const struct ctl_columns *table, const json_t *device)
{
	const json_t *before = ctl_value_same(json_object_get(frame->before, "devices"), device, "device", NULL);
	const json_t *oldest = ctl_value_same(json_object_get(frame->oldest, "devices"), device, "device", NULL);
	char texts[CTL_COLUMNS_MAX][CTL_COLUMNS_BYTES] = { "" };
	enum ctl_style style = device_state(device, texts[1]);

	snprintf(texts[2], CTL_COLUMNS_BYTES, "%s", ctl_value_text(device, "mode"));
	ctl_words_count((double)ctl_value_count(device, "queued"), texts[3]);
	snprintf(texts[4], CTL_COLUMNS_BYTES, "%" PRIu64 " of %" PRIu64, ctl_value_count(device, "in_flight"),
		 ctl_value_count(device, "depth"));
	strcpy(texts[5], "-");
	strcpy(texts[6], "-");
	if (before != NULL && frame->seconds > 0) {
		ctl_words_count((double)ctl_value_gain(device, before, "reads") / frame->seconds, texts[5]);
		ctl_words_rate((double)ctl_value_gain(device, before, "read_bytes") / frame->seconds, texts[6]);
	}
	device_latency(device, oldest, "wait", 99, texts[7]);
	device_latency(device, oldest, "latency", 50, texts[8]);
	device_latency(device, oldest, "latency", 99, texts[9]);
	ctl_columns_row(frame->canvas, frame->row++, table, style, ctl_value_text(device, "device"), texts);
}

static double lookups_gained(const json_t *device, const json_t *before)
{
	return (double)(ctl_value_gain(device, before, "lookups.inline") +
			ctl_value_gain(device, before, "lookups.eagain") +
			ctl_value_gain(device, before, "lookups.offload"));
}

static void draw_lookups(struct ctl_frame *frame, const struct ctl_columns *table, const json_t *device)
{
	const json_t *before = ctl_value_same(json_object_get(frame->before, "devices"), device, "device", NULL);
	const json_t *oldest = ctl_value_same(json_object_get(frame->oldest, "devices"), device, "device", NULL);
	const json_t *lookups = json_object_get(device, "lookups");
	char texts[CTL_COLUMNS_MAX][CTL_COLUMNS_BYTES] = { "", "-" };
	enum ctl_style style = device_state(device, texts[0]);

	if (before != NULL && frame->seconds > 0)
		ctl_words_count(lookups_gained(device, before) / frame->seconds, texts[1]);
	ctl_words_count((double)ctl_value_count(device, "jobs"), texts[2]);
	device_latency(lookups, json_object_get(oldest, "lookups"), "latency", 50, texts[3]);
	device_latency(lookups, json_object_get(oldest, "lookups"), "latency", 99, texts[4]);
	ctl_words_count((double)ctl_value_count(lookups, "rejected"), texts[5]);
	ctl_words_count((double)ctl_value_count(lookups, "stale"), texts[6]);
	ctl_columns_row(frame->canvas, frame->row++, table, style, ctl_value_text(device, "device"), texts);
}

static bool has_lookups(const struct ctl_frame *frame)
{
	return frame->canvas->height >= LOOKUPS_HEIGHT && device_count(frame) > 0;
}

unsigned ctl_tables_device_rows(const struct ctl_frame *frame)
{
	return (1 + device_count(frame)) * (has_lookups(frame) ? 2 : 1);
}

void ctl_tables_devices(struct ctl_frame *frame)
{
	const json_t *devices = json_object_get(frame->now, "devices");
	const unsigned width = frame->canvas->width > 2 * CTL_FRAME_LABEL ? frame->canvas->width - 2 * CTL_FRAME_LABEL
									  : 0;
	struct ctl_columns table;

	ctl_columns_spread(&table, device_columns, sizeof(device_columns) / sizeof(device_columns[0]), CTL_FRAME_LABEL,
			   width);
	ctl_columns_titles(frame->canvas, frame->row++, &table);
	for (unsigned i = 0; i < device_count(frame); i++)
		draw_device(frame, &table, json_array_get(devices, i));
	if (!has_lookups(frame))
		return;
	ctl_columns_spread(&table, lookup_columns, sizeof(lookup_columns) / sizeof(lookup_columns[0]), CTL_FRAME_LABEL,
			   width);
	ctl_columns_titles(frame->canvas, frame->row++, &table);
	for (unsigned i = 0; i < device_count(frame); i++)
		draw_lookups(frame, &table, json_array_get(devices, i));
}

/* --- files and clients --- */

static const struct ctl_column file_columns[] = {
	{ "files", 12, 0, true }, { "now", 12, 1, false }, { "sent", 10, 2, false }, { "requests", 8, 3, false }
};
static const struct ctl_column client_columns[] = {
	{ "clients", 12, 0, true }, { "now", 12, 1, false }, { "sent", 10, 2, false }, { "open", 5, 3, false }
};

static const char *title_of(const json_t *entry, bool of_files, char *text, size_t room)
{
	const char *site = ctl_value_text(entry, "site");

	if (!of_files || *site == '\0')
		return ctl_value_text(entry, of_files ? "path" : "address");
	snprintf(text, room, "%s%s", site, ctl_value_text(entry, "path"));
	return text;
}

/* Draws the list of files or of clients, including its titles, in a rectangle of the screen. */
static void draw_list(struct ctl_frame *frame, bool of_files, unsigned row, unsigned rows, unsigned column,
		      unsigned width)
{
	const char *path = of_files ? "top.files" : "top.clients", *name = of_files ? "path" : "address";
	const json_t *entries = ctl_value_at(frame->now, path), *entry;
	struct ctl_columns table;
	char title[4096];
	size_t i;

	if (rows < 2)
		return;
	ctl_columns_fit(&table, of_files ? file_columns : client_columns, 4, column, width);
	ctl_columns_titles(frame->canvas, row, &table);
	json_array_foreach(entries, i, entry) {
		const json_t *old =
			ctl_value_same(ctl_value_at(frame->before, path), entry, name, of_files ? "site" : NULL);
		char texts[CTL_COLUMNS_MAX][CTL_COLUMNS_BYTES] = { "" };

		if (i + 1 >= rows)
			break;
		strcpy(texts[1], "-");
		if (old != NULL && frame->seconds > 0)
			ctl_words_rate((double)ctl_value_gain(entry, old, "bytes") / frame->seconds, texts[1]);
		ctl_words_size((double)ctl_value_count(entry, "bytes"), texts[2]);
		ctl_words_count((double)ctl_value_count(entry, of_files ? "requests" : "connections"), texts[3]);
		ctl_columns_row(frame->canvas, row + 1 + (unsigned)i, &table, CTL_PLAIN,
				title_of(entry, of_files, title, sizeof(title)), texts);
	}
}

void ctl_tables_lists(struct ctl_frame *frame, unsigned rows)
{
	unsigned width = frame->canvas->width > 2 * CTL_FRAME_LABEL ? frame->canvas->width - 2 * CTL_FRAME_LABEL : 0,
		 half = (width - GAP) * 11 / 20;

	if (frame->canvas->width >= SIDE_BY_SIDE) {
		draw_list(frame, true, frame->row, rows, CTL_FRAME_LABEL, half);
		draw_list(frame, false, frame->row, rows, CTL_FRAME_LABEL + half + GAP, width - half - GAP);
	} else {
		unsigned files = rows < 6 ? rows : (rows + 1) / 2;

		draw_list(frame, true, frame->row, files, CTL_FRAME_LABEL, width);
		draw_list(frame, false, frame->row + files, rows - files, CTL_FRAME_LABEL, width);
	}
	frame->row += rows;
}

unsigned ctl_tables_list_rows(const struct ctl_frame *frame)
{
	size_t files = json_array_size(ctl_value_at(frame->now, "top.files")),
	       clients = json_array_size(ctl_value_at(frame->now, "top.clients"));

	if (frame->canvas->width < SIDE_BY_SIDE)
		return (unsigned)(1 + files + 1 + clients);
	return 1 + (unsigned)(files > clients ? files : clients);
}
