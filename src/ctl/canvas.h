/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A screen of cells that is drawn on and then written out as lines, with or without the codes of a terminal. Whatever
 * is drawn beyond its edges is not there, and nothing that is drawn can be a control code: names of files and clients
 * come from outside. One thread.
 */
#ifndef CTL_CANVAS_H
#define CTL_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ctl_style {
	CTL_PLAIN,
	CTL_BOLD,
	CTL_DIM,
	CTL_GREEN,
	CTL_CYAN,
	CTL_YELLOW,
	CTL_MAGENTA,
	CTL_RED,
	CTL_BAR,
	CTL_ALARM,
	CTL_HEAT, /* and this many more, from cold to hot */
	CTL_STYLES = CTL_HEAT + 8,
};
#define CTL_HEATS (CTL_STYLES - CTL_HEAT)

/* CTL_MONOCHROME has what terminals without colours can do: bold, reverse. */
enum ctl_colours { CTL_NO_CODES, CTL_MONOCHROME, CTL_COLOURS_8, CTL_COLOURS_256 };

struct ctl_cell {
	uint32_t glyph; /* a code point; 0: the right half of a wide one */
	uint8_t style;
};

struct ctl_canvas {
	unsigned width, height;
	bool unicode; /* what may be drawn; else all is ASCII */
	struct ctl_cell *cells;
};

/* Blank. 0 or -ENOMEM. */
int ctl_canvas_init(struct ctl_canvas *canvas, unsigned width, unsigned height, bool unicode);
void ctl_canvas_fini(struct ctl_canvas *canvas);

/* `text` (UTF-8) from a column on, in at most `room` columns, cut with an ellipsis. Returns how many it took. */
unsigned ctl_canvas_text(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
			 const char *text);

/* The same, cut at its beginning: of a path, the end tells most. */
unsigned ctl_canvas_tail(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
			 const char *text);

/* The same, ending where the room ends. */
void ctl_canvas_right(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
		      const char *text);

/* How many columns a text takes. */
unsigned ctl_canvas_width(const struct ctl_canvas *canvas, const char *text);

/* One cell; `ascii` is for where there is no Unicode. */
void ctl_canvas_glyph(struct ctl_canvas *canvas, unsigned row, unsigned column, enum ctl_style style, uint32_t glyph,
		      char ascii);

/* A whole row in this style, over what is there. */
void ctl_canvas_style_row(struct ctl_canvas *canvas, unsigned row, enum ctl_style style);

/* A bar of eight eighths, `level` from 0 (blank) to 8. */
void ctl_canvas_level(struct ctl_canvas *canvas, unsigned row, unsigned column, enum ctl_style style, unsigned level);

/* A bar over a share (0 to 1) of so many columns; whatever is more than nothing is seen. */
void ctl_canvas_bar(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned columns, enum ctl_style style,
		    double share);

/*
 * All of it as text, the caller's; *bytes is its length. As a screen: from the upper left corner of a terminal on,
 * every line, each one ended by clearing its rest. Else as lines, without blanks at their ends, and without those at
 * the end that are blank. NULL: no memory.
 */
char *ctl_canvas_render(const struct ctl_canvas *canvas, enum ctl_colours colours, bool screen, size_t *bytes);

#endif
