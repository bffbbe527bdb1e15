/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats one line of progress: the completed amount, the rate, the remaining time and the current file. The rate is
 * the average since the start. The average changes slowly, and the remaining time is computed from it.
 *
 * The line is rendered with a canvas of one row, which truncates the path to the width of the terminal.
 */
#include "ctl/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/canvas.h"
#include "ctl/words.h"

#define SECONDS_MIN 0.5 /* before this time, the rate is too inaccurate to be shown */
#define PATH_COLUMNS_MIN 8

/* Returns the remaining time in seconds, or 0 if it is unknown. */
static double time_left(const struct ctl_progress *progress, double spent)
{
	uint64_t rest = progress->total_bytes > progress->done_bytes ? progress->total_bytes - progress->done_bytes : 0;

	return progress->done_bytes > 0 ? spent * (double)rest / (double)progress->done_bytes : 0;
}

static void put_path(struct ctl_canvas *canvas, unsigned column, const char *path)
{
	if (path != NULL && column + PATH_COLUMNS_MIN <= canvas->width)
		ctl_canvas_tail(canvas, 0, column, canvas->width - column, CTL_PLAIN, path);
}

static double seconds_of(const struct ctl_progress *progress)
{
	return (double)progress->elapsed_ms / 1000;
}

/* Writes the rates, preceded by `before` and separated by `between`. Does not write the number of files of one file. */
static int put_rates(const struct ctl_progress *progress, const char *before, const char *between, char *line,
		     size_t room)
{
	const double spent = seconds_of(progress);
	char rate[CTL_WORDS_BYTES];
	int length = snprintf(line, room, "%s", before);

	if (!progress->total_known)
		length += snprintf(line + length, room - (size_t)length, "%.0f files/s%s",
				   (double)progress->files / spent, between);
	return length + snprintf(line + length, room - (size_t)length, "%s",
				 ctl_words_rate((double)progress->done_bytes / spent, rate));
}

/* Writes the completed amount, the rates and the remaining time to `line`. */
static void put_numbers(const struct ctl_progress *progress, char *line, size_t room)
{
	const double spent = seconds_of(progress);
	char done[CTL_WORDS_BYTES], total[CTL_WORDS_BYTES], share[CTL_WORDS_BYTES], left[CTL_WORDS_BYTES];
	int length;

	ctl_words_size((double)progress->done_bytes, done);
	if (progress->total_known)
		length = snprintf(line, room, "%s of %s  %s", done,
				  ctl_words_size((double)progress->total_bytes, total),
				  ctl_words_share(progress->done_bytes, progress->total_bytes, share));
	else
		length = snprintf(line, room, "%s  %" PRIu64 " file%s", done, progress->files,
				  progress->files == 1 ? "" : "s");
	if (spent < SECONDS_MIN)
		return;
	length += put_rates(progress, "  ", "  ", line + length, room - (size_t)length);
	if (progress->total_known && time_left(progress, spent) > 0)
		snprintf(line + length, room - (size_t)length, "  %s left",
			 ctl_words_span((uint64_t)(time_left(progress, spent) + 0.5), left));
}

char *ctl_progress_line(const struct ctl_progress *progress, unsigned columns, char *text, size_t text_bytes)
{
	char line[256];
	struct ctl_canvas canvas;
	char *rendered = NULL;
	size_t bytes;

	put_numbers(progress, line, sizeof(line));
	*text = '\0';
	if (ctl_canvas_init(&canvas, columns, 1, progress->unicode) == 0) {
		put_path(&canvas, ctl_canvas_text(&canvas, 0, 0, columns, CTL_PLAIN, line) + 2, progress->path);
		rendered = ctl_canvas_render(&canvas, CTL_NO_CODES, false, &bytes);
	}
	if (rendered != NULL)
		snprintf(text, text_bytes, "%.*s", (int)strcspn(rendered, "\n"), rendered);
	free(rendered);
	ctl_canvas_fini(&canvas);
	return text;
}

char *ctl_progress_rates(const struct ctl_progress *progress, char *text, size_t text_bytes)
{
	char span[CTL_WORDS_BYTES], rates[128];

	*text = '\0';
	if (seconds_of(progress) < SECONDS_MIN)
		return text;
	put_rates(progress, "", ", ", rates, sizeof(rates));
	snprintf(text, text_bytes, "%s (%s)", ctl_words_span((progress->elapsed_ms + 500) / 1000, span), rates);
	return text;
}
