/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of drawing one frame of `ranged-ctl top`: the samples to compare, and the position of the next item. The
 * frame is drawn from top to bottom.
 */
#ifndef CTL_FRAME_H
#define CTL_FRAME_H

#include "ctl/canvas.h"
#include "ctl/history.h"

#define CTL_FRAME_LABEL 1  /* column of the labels */
#define CTL_FRAME_VALUE 11 /* column of the first values */

struct ctl_frame {
	struct ctl_canvas *canvas;
	const struct ctl_history *history;
	bool still;	      /* the program shows a single frame, so there are no charts over time */
	const json_t *now;    /* the newest sample */
	const json_t *before; /* the sample one interval earlier; NULL: none */
	const json_t *oldest; /* the sample up to ten intervals earlier; NULL: none */
	double seconds;	      /* time from `before` to `now`; 0: unknown */
	unsigned row;
	unsigned column; /* column of the next item in the line */
};

/* Starts a line with its label. The caller advances frame->row after the last item. */
void ctl_frame_line(struct ctl_frame *frame, const char *label);
/* Appends "label value" to the line. An item that does not fit completely is omitted, and so are all later items. */
void ctl_frame_item(struct ctl_frame *frame, enum ctl_style style, const char *label, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
