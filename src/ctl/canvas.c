/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text is drawn into an array of cells, and the array is rendered at the end. The array guarantees three properties: no
 * line is longer than the screen, no half of a wide character is drawn, and no byte of a name acts as an escape code.
 *
 * The canvas owns its cells. Without Unicode, texts and bars use ASCII characters only.
 */
#include "ctl/canvas.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/escape.h"

#define ELLIPSIS 0x2026u
#define FULL_BLOCK 0x2588u /* not a shade character, which would darken the colour */
#define CELL_BYTES 24	   /* maximum output for one cell, including a change of style */

int ctl_canvas_init(struct ctl_canvas *canvas, unsigned width, unsigned height, bool unicode)
{
	size_t count = (size_t)width * height;

	*canvas = (struct ctl_canvas){ width, height, unicode, calloc(count + 1, sizeof(struct ctl_cell)) };
	if (canvas->cells == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		canvas->cells[i].glyph = ' ';
	return 0;
}

void ctl_canvas_fini(struct ctl_canvas *canvas)
{
	free(canvas->cells);
	canvas->cells = NULL;
}

/* --- text --- */

/* Returns the next code point of a UTF-8 text, and advances *text. A byte that is not valid UTF-8 becomes U+FFFD. */
static uint32_t next_glyph(const char **text)
{
	uint32_t glyph;
	size_t bytes = escape_decode(*text, strlen(*text), &glyph);

	*text += bytes > 0 ? bytes : 1;
	return bytes > 0 ? glyph : 0xfffd;
}

/* Returns the ASCII substitute of a code point. The table contains the code points that ranged-ctl itself uses. */
static uint32_t to_ascii(uint32_t glyph)
{
	static const struct {
		uint32_t glyph;
		char ascii;
	} table[] = { { 0xb5, 'u' }, { 0xb7, '-' }, { ELLIPSIS, '~' }, { 0x2013, '-' }, { 0x2264, '<' } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].glyph == glyph)
			return (unsigned char)table[i].ascii;
	return glyph < 0x80 ? glyph : '?';
}

/*
 * Returns the number of columns of a code point, and replaces *glyph with the code point to draw. Invisible characters
 * become question marks. Combining characters have no column and are not drawn.
 */
static unsigned columns_of(const struct ctl_canvas *canvas, uint32_t *glyph)
{
	int columns;

	if (!canvas->unicode)
		*glyph = to_ascii(*glyph);
	if (escape_is_invisible(*glyph))
		*glyph = '?';
	if (*glyph < 0x80 || *glyph == ELLIPSIS || *glyph == 0xb5 || *glyph == 0xb7 || *glyph == 0xfffd)
		return 1;
	columns = wcwidth((wchar_t)*glyph);
	if (columns >= 0)
		return (unsigned)columns;
	*glyph = '?';
	return 1;
}

unsigned ctl_canvas_width(const struct ctl_canvas *canvas, const char *text)
{
	unsigned width = 0;

	while (*text != '\0') {
		uint32_t glyph = next_glyph(&text);

		width += columns_of(canvas, &glyph);
	}
	return width;
}

static void put(struct ctl_canvas *canvas, unsigned row, unsigned column, enum ctl_style style, uint32_t glyph)
{
	if (row < canvas->height && column < canvas->width)
		canvas->cells[(size_t)row * canvas->width + column] = (struct ctl_cell){ glyph, (uint8_t)style };
}

void ctl_canvas_glyph(struct ctl_canvas *canvas, unsigned row, unsigned column, enum ctl_style style, uint32_t glyph,
		      char ascii)
{
	put(canvas, row, column, style, canvas->unicode ? glyph : (unsigned char)ascii);
}

/* Draws the characters that fit completely. Returns the number of columns used. */
static unsigned put_text(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
			 const char *text)
{
	unsigned used = 0;

	while (*text != '\0') {
		uint32_t glyph = next_glyph(&text);
		unsigned columns = columns_of(canvas, &glyph);

		if (used + columns > room)
			break;
		if (columns > 0)
			put(canvas, row, column + used, style, glyph);
		if (columns == 2)
			put(canvas, row, column + used + 1, style, 0);
		used += columns;
	}
	return used;
}

static unsigned room_within(const struct ctl_canvas *canvas, unsigned column, unsigned room)
{
	unsigned rest = column < canvas->width ? canvas->width - column : 0;

	return room < rest ? room : rest;
}

unsigned ctl_canvas_text(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
			 const char *text)
{
	unsigned used;

	room = room_within(canvas, column, room);
	if (room == 0 || ctl_canvas_width(canvas, text) <= room)
		return put_text(canvas, row, column, room, style, text);
	used = put_text(canvas, row, column, room - 1, style, text);
	ctl_canvas_glyph(canvas, row, column + used, style, ELLIPSIS, '~');
	return used + 1;
}

unsigned ctl_canvas_tail(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
			 const char *text)
{
	unsigned width = ctl_canvas_width(canvas, text);

	room = room_within(canvas, column, room);
	if (room == 0 || width <= room)
		return put_text(canvas, row, column, room, style, text);
	while (width > room - 1) {
		uint32_t glyph = next_glyph(&text);

		width -= columns_of(canvas, &glyph);
	}
	ctl_canvas_glyph(canvas, row, column, style, ELLIPSIS, '~');
	return 1 + put_text(canvas, row, column + 1, room - 1, style, text);
}

void ctl_canvas_right(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned room, enum ctl_style style,
		      const char *text)
{
	unsigned width = ctl_canvas_width(canvas, text);

	ctl_canvas_text(canvas, row, column + (width < room ? room - width : 0), width < room ? width : room, style,
			text);
}

void ctl_canvas_style_row(struct ctl_canvas *canvas, unsigned row, enum ctl_style style)
{
	if (row >= canvas->height)
		return;
	for (unsigned column = 0; column < canvas->width; column++)
		canvas->cells[(size_t)row * canvas->width + column].style = (uint8_t)style;
}

void ctl_canvas_level(struct ctl_canvas *canvas, unsigned row, unsigned column, enum ctl_style style, unsigned level)
{
	level = level < 8 ? level : 8;
	ctl_canvas_glyph(canvas, row, column, style, level == 0 ? ' ' : 0x2580 + level, " .:-=+*#@"[level]);
}

void ctl_canvas_bar(struct ctl_canvas *canvas, unsigned row, unsigned column, unsigned columns, enum ctl_style style,
		    double share)
{
	unsigned eighths = (unsigned)(share * columns * 8 + 0.5);

	eighths = share > 0 && eighths == 0 ? 1 : eighths;
	for (unsigned i = 0; i < eighths / 8; i++)
		ctl_canvas_glyph(canvas, row, column + i, style, 0x2588, '#');
	if (eighths % 8 > 0) /* U+258F is one eighth of a block, U+2589 is seven eighths */
		ctl_canvas_glyph(canvas, row, column + eighths / 8, style, 0x2590 - eighths % 8,
				 eighths % 8 >= 4 || eighths < 8 ? '#' : ' ');
}

/* --- output --- */

static char *append_utf8(char *p, uint32_t glyph)
{
	if (glyph < 0x80) {
		*p++ = (char)glyph;
		return p;
	}
	if (glyph >= 0x10000) {
		*p++ = (char)(0xf0 | glyph >> 18);
		*p++ = (char)(0x80 | (glyph >> 12 & 0x3f));
	} else if (glyph >= 0x800) {
		*p++ = (char)(0xe0 | glyph >> 12);
	}
	if (glyph >= 0x800)
		*p++ = (char)(0x80 | (glyph >> 6 & 0x3f));
	else
		*p++ = (char)(0xc0 | glyph >> 6);
	*p++ = (char)(0x80 | (glyph & 0x3f));
	return p;
}

static char *append_style(char *p, enum ctl_colours colours, unsigned style)
{
	static const char *const mono[] = { "", ";1", ";2", "", "", "", "", ";1", ";7", ";7;1" };
	static const char *const eight[] = { "", ";1", ";2", ";32", ";36", ";33", ";35", ";1;31", ";7", ";1;37;41" };
	static const uint8_t heats[CTL_HEATS] = { 55, 91, 126, 162, 204, 209, 221, 229 }; /* violet to light yellow */

	if (style < CTL_HEAT)
		return p + sprintf(p, "\033[0%sm", colours >= CTL_COLOURS_8 ? eight[style] : mono[style]);
	if (colours == CTL_COLOURS_256)
		return p + sprintf(p, "\033[0;38;5;%um", heats[style - CTL_HEAT]);
	return p + sprintf(p, "\033[0m");
}

/* Returns true if the style has a background colour, so that blanks are visible. */
static bool is_filled(unsigned style)
{
	return style == CTL_BAR || style == CTL_ALARM;
}

static char *append_row(const struct ctl_canvas *canvas, unsigned row, enum ctl_colours colours, bool screen, char *p)
{
	const struct ctl_cell *cells = canvas->cells + (size_t)row * canvas->width;
	unsigned length = canvas->width, style = CTL_PLAIN;

	while (length > 0 && cells[length - 1].glyph == ' ' &&
	       (colours == CTL_NO_CODES || !is_filled(cells[length - 1].style)))
		length--;
	for (unsigned i = 0; i < length; i++) {
		if (colours != CTL_NO_CODES && cells[i].style != style) {
			style = cells[i].style;
			p = append_style(p, colours, style);
		}
		if (cells[i].glyph != 0)
			p = append_utf8(p, colours == CTL_COLOURS_256 && style >= CTL_HEAT && canvas->unicode
						   ? FULL_BLOCK
						   : cells[i].glyph);
	}
	if (style != CTL_PLAIN)
		p = append_style(p, colours, CTL_PLAIN);
	/*
	 * A full line is not cleared, because after the last column the cursor is still on that column, and the code
	 * would erase it.
	 */
	if (screen && length < canvas->width)
		p = stpcpy(p, "\033[K");
	return p;
}

static unsigned rows_in_use(const struct ctl_canvas *canvas)
{
	size_t count = (size_t)canvas->width * canvas->height;

	while (count > 0 && canvas->cells[count - 1].glyph == ' ')
		count--;
	return canvas->width > 0 ? (unsigned)((count + canvas->width - 1) / canvas->width) : 0;
}

char *ctl_canvas_render(const struct ctl_canvas *canvas, enum ctl_colours colours, bool screen, size_t *bytes)
{
	unsigned rows = screen ? canvas->height : rows_in_use(canvas);
	char *text = malloc((size_t)canvas->width * canvas->height * CELL_BYTES + (size_t)canvas->height * 16 + 16),
	     *p = text;

	if (text == NULL)
		return NULL;
	if (screen)
		p = stpcpy(p, "\033[H");
	for (unsigned row = 0; row < rows; row++) {
		p = append_row(canvas, row, colours, screen, p);
		if (!screen)
			*p++ = '\n';
		else if (row + 1 < rows)
			p = stpcpy(p, "\r\n");
	}
	*p = '\0';
	*bytes = (size_t)(p - text);
	return text;
}
