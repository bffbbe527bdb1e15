/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Draws one chart of the total and one chart of each source, over the intervals of the history. All charts have the
 * same scale, so that they can be compared. A rate above 0 is drawn with at least one eighth of a cell, so that it is
 * visible.
 *
 * In a single frame without a history, horizontal bars show the share of each source instead.
 */
#include "ctl/sent.h"

#include "ctl/words.h"

#define VALUE_COLUMNS 13
#define CHART_COLUMN (CTL_FRAME_VALUE + VALUE_COLUMNS + 1)

static const enum ctl_style source_styles[CTL_SOURCES] = { CTL_GREEN, CTL_CYAN, CTL_YELLOW, CTL_MAGENTA };

static double sent_in(const struct ctl_tick *tick)
{
	double sum = 0;

	for (unsigned i = 0; i < CTL_SOURCES; i++)
		sum += tick->bytes_per_s[i];
	return sum;
}

/* Returns the rate of a source in bytes per second. CTL_SOURCES stands for the total. */
static double rate_in(const struct ctl_tick *tick, unsigned source)
{
	return source < CTL_SOURCES ? tick->bytes_per_s[source] : sent_in(tick);
}

/* Returns the highest total rate of the intervals that are shown. */
static double peak_of(const struct ctl_frame *frame, unsigned columns)
{
	const struct ctl_tick *tick;
	double peak = 0;

	for (unsigned ago = 0; ago < columns && (tick = ctl_history_tick(frame->history, ago)) != NULL; ago++)
		peak = sent_in(tick) > peak ? sent_in(tick) : peak;
	return peak;
}

/* Draws one column of a chart. The current row of the frame is the lowest row of the chart. */
static void draw_column(struct ctl_frame *frame, unsigned column, enum ctl_style style, double share, unsigned rows)
{
	unsigned level = (unsigned)(share * rows * 8 + 0.5);

	level = share > 0 && level == 0 ? 1 : level;
	for (unsigned row = 0; row < rows && level > 8 * row; row++)
		ctl_canvas_level(frame->canvas, frame->row - row, column, style, level - 8 * row);
}

/* Draws a chart over time, with the newest interval at the right. */
static void draw_chart(struct ctl_frame *frame, unsigned source, enum ctl_style style, unsigned columns, double peak,
		       unsigned rows)
{
	const struct ctl_tick *tick;

	for (unsigned ago = 0; ago < columns && (tick = ctl_history_tick(frame->history, ago)) != NULL; ago++)
		draw_column(frame, CHART_COLUMN + columns - 1 - ago, style, peak > 0 ? rate_in(tick, source) / peak : 0,
			    rows);
}

/* Draws the share of the source as a bar. */
static void draw_share(struct ctl_frame *frame, unsigned source, enum ctl_style style, unsigned columns)
{
	const struct ctl_tick *tick = ctl_history_tick(frame->history, 0);
	double all = tick != NULL ? sent_in(tick) : 0;

	if (all > 0)
		ctl_canvas_bar(frame->canvas, frame->row, CHART_COLUMN, columns, style, rate_in(tick, source) / all);
}

static void draw_source(struct ctl_frame *frame, unsigned source, unsigned columns, double peak, unsigned rows)
{
	const struct ctl_tick *tick = ctl_history_tick(frame->history, 0);
	bool all = source == CTL_SOURCES;
	enum ctl_style style = all ? CTL_PLAIN : source_styles[source];
	char words[CTL_WORDS_BYTES] = "-";

	frame->row += rows - 1;
	if (tick != NULL && tick->known)
		ctl_words_rate(rate_in(tick, source), words);
	ctl_canvas_text(frame->canvas, frame->row, CTL_FRAME_LABEL + (all ? 0 : 1), CTL_FRAME_VALUE,
			all ? CTL_BOLD : style, all ? "sent" : ctl_history_sources[source]);
	ctl_canvas_right(frame->canvas, frame->row, CTL_FRAME_VALUE, VALUE_COLUMNS, all ? CTL_BOLD : CTL_PLAIN, words);
	if (!frame->still)
		draw_chart(frame, source, style, columns, peak, rows);
	else if (!all)
		draw_share(frame, source, style, columns);
	frame->row++;
}

void ctl_sent_draw(struct ctl_frame *frame, unsigned more_rows)
{
	unsigned columns = frame->canvas->width > CHART_COLUMN + 1 ? frame->canvas->width - CHART_COLUMN - 1 : 0;
	double peak = peak_of(frame, columns);

	draw_source(frame, CTL_SOURCES, columns, peak, 1 + more_rows);
	for (unsigned i = 0; i < CTL_SOURCES; i++)
		draw_source(frame, i, columns, peak, 1);
}
