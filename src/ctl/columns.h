/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layout of a table. Columns that do not fit are omitted, in the order of their priority. The remaining width is
 * given to the first column or distributed between the columns. The functions have no effects except on the canvas.
 */
#ifndef CTL_COLUMNS_H
#define CTL_COLUMNS_H

#include "ctl/canvas.h"

#define CTL_COLUMNS_MAX 10
#define CTL_COLUMNS_BYTES 40

struct ctl_column {
	const char *title;
	unsigned width;	   /* width in characters; for the first column, the minimum width */
	unsigned priority; /* the column with the highest number is omitted first */
	bool left;	   /* true: aligned to the left; false: aligned to the right, for numbers */
};

struct ctl_columns {
	const struct ctl_column *columns;
	unsigned count;
	unsigned column, width; /* position and width of the table on the canvas */
	bool shown[CTL_COLUMNS_MAX];
	unsigned first_width, gap;
};

/*
 * Chooses the columns that fit, and gives the remaining width to the first column. The columns must outlive the table.
 */
void ctl_columns_fit(struct ctl_columns *table, const struct ctl_column *columns, unsigned count, unsigned column,
		     unsigned width);
/*
 * Chooses the columns that fit, and distributes the remaining width between them. The columns must outlive the table.
 */
void ctl_columns_spread(struct ctl_columns *table, const struct ctl_column *columns, unsigned count, unsigned column,
			unsigned width);

/* Draws the row of titles. */
void ctl_columns_titles(struct ctl_canvas *canvas, unsigned row, const struct ctl_columns *table);

/*
 * Draws a row in one style. `first` is the text of the first column, which is truncated at its beginning. texts[0] is
 * not used.
 */
void ctl_columns_row(struct ctl_canvas *canvas, unsigned row, const struct ctl_columns *table, enum ctl_style style,
		     const char *first, char texts[][CTL_COLUMNS_BYTES]);

#endif
