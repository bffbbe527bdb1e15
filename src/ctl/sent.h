/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of `top` that shows the bytes sent per second: the total and each source, now and over time. */
#ifndef CTL_SENT_H
#define CTL_SENT_H

#include "ctl/frame.h"

#define CTL_SENT_ROWS (1 + CTL_SOURCES) /* without more_rows */

/* Draws the part. more_rows: rows that are added to the chart of the total. */
void ctl_sent_draw(struct ctl_frame *frame, unsigned more_rows);

#endif
