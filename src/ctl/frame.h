/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A frame of `top` while it is drawn, from top to bottom: what is compared with what, and where it has come to. */
#ifndef CTL_FRAME_H
#define CTL_FRAME_H

#include "ctl/canvas.h"
#include "ctl/history.h"

#define CTL_FRAME_LABEL 1  /* the column of labels */
#define CTL_FRAME_VALUE 11 /* of the first values */

struct ctl_frame {
	struct ctl_canvas *canvas;
	const struct ctl_history *history;
	bool still;			     /* the only frame: nothing is shown over time */
	const json_t *now, *before, *oldest; /* before: an interval ago; oldest: the last ten; NULL: not known */
	double seconds;			     /* from before to now; 0: not known */
	unsigned row;
	unsigned column; /* of a line of items */
};

/* A line: its label, then items as long as they fit whole, "label value" each. The caller goes to the next row. */
void ctl_frame_line(struct ctl_frame *frame, const char *label);
void ctl_frame_item(struct ctl_frame *frame, enum ctl_style style, const char *label, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
