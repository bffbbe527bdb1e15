/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long reads took, over time: a column an interval, a row a band of latencies, the more reads the brighter. Pure.
 */
#ifndef CTL_HEAT_H
#define CTL_HEAT_H

#include "ctl/canvas.h"
#include "ctl/history.h"

/* All reads of the intervals that a screen of this width shows. */
void ctl_heat_sum(const struct ctl_history *history, unsigned width, struct ctl_latency *sum);

/* How many rows it would take for each band to have its own. */
unsigned ctl_heat_rows(const struct ctl_latency *sum);

/* Into these rows, over the whole width, with the sum of it; the newest interval is at the right. */
void ctl_heat_draw(struct ctl_canvas *canvas, unsigned row, unsigned rows, const struct ctl_history *history,
		   const struct ctl_latency *sum);

/* The same place without time: a bar for each band, of all reads since the start. */
void ctl_heat_draw_bars(struct ctl_canvas *canvas, unsigned row, unsigned rows, const struct ctl_latency *latency);

#endif
