/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A heat map of the latencies of disk reads. A column is an interval, a row is a band of latencies, and a brighter cell
 * stands for more reads. The functions have no effects except on the canvas.
 */
#ifndef CTL_HEAT_H
#define CTL_HEAT_H

#include "ctl/canvas.h"
#include "ctl/history.h"

/* Adds up the reads of all intervals that fit on a screen of this width. */
void ctl_heat_sum(const struct ctl_history *history, unsigned width, struct ctl_latency *sum);

/* Returns the number of rows that the map needs to show each band in a separate row. */
unsigned ctl_heat_rows(const struct ctl_latency *sum);

/* Draws the map over the whole width, with the newest interval at the right. sum is the result of ctl_heat_sum(). */
void ctl_heat_draw(struct ctl_canvas *canvas, unsigned row, unsigned rows, const struct ctl_history *history,
		   const struct ctl_latency *sum);

/* Draws a horizontal bar for each band. The bars show all reads since the start of ranged. */
void ctl_heat_draw_bars(struct ctl_canvas *canvas, unsigned row, unsigned rows, const struct ctl_latency *latency);

#endif
