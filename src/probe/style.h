/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The style of the output: whether it uses colours and Unicode characters. */
#ifndef PROBE_STYLE_H
#define PROBE_STYLE_H

#include <stdbool.h>
#include <stdio.h>

#define PROBE_COLUMNS 80

enum probe_colour { PROBE_PLAIN, PROBE_BOLD, PROBE_DIM, PROBE_GREEN, PROBE_YELLOW };

struct probe_style {
	FILE *out;
	bool colours, unicode;
};

/* Switches to a colour if colours are enabled. */
static inline void probe_style_colour(const struct probe_style *style, enum probe_colour colour)
{
	static const char *const codes[] = { "0", "1", "2", "32", "33" };

	if (style->colours)
		fprintf(style->out, "\033[%sm", codes[colour]);
}

/* Returns the number of decimals needed to show three or four digits. */
static inline int probe_style_decimals(double value)
{
	return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

#endif
