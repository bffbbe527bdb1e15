/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A rectangle of cells to draw on, which is then written as lines, with or without terminal escape codes. Drawing
 * beyond the edges has no effect. Control characters in texts are replaced, because the names of files and clients are
 * not trusted. One thread uses a canvas.
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
	CTL_HEAT, /* the first of CTL_HEATS styles, from cold to hot */
	CTL_STYLES = CTL_HEAT + 8,
};
#define CTL_HEATS (CTL_STYLES - CTL_HEAT)

/* The abilities of a terminal. CTL_MONOCHROME: bold and reverse, but no colours. */
enum ctl_colours { CTL_NO_CODES, CTL_MONOCHROME, CTL_COLOURS_8, CTL_COLOURS_256 };

struct ctl_cell {
	uint32_t glyph; /* a code point; 0: the right half of a wide character */
	uint8_t style;
};

struct ctl_canvas {
	unsigned width, height;
	bool unicode; /* characters beyond ASCII may be drawn */
	struct ctl_cell *cells;
};

/* Makes a blank canvas. Returns 0 or -ENOMEM. */
int ctl_canvas_init(struct ctl_canvas *canvas, unsigned width, unsigned height, bool unicode);
/* Frees the cells. A canvas whose initialisation failed is allowed. */
void ctl_canvas_fini(struct ctl_canvas *canvas);

/*
 * Draws a UTF-8 text in at most `room` columns; a longer text is shortened at its end, with an ellipsis. Returns the
 * number of columns used.
 */
unsigned ctl_canvas_text(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
			 const char *text);

/* Draws a text like ctl_canvas_text(), but shortens it at its beginning: the end of a path is the most useful part. */
unsigned ctl_canvas_tail(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
			 const char *text);

/* Draws a text like ctl_canvas_text(), but aligned to the right end of the room. */
void ctl_canvas_right(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
		      const char *text);

/* Returns the number of columns that a text occupies. */
unsigned ctl_canvas_width(const struct ctl_canvas *canvas, const char *text);

/* Draws one character; `ascii` replaces it on a canvas without Unicode. */
void ctl_canvas_glyph(struct ctl_canvas *canvas, unsigned row, unsigned column, enum ctl_style style, uint32_t glyph,
		      char ascii);

/* Changes the style of all cells in a row. */
void ctl_canvas_style_row(struct ctl_canvas *canvas, unsigned row, enum ctl_style style);

/* Draws a vertical bar in one cell; level is 0 (blank) to 8 (full). */
void ctl_canvas_level(struct ctl_canvas *canvas, unsigned row, unsigned column, enum ctl_style style, unsigned level);

/* Draws a horizontal bar over a share (0 to 1) of the columns. A share above 0 is always visible. */
void ctl_canvas_bar(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned columns, enum ctl_style style,
		    double share);

/*
 * Returns the canvas as text, which the caller frees with free(), and stores its length in *bytes; NULL if memory runs
 * out. screen: the text starts at the upper left corner of a terminal, writes every row, and clears the rest of each.
 * Otherwise the text consists of lines, without trailing blanks and without blank lines at the end.
 */
char *ctl_canvas_render(const struct ctl_canvas *canvas, enum ctl_colours colours, bool screen, size_t *bytes);

#endif
