/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In a narrow window the least important columns are omitted, so that the important columns keep their width. The
 * caller's array of struct ctl_column sets the priority of each column. The first column is always shown.
 *
 * The caller provides the struct of a table. No memory is allocated.
 */
#include "ctl/columns.h"

#define GAP 2
#define GAP_MAX 7

static unsigned width_of(const struct ctl_columns *table)
{
	unsigned width = 0;

	for (unsigned i = 0; i < table->count; i++)
		width += table->shown[i] ? table->columns[i].width + (i > 0 ? GAP : 0) : 0;
	return width;
}

/* Hides the shown column with the highest priority number. */
static void drop_one(struct ctl_columns *table)
{
	unsigned least = 0;

	for (unsigned i = 1; i < table->count; i++)
		if (table->shown[i] && (least == 0 || table->columns[i].priority > table->columns[least].priority))
			least = i;
	table->shown[least] = false;
}

static unsigned count_shown(const struct ctl_columns *table)
{
	unsigned count = 0;

	for (unsigned i = 0; i < table->count; i++)
		count += table->shown[i];
	return count;
}

void ctl_columns_fit(struct ctl_columns *table, const struct ctl_column *columns, unsigned count, unsigned column,
		     unsigned width)
{
	*table = (struct ctl_columns){ .columns = columns, .count = count, .column = column, .width = width };
	for (unsigned i = 0; i < count; i++)
		table->shown[i] = true;
	while (width_of(table) > width && count_shown(table) > 1)
		drop_one(table);
	table->gap = GAP;
	table->first_width = width_of(table) <= width ? columns[0].width + width - width_of(table) : width;
}

void ctl_columns_spread(struct ctl_columns *table, const struct ctl_column *columns, unsigned count, unsigned column,
			unsigned width)
{
	unsigned gaps;

	ctl_columns_fit(table, columns, count, column, width);
	gaps = count_shown(table) - 1;
	for (; gaps > 0 && table->gap < GAP_MAX && table->first_width >= columns[0].width + gaps; table->gap++)
		table->first_width -= gaps;
	if (table->first_width > columns[0].width)
		table->first_width = columns[0].width;
}

static void draw(struct ctl_canvas *canvas, unsigned row, const struct ctl_columns *table, unsigned i, unsigned column,
		 enum ctl_style style, const char *text)
{
	unsigned width = i == 0 ? table->first_width : table->columns[i].width;

	if (table->columns[i].left)
		ctl_canvas_tail(canvas, row, column, width, style, text);
	else
		ctl_canvas_right(canvas, row, column, width, style, text);
}

void ctl_columns_titles(struct ctl_canvas *canvas, unsigned row, const struct ctl_columns *table)
{
	unsigned column = table->column;

	for (unsigned i = 0; i < table->count; i++) {
		if (!table->shown[i])
			continue;
		draw(canvas, row, table, i, column, i == 0 ? CTL_BOLD : CTL_DIM, table->columns[i].title);
		column += (i == 0 ? table->first_width : table->columns[i].width) + table->gap;
	}
}

void ctl_columns_row(struct ctl_canvas *canvas, unsigned row, const struct ctl_columns *table, enum ctl_style style,
		     const char *first, char texts[][CTL_COLUMNS_BYTES])
{
	unsigned column = table->column;

	for (unsigned i = 0; i < table->count; i++) {
		if (!table->shown[i])
			continue;
		draw(canvas, row, table, i, column, style, i == 0 ? first : texts[i]);
		column += (i == 0 ? table->first_width : table->columns[i].width) + table->gap;
	}
}
