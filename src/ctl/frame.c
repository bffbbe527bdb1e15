/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Draws lines of items. An item that does not fit into the window is omitted completely, because a truncated number
 * would look like a different number. Later items in the line are omitted as well, so that each item keeps its
 * position.
 *
 * ctl_view_draw() owns the frame. No memory is allocated.
 */
#include "ctl/frame.h"

#include <stdarg.h>
#include <stdio.h>

void ctl_frame_line(struct ctl_frame *frame, const char *label)
{
	ctl_canvas_text(frame->canvas, frame->row, CTL_FRAME_LABEL, CTL_FRAME_VALUE - CTL_FRAME_LABEL, CTL_BOLD, label);
	frame->column = CTL_FRAME_VALUE + 1;
}

void ctl_frame_item(struct ctl_frame *frame, enum ctl_style style, const char *label, const char *format, ...)
{
	char value[128];
	unsigned width;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	width = ctl_canvas_width(frame->canvas, label) + (*label != '\0') + ctl_canvas_width(frame->canvas, value);
	if (frame->column + width > frame->canvas->width) {
		frame->column = frame->canvas->width; /* so that later items in the line are omitted as well */
		return;
	}
	frame->column +=
		ctl_canvas_text(frame->canvas, frame->row, frame->column, width, CTL_DIM, label) + (*label != '\0');
	frame->column += ctl_canvas_text(frame->canvas, frame->row, frame->column, width, style, value) + 2;
}
