/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables have a row for each number of reads in flight and a column for each read size. A cell that was skipped is
 * shown as "-". The chart shows reads of 64 KiB, which is the size that the calibration uses, and marks the chosen
 * depth.
 *
 * The functions only print. The caller owns the result. The program has one thread.
 */
#include "probe/table.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

#define LABEL_COLUMNS 14
#define CELL_COLUMNS 13
#define BAR_COLUMNS 40
#define MIB 1048576.0

static const char *const size_names[PROBE_SIZES] = { "4K", "16K", "64K", "256K", "1M" };

static void print_heads(const struct probe_style *style, const char *title, const char *unit)
{
	probe_style_colour(style, PROBE_BOLD);
	fprintf(style->out, "\n  %s,", title);
	probe_style_colour(style, PROBE_PLAIN);
	probe_style_colour(style, PROBE_DIM);
	fprintf(style->out, " %s\n  %-*s", unit, LABEL_COLUMNS - 2, "in flight");
	for (unsigned size = 0; size < PROBE_SIZES; size++)
		fprintf(style->out, "%*s", CELL_COLUMNS, size_names[size]);
	fputc('\n', style->out);
	probe_style_colour(style, PROBE_PLAIN);
}

static void format_rate(const struct probe_cell *cell, char *text, size_t room)
{
	double rate = cell->bytes_per_s / MIB;

	snprintf(text, room, "%.*f", probe_style_decimals(rate), rate);
}

static void format_latency(const struct probe_cell *cell, char *text, size_t room)
{
	double p50 = (double)cell->p50_ns / (double)CLOCK_NS_PER_MS,
	       p99 = (double)cell->p99_ns / (double)CLOCK_NS_PER_MS;

	snprintf(text, room, "%.*f %5.*f", probe_style_decimals(p50), p50, probe_style_decimals(p99), p99);
}

static void print_rows(const struct probe_style *style, const struct probe_result *result,
		       void (*format)(const struct probe_cell *cell, char *text, size_t room))
{
	for (unsigned depth = 0; depth < PROBE_DEPTHS; depth++) {
		fprintf(style->out, "  %9u%*s", 1u << depth, LABEL_COLUMNS - 11, "");
		for (unsigned size = 0; size < PROBE_SIZES; size++) {
			const struct probe_cell *cell = &result->cells[size][depth];
			char text[40] = "-";

			if (cell->reads > 0)
				format(cell, text, sizeof(text));
			fprintf(style->out, "%*s", CELL_COLUMNS, text);
		}
		fputc('\n', style->out);
	}
}

/*
 * Prints a bar whose length is a share of BAR_COLUMNS, and pads the bar with blanks. With Unicode, the resolution is an
 * eighth of a column.
 */
static void print_bar(const struct probe_style *style, double share)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	unsigned length = (unsigned)(share * BAR_COLUMNS * 8 + 0.5), full = length / 8, rest = length % 8;

	if (!style->unicode) {
		full = (length + 4) / 8;
		rest = 0;
	}
	for (unsigned i = 0; i < full; i++)
		fputs(style->unicode ? "█" : "#", style->out);
	fputs(eighths[rest], style->out);
	fprintf(style->out, "%*s", (int)(BAR_COLUMNS - full - (rest > 0)), "");
}

static void print_bar_line(const struct probe_style *style, const struct probe_result *result, unsigned depth,
			   double best)
{
	const struct probe_cell *cell = &result->cells[PROBE_SIZE_64K][depth];
	bool chosen = 1u << depth == result->calibration.knee;
	double rate = cell->bytes_per_s / MIB;

	if (cell->reads == 0)
		return;
	fprintf(style->out, "  %9u  ", 1u << depth);
	probe_style_colour(style, chosen ? PROBE_GREEN : PROBE_PLAIN);
	print_bar(style, cell->bytes_per_s / best);
	probe_style_colour(style, PROBE_PLAIN);
	fprintf(style->out, "%7.*f%s\n", probe_style_decimals(rate), rate,
		!chosen		 ? ""
		: style->unicode ? "  ◂ 90 %"
				 : "  < 90 %");
}

static void print_chart(const struct probe_style *style, const struct probe_result *result)
{
	double best = 0;

	for (unsigned depth = 0; depth < PROBE_DEPTHS; depth++) {
		double rate = result->cells[PROBE_SIZE_64K][depth].bytes_per_s;

		best = rate > best ? rate : best;
	}
	if (best <= 0)
		return;
	probe_style_colour(style, PROBE_BOLD);
	fprintf(style->out, "\n  Reads of 64K,");
	probe_style_colour(style, PROBE_PLAIN);
	probe_style_colour(style, PROBE_DIM);
	fprintf(style->out, " MiB/s by reads in flight\n");
	probe_style_colour(style, PROBE_PLAIN);
	for (unsigned depth = 0; depth < PROBE_DEPTHS; depth++)
		print_bar_line(style, result, depth, best);
}

void probe_table_print(const struct probe_style *style, const struct probe_result *result)
{
	print_chart(style, result);
	print_heads(style, "Throughput", "MiB/s, random reads");
	print_rows(style, result, format_rate);
	print_heads(style, "Latency", "ms, as median and 99th percentile");
	print_rows(style, result, format_latency);
}
