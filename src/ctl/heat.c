/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The map shows the bands of latencies in which reads were counted. If there are more bands than rows, two or more
 * bands share a row. If there are fewer bands than rows, empty rows remain above and below. The brightness is
 * proportional to the logarithm of the count, so that a single slow read among thousands of fast reads stays visible.
 *
 * Each frame computes its bands from the history. No state is stored between two frames.
 */
#include "ctl/heat.h"

#include <math.h>

#include "ctl/words.h"

#define LABEL_COLUMNS 9
#define CHART_COLUMN (LABEL_COLUMNS + 1)

/* The buckets of the histogram that are shown in the rows. */
struct bands {
	unsigned first; /* the lowest bucket of the lowest row */
	unsigned per_row, rows;
};

/* Finds the range of buckets that are not empty. Returns false if all buckets are empty. */
static bool find_used(const struct ctl_latency *latency, unsigned *lowest, unsigned *highest)
{
	bool found = false;

	for (unsigned i = 0; i < CTL_LATENCY_BUCKETS; i++) {
		if (latency->counts[i] == 0)
			continue;
		*lowest = !found || i < *lowest ? i : *lowest;
		*highest = i;
		found = true;
	}
	return found;
}

unsigned ctl_heat_rows(const struct ctl_latency *sum)
{
	unsigned lowest = 0, highest = 0;

	return find_used(sum, &lowest, &highest) ? highest - lowest + 1 : 1;
}

/* Centres the range of used buckets in the rows. */
static struct bands choose_bands(unsigned lowest, unsigned highest, unsigned rows)
{
	unsigned used = highest - lowest + 1, per_row = (used + rows - 1) / rows,
		 needed = (used + per_row - 1) / per_row;
	unsigned below = (rows - needed) / 2 * per_row;
	struct bands bands = { .per_row = per_row, .rows = rows };

	bands.first = lowest > below ? lowest - below : 0;
	while (bands.first > 0 && bands.first + (rows - 1) * per_row >= CTL_LATENCY_BUCKETS)
		bands.first--;
	return bands;
}

static uint64_t count_in(const struct bands *bands, const struct ctl_latency *latency, unsigned band)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < bands->per_row; i++) {
		unsigned bucket = bands->first + band * bands->per_row + i;

		count += bucket < CTL_LATENCY_BUCKETS ? latency->counts[bucket] : 0;
	}
	return count;
}

static void draw_label(struct ctl_canvas *canvas, unsigned row, const struct bands *bands, unsigned band)
{
	unsigned bucket = bands->first + (band + 1) * bands->per_row - 1;
	char words[CTL_WORDS_BYTES];

	if (bucket < CTL_LATENCY_BUCKETS)
		ctl_canvas_right(canvas, row, 0, LABEL_COLUMNS, CTL_DIM,
				 ctl_words_latency(UINT64_C(1) << bucket, words));
}

static void draw_none(struct ctl_canvas *canvas, unsigned row)
{
	ctl_canvas_text(canvas, row, CHART_COLUMN, canvas->width, CTL_DIM, "no reads");
}

/* --- over time --- */

static void draw_cell(struct ctl_canvas *canvas, unsigned row, unsigned column, uint64_t count, uint64_t most)
{
	static const uint32_t shades[] = { 0x2591, 0x2592, 0x2593, 0x2588 };
	unsigned heat;

	if (count == 0)
		return;
	heat = most > 1 ? (unsigned)((CTL_HEATS - 1) * log1p((double)count) / log1p((double)most) + 0.5)
			: CTL_HEATS - 1;
	ctl_canvas_glyph(canvas, row, column, CTL_HEAT + heat, shades[heat * 4 / CTL_HEATS],
			 ".:*#"[heat * 4 / CTL_HEATS]);
}

static void draw_column(struct ctl_canvas *canvas, unsigned row, unsigned column, const struct bands *bands,
			const struct ctl_tick *tick, uint64_t most)
{
	for (unsigned band = 0; band < bands->rows; band++)
		draw_cell(canvas, row + bands->rows - 1 - band, column, count_in(bands, &tick->disk, band), most);
}

/* Returns the number of intervals that fit on a screen of this width. */
static unsigned columns_of(unsigned width)
{
	return width > CHART_COLUMN + 1 ? width - CHART_COLUMN - 1 : 0; /* the last column stays blank */
}

void ctl_heat_sum(const struct ctl_history *history, unsigned width, struct ctl_latency *sum)
{
	const struct ctl_tick *tick;

	*sum = (struct ctl_latency){ { 0 } };
	for (unsigned ago = 0; ago < columns_of(width) && (tick = ctl_history_tick(history, ago)) != NULL; ago++)
		for (unsigned i = 0; i < CTL_LATENCY_BUCKETS; i++)
			sum->counts[i] += tick->disk.counts[i];
}

static uint64_t find_most(const struct bands *bands, const struct ctl_history *history, unsigned columns)
{
	const struct ctl_tick *tick;
	uint64_t most = 0;

	for (unsigned ago = 0; ago < columns && (tick = ctl_history_tick(history, ago)) != NULL; ago++)
		for (unsigned band = 0; band < bands->rows; band++) {
			uint64_t count = count_in(bands, &tick->disk, band);

			most = count > most ? count : most;
		}
	return most;
}

void ctl_heat_draw(struct ctl_canvas *canvas, unsigned row, unsigned rows, const struct ctl_history *history,
		   const struct ctl_latency *sum)
{
	unsigned columns = columns_of(canvas->width), lowest = 0, highest = 0;
	const struct ctl_tick *tick;
	struct bands bands;
	uint64_t most;

	if (rows == 0)
		return;
	if (!find_used(sum, &lowest, &highest)) {
		draw_none(canvas, row + rows / 2);
		return;
	}
	bands = choose_bands(lowest, highest, rows);
	most = find_most(&bands, history, columns);
	for (unsigned band = 0; band < rows; band++)
		draw_label(canvas, row + rows - 1 - band, &bands, band);
	for (unsigned ago = 0; ago < columns && (tick = ctl_history_tick(history, ago)) != NULL; ago++)
		draw_column(canvas, row, canvas->width - 2 - ago, &bands, tick, most);
}

/* --- without time --- */

void ctl_heat_draw_bars(struct ctl_canvas *canvas, unsigned row, unsigned rows, const struct ctl_latency *latency)
{
	unsigned columns = canvas->width > CHART_COLUMN + 16 ? canvas->width - CHART_COLUMN - 16 : 1, lowest = 0,
		 highest = 0;
	uint64_t most = 0;
	struct bands bands;

	if (rows == 0)
		return;
	if (!find_used(latency, &lowest, &highest)) {
		draw_none(canvas, row + rows / 2);
		return;
	}
	bands = choose_bands(lowest, highest, rows);
	for (unsigned band = 0; band < rows; band++)
		most = count_in(&bands, latency, band) > most ? count_in(&bands, latency, band) : most;
	for (unsigned band = 0; band < rows; band++) {
		uint64_t count = count_in(&bands, latency, band);
		char words[CTL_WORDS_BYTES];

		draw_label(canvas, row + rows - 1 - band, &bands, band);
		ctl_canvas_bar(canvas, row + rows - 1 - band, CHART_COLUMN, columns, CTL_YELLOW,
			       (double)count / (double)most);
		if (count > 0)
			ctl_canvas_right(canvas, row + rows - 1 - band, CHART_COLUMN + columns, 7, CTL_PLAIN,
					 ctl_words_count((double)count, words));
	}
}
