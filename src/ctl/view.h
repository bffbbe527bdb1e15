/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A frame of `ranged-ctl top`. Pure: what it shows is in the history, how large it is in the canvas. */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H

#include "ctl/canvas.h"
#include "ctl/history.h"

struct ctl_view {
	const struct ctl_history *history;
	const char *trouble;  /* why the last answer did not come; NULL: it did */
	uint64_t interval_ms; /* between two answers */
	uint64_t trouble_s;   /* since when, in seconds */
	bool still;	      /* the only frame: what happened before is shown instead of what happens over time */
};

/* On a blank canvas. */
void ctl_view_draw(struct ctl_canvas *canvas, const struct ctl_view *view);

#endif
