/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the terminal can show: colours, and the signs of Unicode. */
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

static inline void probe_style_colour(const struct probe_style *style, enum probe_colour colour)
{
	static const char *const codes[] = { "0", "1", "2", "32", "33" };

	if (style->colours)
		fprintf(style->out, "\033[%sm", codes[colour]);
}

/* Decimals so that three or four digits show. */
static inline int probe_style_decimals(double value)
{
	return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

#endif
