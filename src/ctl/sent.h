/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The section of `top` that shows the bytes sent per second: the current values and a chart over time, for the total
 * and for each source.
 */
#ifndef CTL_SENT_H
#define CTL_SENT_H

#include "ctl/frame.h"

#define CTL_SENT_ROWS (1 + CTL_SOURCES) /* number of rows if more_rows is 0 */

/* Draws the section. more_rows is the number of rows by which the chart of the total is enlarged. */
void ctl_sent_draw(struct ctl_frame *frame, unsigned more_rows);

#endif
