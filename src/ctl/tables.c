/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of disks, files and clients. Rates cover the last interval. Latencies cover the last ten intervals,
 * because a single interval can have too few reads for a percentile.
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
#define SIDE_BY_SIDE 76 /* minimum width for files and clients side by side */
#define GAP 3		/* columns between the two lists */

/* --- devices --- */

static const struct ctl_column device_columns[] = {
	{ "device", 7, 0, true },      { "mode", 7, 8, true },	   { "queued", 6, 1, false },
	{ "in flight", 10, 2, false }, { "reads/s", 7, 5, false }, { "read", 12, 3, false },
	{ "wait p99", 9, 7, false },   { "p50", 7, 6, false },	   { "p99", 7, 4, false },
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

static void draw_device(struct ctl_frame *frame, const struct ctl_columns *table, const json_t *device)
{
	const json_t *before = ctl_value_same(json_object_get(frame->before, "devices"), device, "device", NULL);
	const json_t *oldest = ctl_value_same(json_object_get(frame->oldest, "devices"), device, "device", NULL);
	char texts[CTL_COLUMNS_MAX][CTL_COLUMNS_BYTES] = { "" };

	snprintf(texts[1], CTL_COLUMNS_BYTES, "%s", ctl_value_text(device, "mode"));
	ctl_words_count((double)ctl_value_count(device, "queued"), texts[2]);
	snprintf(texts[3], CTL_COLUMNS_BYTES, "%" PRIu64 " of %" PRIu64, ctl_value_count(device, "in_flight"),
		 ctl_value_count(device, "depth"));
	strcpy(texts[4], "-");
	strcpy(texts[5], "-");
	if (before != NULL && frame->seconds > 0) {
		ctl_words_count((double)ctl_value_gain(device, before, "reads") / frame->seconds, texts[4]);
		ctl_words_rate((double)ctl_value_gain(device, before, "read_bytes") / frame->seconds, texts[5]);
	}
	device_latency(device, oldest, "wait", 99, texts[6]);
	device_latency(device, oldest, "latency", 50, texts[7]);
	device_latency(device, oldest, "latency", 99, texts[8]);
	ctl_columns_row(frame->canvas, frame->row++, table, ctl_value_text(device, "device"), texts);
}

unsigned ctl_tables_device_rows(const struct ctl_frame *frame)
{
	return 1 + device_count(frame);
}

void ctl_tables_devices(struct ctl_frame *frame)
{
	const json_t *devices = json_object_get(frame->now, "devices");
	struct ctl_columns table;

	ctl_columns_spread(&table, device_columns, sizeof(device_columns) / sizeof(device_columns[0]), CTL_FRAME_LABEL,
			   frame->canvas->width > 2 * CTL_FRAME_LABEL ? frame->canvas->width - 2 * CTL_FRAME_LABEL : 0);
	ctl_columns_titles(frame->canvas, frame->row++, &table);
	for (unsigned i = 0; i < device_count(frame); i++)
		draw_device(frame, &table, json_array_get(devices, i));
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
		ctl_columns_row(frame->canvas, row + 1 + (unsigned)i, &table,
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
