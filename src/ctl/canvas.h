/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A rectangle of cells to draw on. The finished canvas is rendered as lines of text, with or without terminal escape
 * codes. Drawing outside the canvas has no effect. Invisible characters in texts are replaced, because the names of
 * files and clients are not trusted. A canvas must be used by one thread at a time.
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

/* The colour support of a terminal. CTL_MONOCHROME means bold and reverse text, but no colours. */
enum ctl_colours { CTL_NO_CODES, CTL_MONOCHROME, CTL_COLOURS_8, CTL_COLOURS_256 };

struct ctl_cell {
	uint32_t glyph; /* code point; 0: the right half of a wide character */
	uint8_t style;
};

struct ctl_canvas {
	unsigned width, height;
	bool unicode; /* non-ASCII characters may be drawn */
	struct ctl_cell *cells;
};

/* Initialises a blank canvas. Returns 0 or -ENOMEM. */
int ctl_canvas_init(struct ctl_canvas *canvas, unsigned width, unsigned height, bool unicode);
/* Frees the cells. May be called after ctl_canvas_init() has failed. */
void ctl_canvas_fini(struct ctl_canvas *canvas);

/*
 * Draws a UTF-8 text in at most `room` columns. A longer text is truncated at its end and gets an ellipsis. Returns the
 * number of columns used.
 */
unsigned ctl_canvas_text(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
			 const char *text);

/* Draws a text like ctl_canvas_text(), but truncates it at its beginning, because the end of a path is more useful. */
unsigned ctl_canvas_tail(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
			 const char *text);

/* Draws a text like ctl_canvas_text(), but aligned to the right. */
void ctl_canvas_right(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
		      const char *text);

/* Returns the number of columns that a text occupies. */
unsigned ctl_canvas_width(const struct ctl_canvas *canvas, const char *text);

/* Draws one character. On a canvas without Unicode, draws `ascii` instead. */
void ctl_canvas_glyph(struct ctl_canvas *canvas, unsigned row, unsigned column, enum ctl_style style, uint32_t glyph,
		      char ascii);

/* Changes the style of all cells in a row. */
void ctl_canvas_style_row(struct ctl_canvas *canvas, unsigned row, enum ctl_style style);

/* Draws a vertical bar in one cell. level is from 0 (blank) to 8 (full). */
void ctl_canvas_level(struct ctl_canvas *canvas, unsigned row, unsigned column, enum ctl_style style, unsigned level);

/* Draws a horizontal bar over a share (0 to 1) of the columns. A share above 0 is always visible. */
void ctl_canvas_bar(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned columns, enum ctl_style style,
		    double share);

/*
 * Returns the canvas as text, which the caller frees with free(), and stores the length of the text in *bytes. Returns
 * NULL if memory runs out. If `screen` is true, the text moves the cursor of the terminal to the upper left corner,
 * writes every row, and clears each row after its last character. Otherwise the text consists of lines without trailing
 * blanks, and without blank lines at the end.
 */
char *ctl_canvas_render(const struct ctl_canvas *canvas, enum ctl_colours colours, bool screen, size_t *bytes);

#endif
