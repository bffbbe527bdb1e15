/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A frame has these sections, from top to bottom: the head, the bytes sent, the requests, the heat map of disk
 * latencies, the disks, and the lists of files and clients. The head, the requests and the disks have a fixed height.
 * The heat map and the lists share the remaining rows. If both have enough rows, the chart of the bytes sent gets up to
 * CHART_MORE additional rows.
 *
 * Rates cover the last interval. Latencies cover the last ten intervals. Drawing changes only the canvas.
 */
#include "ctl/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/heat.h"
#include "ctl/sent.h"
#include "ctl/tables.h"
#include "ctl/value.h"
#include "ctl/words.h"

#define SPACIOUS 30 /* minimum number of rows of a screen with blank lines between the sections */
#define BLANKS 5
#define REQUEST_ROWS 4 /* the lines requests, first byte, clients and stalls */
#define HEAT_AROUND 2  /* additional rows of the heat map, for latencies that have not occurred yet */
#define CHART_MORE 5   /* maximum number of rows added to the chart of the bytes sent */
#define STUCK_MS 10000 /* /healthz uses the same limit: a worker without an iteration for this time is stuck */

/* --- the head --- */

static void draw_head(struct ctl_frame *frame, const struct ctl_view *view)
{
	enum ctl_style style = view->trouble != NULL ? CTL_ALARM : CTL_BAR;
	struct ctl_canvas *canvas = frame->canvas;
	char text[256], words[CTL_WORDS_BYTES];

	ctl_canvas_style_row(canvas, frame->row, style);
	if (view->trouble != NULL)
		snprintf(text, sizeof(text), "no answer for %s, trying again: %s",
			 ctl_words_span(view->trouble_s, words), view->trouble);
	else
		snprintf(text, sizeof(text), "ranged %s  %s%s  up %s", ctl_value_text(frame->now, "version"),
			 ctl_value_text(frame->now, "state"), ctl_value_true(frame->now, "ready") ? "" : ", not ready",
			 ctl_words_span(ctl_value_count(frame->now, "uptime_ms") / 1000, words));
	frame->column =
		CTL_FRAME_LABEL + ctl_canvas_text(canvas, frame->row, CTL_FRAME_LABEL, canvas->width, style, text);
	if (!frame->still && frame->column + 12 < canvas->width)
		ctl_canvas_right(canvas, frame->row, 0, canvas->width - 1, style, "q quits");
	frame->row++;
	if (view->trouble != NULL)
		ctl_canvas_text(canvas, frame->row++, CTL_FRAME_LABEL, canvas->width, CTL_RED, view->trouble);
}

/* --- requests and clients --- */

static void draw_latency(struct ctl_frame *frame, const char *path)
{
	struct ctl_latency latency;
	char p50[CTL_WORDS_BYTES], p99[CTL_WORDS_BYTES];

	ctl_latency_since(ctl_value_at(frame->now, path), ctl_value_at(frame->oldest, path), &latency);
	if (ctl_latency_count(&latency) == 0)
		return;
	ctl_frame_item(frame, CTL_PLAIN, "p50", "%s", ctl_words_latency(ctl_latency_quantile_us(&latency, 50), p50));
	ctl_frame_item(frame, CTL_PLAIN, "p99", "%s", ctl_words_latency(ctl_latency_quantile_us(&latency, 99), p99));
}

static void draw_requests(struct ctl_frame *frame)
{
	const struct ctl_tick *tick = ctl_history_tick(frame->history, 0);
	uint64_t hits = ctl_value_gain(frame->now, frame->oldest, "cache_lookups.hit") +
			ctl_value_gain(frame->now, frame->oldest, "cache_lookups.coalesced");
	uint64_t misses = ctl_value_gain(frame->now, frame->oldest, "cache_lookups.miss");
	uint64_t cached = ctl_value_gain(frame->now, frame->oldest, "bytes.cache") +
			  ctl_value_gain(frame->now, frame->oldest, "bytes.coalesced");
	uint64_t disk = ctl_value_gain(frame->now, frame->oldest, "bytes.disk"),
		 rejected = ctl_value_sum(frame->now, "rejected");
	char words[CTL_WORDS_BYTES];

	ctl_frame_line(frame, "requests");
	ctl_frame_item(frame, CTL_PLAIN, "", "%s/s",
		       tick != NULL && tick->known ? ctl_words_count(tick->requests_per_s, words) : "-");
	ctl_frame_item(frame, CTL_PLAIN, "hits", "%s", ctl_words_share(hits, hits + misses, words));
	ctl_frame_item(frame, CTL_PLAIN, "of bytes", "%s", ctl_words_share(cached, cached + disk, words));
	if (rejected > 0)
		ctl_frame_item(frame,
			       rejected > ctl_value_sum(frame->oldest, "rejected") && frame->oldest != NULL ? CTL_RED
													    : CTL_PLAIN,
			       "rejected", "%s", ctl_words_count((double)rejected, words));
	frame->row++;
}

static void draw_first_byte(struct ctl_frame *frame)
{
	uint64_t bytes = ctl_value_count(frame->now, "cache.bytes"),
		 free_bytes = ctl_value_count(frame->now, "cache.free_bytes");
	char used[CTL_WORDS_BYTES], words[CTL_WORDS_BYTES];

	ctl_frame_line(frame, "1st byte");
	draw_latency(frame, "latency.first_byte");
	ctl_frame_item(frame, CTL_PLAIN, "cache", "%s of %s", ctl_words_size((double)bytes - (double)free_bytes, used),
		       ctl_words_size((double)bytes, words));
	ctl_frame_item(frame, CTL_PLAIN, "in use", "%s",
		       ctl_words_size((double)ctl_value_count(frame->now, "cache.in_use_bytes"), words));
	ctl_frame_item(frame, CTL_PLAIN, "pinned", "%s",
		       ctl_words_size((double)ctl_value_count(frame->now, "cache.pinned_bytes"), words));
	frame->row++;
}

static void draw_connections(struct ctl_frame *frame)
{
	static const char *const states[] = { "idle", "head", "work", "send" };
	char words[CTL_WORDS_BYTES], path[32];

	ctl_frame_line(frame, "clients");
	ctl_frame_item(frame, CTL_PLAIN, "", "%" PRIu64 " of %" PRIu64, ctl_value_count(frame->now, "connections.now"),
		       ctl_value_count(frame->now, "connections.max"));
	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		snprintf(path, sizeof(path), "connections.%s", states[i]);
		ctl_frame_item(frame, CTL_PLAIN, states[i], "%s",
			       ctl_words_count((double)ctl_value_count(frame->now, path), words));
	}
	if (frame->seconds > 0)
		ctl_frame_item(
			frame, CTL_PLAIN, "new", "%s/s",
			ctl_words_count((double)ctl_value_gain(frame->now, frame->before, "connections.accepted") /
						frame->seconds,
					words));
	frame->row++;
}

/* --- stalls --- */

static const char *const calls[] = { "events", "http", "queue", "submit" };

/* Returns the number of stalls of all workers in this section of the loop since the start of ranged. */
static uint64_t stalls_in(const json_t *sample, const char *call)
{
	const json_t *worker;
	uint64_t sum = 0;
	size_t i;

	json_array_foreach(json_object_get(sample, "workers"), i, worker)
		sum += ctl_value_count(ctl_value_at(worker, "stalls"), call);
	return sum;
}

/* Returns the longest stall of all workers, and stores the index of its section of the loop. */
static uint64_t longest_us(const json_t *sample, unsigned *which)
{
	const json_t *worker;
	uint64_t longest = 0;
	size_t i;

	json_array_foreach(json_object_get(sample, "workers"), i, worker)
		for (unsigned call = 0; call < 4; call++) {
			uint64_t us = ctl_value_count(ctl_value_at(worker, "longest_us"), calls[call]);

			if (us <= longest)
				continue;
			longest = us;
			*which = call;
		}
	return longest;
}

static void draw_stuck(struct ctl_frame *frame)
{
	const json_t *worker;
	size_t i;

	json_array_foreach(json_object_get(frame->now, "workers"), i, worker) {
		uint64_t ms = ctl_value_count(worker, "last_iteration_ms_ago");
		char words[CTL_WORDS_BYTES];

		if (ms >= STUCK_MS)
			ctl_frame_item(frame, CTL_RED, "", "worker %" PRIu64 " has been stuck for %s",
				       ctl_value_count(worker, "index"), ctl_words_span(ms / 1000, words));
	}
}

static void draw_stalls(struct ctl_frame *frame)
{
	unsigned which = 0;
	uint64_t longest = longest_us(frame->now, &which);
	char words[CTL_WORDS_BYTES];

	ctl_frame_line(frame, "stalls");
	draw_stuck(frame);
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		uint64_t count = stalls_in(frame->now, calls[i]);
		bool fresh = frame->oldest != NULL && count > stalls_in(frame->oldest, calls[i]);

		ctl_frame_item(frame, fresh ? CTL_RED : CTL_PLAIN, calls[i], "%s",
			       ctl_words_count((double)count, words));
	}
	if (longest > 0)
		ctl_frame_item(frame, CTL_PLAIN, "longest", "%s in %s", ctl_words_latency(longest, words),
			       calls[which]);
	frame->row++;
}

/* --- the heat map and the whole frame --- */

/* Adds up the reads that the map shows. In a single frame, the map shows all reads since the start of ranged. */
static void sum_of_heat(const struct ctl_frame *frame, struct ctl_latency *sum)
{
	if (frame->still)
		ctl_latency_read(ctl_value_at(frame->now, "latency.disk"), sum);
	else
		ctl_heat_sum(frame->history, frame->canvas->width, sum);
}

static void draw_heat_title(struct ctl_frame *frame, uint64_t interval_ms)
{
	struct ctl_latency latency;
	char words[CTL_WORDS_BYTES], text[128] = "", p50[CTL_WORDS_BYTES], p99[CTL_WORDS_BYTES];
	unsigned width = frame->canvas->width, used = CTL_FRAME_LABEL, room;

	ctl_latency_since(ctl_value_at(frame->now, "latency.disk"),
			  frame->still ? NULL : ctl_value_at(frame->oldest, "latency.disk"), &latency);
	if (ctl_latency_count(&latency) > 0)
		snprintf(text, sizeof(text), "p50 %s  p99 %s",
			 ctl_words_latency(ctl_latency_quantile_us(&latency, 50), p50),
			 ctl_words_latency(ctl_latency_quantile_us(&latency, 99), p99));
	used += ctl_canvas_text(frame->canvas, frame->row, used, width, CTL_BOLD, "disk latency") + 2;
	room = width > used ? width - used : 0;
	if (room > ctl_canvas_width(frame->canvas, text))
		ctl_canvas_right(frame->canvas, frame->row, 0, width - 1, CTL_PLAIN, text);
	room = room > ctl_canvas_width(frame->canvas, text) + 2 ? room - ctl_canvas_width(frame->canvas, text) - 2 : 0;
	if (frame->still)
		snprintf(text, sizeof(text), "reads since the start, by duration");
	else
		snprintf(text, sizeof(text), "by duration; one column is %s",
			 ctl_words_latency(interval_ms * 1000, words));
	if (ctl_canvas_width(frame->canvas, text) < room)
		ctl_canvas_text(frame->canvas, frame->row, used, room, CTL_DIM, text);
}

static void draw_heat(struct ctl_frame *frame, unsigned rows, uint64_t interval_ms)
{
	struct ctl_latency sum;

	if (rows < 2)
		return;
	draw_heat_title(frame, interval_ms);
	sum_of_heat(frame, &sum);
	if (frame->still)
		ctl_heat_draw_bars(frame->canvas, frame->row + 1, rows - 1, &sum);
	else
		ctl_heat_draw(frame->canvas, frame->row + 1, rows - 1, frame->history, &sum);
	frame->row += rows;
}

/* The number of rows of each section whose height is not fixed. */
struct shares {
	unsigned blank, chart, heat, lists;
};

static struct shares share_height(const struct ctl_frame *frame)
{
	struct shares shares = { .blank = frame->canvas->height >= SPACIOUS };
	unsigned given =
		frame->row + CTL_SENT_ROWS + REQUEST_ROWS + ctl_tables_device_rows(frame) + BLANKS * shares.blank;
	unsigned rest = frame->canvas->height > given ? frame->canvas->height - given : 0, useful;
	struct ctl_latency sum;

	sum_of_heat(frame, &sum);
	useful = 1 + ctl_heat_rows(&sum) + HEAT_AROUND;
	shares.lists = ctl_tables_list_rows(frame) < rest / 2 ? ctl_tables_list_rows(frame) : rest / 2;
	shares.heat = rest - shares.lists;
	if (shares.heat > useful && frame->still) {
		shares.heat = useful;
	} else if (shares.heat > useful) {
		shares.chart = shares.heat - useful < CHART_MORE ? shares.heat - useful : CHART_MORE;
		shares.heat -= shares.chart;
	}
	return shares;
}

void ctl_view_draw(struct ctl_canvas *canvas, const struct ctl_view *view)
{
	const struct ctl_history *history = view->history;
	struct ctl_frame frame = { .canvas = canvas,
				   .history = history,
				   .still = view->still,
				   .now = history->samples[0],
				   .before = ctl_history_before(history),
				   .oldest = ctl_history_oldest(history) };
	struct shares shares;

	frame.seconds = ctl_history_seconds(frame.now, frame.before);
	draw_head(&frame, view);
	if (frame.now == NULL)
		return;
	shares = share_height(&frame);
	frame.row += shares.blank;
	ctl_sent_draw(&frame, shares.chart);
	frame.row += shares.blank;
	draw_requests(&frame);
	draw_first_byte(&frame);
	draw_connections(&frame);
	draw_stalls(&frame);
	frame.row += shares.blank;
	draw_heat(&frame, shares.heat, view->interval_ms);
	frame.row += shares.blank;
	ctl_tables_devices(&frame);
	frame.row += shares.blank;
	ctl_tables_lists(&frame, shares.lists);
}
