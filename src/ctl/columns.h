/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table: as many of its columns as there is room for, what is left goes to the first one, or between them. Pure. */
#ifndef CTL_COLUMNS_H
#define CTL_COLUMNS_H

#include "ctl/canvas.h"

#define CTL_COLUMNS_MAX 10
#define CTL_COLUMNS_BYTES 40

struct ctl_column {
	const char *title;
	unsigned width;	   /* of the first one: the least */
	unsigned priority; /* where there is too little room, the one with the highest number goes first */
	bool left;	   /* else numbers: at the right */
};

struct ctl_columns {
	const struct ctl_column *columns;
	unsigned count, column, width; /* of the table: where it begins, how wide it is */
	bool shown[CTL_COLUMNS_MAX];
	unsigned first_width, gap;
};

/* Which ones are shown. `columns` must live as long. */
void ctl_columns_fit(struct ctl_columns *table, const struct ctl_column *columns, unsigned count, unsigned column,
		     unsigned width);
/* The same, but what is left goes between the columns. */
void ctl_columns_spread(struct ctl_columns *table, const struct ctl_column *columns, unsigned count, unsigned column,
			unsigned width);

void ctl_columns_titles(struct ctl_canvas *canvas, unsigned row, const struct ctl_columns *table);

/* The first one is cut at its beginning where it is too long. */
void ctl_columns_row(struct ctl_canvas *canvas, unsigned row, const struct ctl_columns *table, const char *first,
		     char texts[][CTL_COLUMNS_BYTES]);

#endif
