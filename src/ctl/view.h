/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A frame of `ranged-ctl top`. Its content depends only on the history, and its layout only on the size of the canvas.
 */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H

#include "ctl/canvas.h"
#include "ctl/history.h"

struct ctl_view {
	const struct ctl_history *history;
	const char *trouble;  /* message of the last request if it failed; NULL: it succeeded */
	uint64_t interval_ms; /* time between two requests */
	uint64_t trouble_s;   /* seconds since the last answer */
	bool still;	      /* the program shows a single frame, with totals instead of charts over time */
};

/* Draws the frame on a blank canvas. */
void ctl_view_draw(struct ctl_canvas *canvas, const struct ctl_view *view);

#endif
