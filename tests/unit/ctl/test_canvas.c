/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The canvas: shortened texts, replaced control characters, and terminal codes. */
#include "ctl/canvas.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/columns.h"

#include "../suite.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static struct ctl_canvas canvas;

static void begin(unsigned width, unsigned height, bool unicode)
{
	setlocale(LC_CTYPE, "C.UTF-8"); /* wcwidth() */
	ck_assert_int_eq(ctl_canvas_init(&canvas, width, height, unicode), 0);
}

static void is(enum ctl_colours colours, bool screen, const char *expected)
{
	size_t bytes;
	char *text = ctl_canvas_render(&canvas, colours, screen, &bytes);

	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(bytes, strlen(text));
	ck_assert_str_eq(text, expected);
	free(text);
	ctl_canvas_fini(&canvas);
}

static const struct {
	const char *text, *cut, *tail,
		*ascii; /* the expected output in six columns; ascii: of a canvas without Unicode */
} texts[] = {
	{ "abc", "abc\n", "abc\n", "abc\n" },
	{ "abcdef", "abcdef\n", "abcdef\n", "abcdef\n" },
	{ "abcdefg", "abcde…\n", "…cdefg\n", "abcde~\n" },
	{ "日本語", "日本語\n", "日本語\n", "???\n" },
	{ "a日本語", "a日本…\n", "…本語\n", "a???\n" },
	{ "日本語x", "日本…\n", "…本語x\n", "???x\n" },
	{ "e\xcc\x81t", "et\n", "et\n", "e?t\n" },
	{ "a\033[2Jb", "a?[2Jb\n", "a?[2Jb\n", "a?[2Jb\n" },
	{ "a\xc2\x9b"
	  "b",
	  "a?b\n", "a?b\n", "a?b\n" },
	{ "a\tb\nc\177", "a?b?c?\n", "a?b?c?\n", "a?b?c?\n" },
	{ "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd\n", "a\xef\xbf\xbd\xef\xbf\xbd\n", "a??\n" },
	{ "\xed\xa0", "\xef\xbf\xbd\xef\xbf\xbd\n", "\xef\xbf\xbd\xef\xbf\xbd\n", "??\n" },
	{ "5 µs", "5 µs\n", "5 µs\n", "5 us\n" },
	{ "", "", "", "" },
};

START_TEST(long_texts_are_shortened)
{
	begin(8, 2, true);
	ck_assert_uint_le(ctl_canvas_text(&canvas, 0, 0, 6, CTL_PLAIN, texts[_i].text), 6);
	is(CTL_NO_CODES, false, texts[_i].cut);
	begin(6, 2, true);
	ck_assert_uint_le(ctl_canvas_tail(&canvas, 0, 0, 100, CTL_PLAIN, texts[_i].text), 6);
	is(CTL_NO_CODES, false, texts[_i].tail);
	begin(8, 2, false);
	ck_assert_uint_le(ctl_canvas_text(&canvas, 0, 0, 6, CTL_PLAIN, texts[_i].text), 6);
	is(CTL_NO_CODES, false, texts[_i].ascii);
}
END_TEST

START_TEST(drawing_beyond_the_edges_has_no_effect)
{
	begin(4, 2, true);
	ctl_canvas_text(&canvas, 0, 3, 100, CTL_PLAIN, "日");
	ctl_canvas_text(&canvas, 0, 4, 100, CTL_PLAIN, "x");
	ctl_canvas_text(&canvas, 2, 0, 100, CTL_PLAIN, "x");
	ctl_canvas_tail(&canvas, 0, 100, 5, CTL_PLAIN, "xxxxxxxx");
	ctl_canvas_glyph(&canvas, 0, 4, CTL_PLAIN, 'x', 'x');
	ctl_canvas_glyph(&canvas, 2, 0, CTL_PLAIN, 'x', 'x');
	ctl_canvas_style_row(&canvas, 2, CTL_BAR);
	ctl_canvas_bar(&canvas, 1, 2, 100, CTL_PLAIN, 1);
	ctl_canvas_text(&canvas, 1, 0, 0, CTL_PLAIN, "x");
	is(CTL_NO_CODES, false, "   …\n  ██\n");
}
END_TEST

START_TEST(empty_canvas)
{
	begin(0, 0, true);
	ctl_canvas_text(&canvas, 0, 0, 5, CTL_PLAIN, "x");
	is(CTL_NO_CODES, false, "");
	begin(3, 2, true);
	is(CTL_COLOURS_8, true, "\033[H\033[K\r\n\033[K");
}
END_TEST

START_TEST(terminal_codes)
{
	begin(4, 3, true);
	ctl_canvas_text(&canvas, 0, 0, 4, CTL_BAR,
			"abcd"); /* a row that fills the width has no code to clear its rest */
	ctl_canvas_text(&canvas, 1, 0, 4, CTL_RED, "r");
	ctl_canvas_text(&canvas, 1, 1, 4, CTL_PLAIN, "p");
	ctl_canvas_glyph(&canvas, 2, 0, CTL_HEAT + 7, 0x2588, '#');
	is(CTL_COLOURS_256, true,
	   "\033[H\033[0;7mabcd\033[0m\r\n\033[0;1;31mr\033[0mp\033[K\r\n\033[0;38;5;229m█\033[0m\033[K");
	begin(4, 1, true);
	ctl_canvas_text(&canvas, 0, 0, 4, CTL_RED, "r");
	ctl_canvas_glyph(&canvas, 0, 1, CTL_HEAT, 0x2591, '.');
	is(CTL_MONOCHROME, true, "\033[H\033[0;1mr\033[0m░\033[0m\033[K");
	begin(4, 2, true);
	ctl_canvas_style_row(&canvas, 0, CTL_BAR);
	is(CTL_COLOURS_8, true, "\033[H\033[0;7m    \033[0m\r\n\033[K");
	begin(4, 3, true);
	ctl_canvas_text(&canvas, 0, 1, 4, CTL_GREEN, "g");
	is(CTL_COLOURS_8, false, " \033[0;32mg\033[0m\n");
}
END_TEST

START_TEST(bars_and_levels)
{
	begin(10, 3, true);
	for (unsigned i = 0; i <= 9; i++)
		ctl_canvas_level(&canvas, 0, i, CTL_PLAIN, i);
	ctl_canvas_bar(&canvas, 1, 0, 10, CTL_PLAIN, 0.5625);
	ctl_canvas_bar(&canvas, 2, 0, 10, CTL_PLAIN, 0.0001);
	is(CTL_NO_CODES, false, " ▁▂▃▄▅▆▇██\n█████▋\n▏\n");
	begin(10, 3, false);
	ctl_canvas_level(&canvas, 0, 0, CTL_PLAIN, 8);
	ctl_canvas_bar(&canvas, 1, 0, 10, CTL_PLAIN, 0.5625);
	ctl_canvas_bar(&canvas, 2, 0, 10, CTL_PLAIN, 0.0001);
	is(CTL_NO_CODES, false, "@\n######\n#\n");
}
END_TEST

static const struct ctl_column columns[] = { { "name", 4, 0, true }, { "kind", 4, 2, true }, { "size", 5, 1, false } };

START_TEST(columns_are_left_out_by_priority)
{
	char row[CTL_COLUMNS_MAX][CTL_COLUMNS_BYTES] = { "", "k", "12" };
	struct ctl_columns table;

	begin(20, 2, true);
	ctl_columns_fit(&table, columns, 3, 0, 20);
	ctl_columns_titles(&canvas, 0, &table);
	ctl_columns_row(&canvas, 1, &table, CTL_PLAIN, "/long/name", row);
	is(CTL_NO_CODES, false, "name     kind   size\n…g/name  k        12\n");
	begin(16, 2, true);
	ctl_columns_fit(&table, columns, 3, 0, 16);
	ctl_columns_titles(&canvas, 0, &table);
	is(CTL_NO_CODES, false, "name        size\n");
	begin(10, 2, true);
	ctl_columns_fit(&table, columns, 3, 0, 10);
	ctl_columns_row(&canvas, 0, &table, CTL_PLAIN, "/long/name", row);
	is(CTL_NO_CODES, false, "/long/name\n");
	begin(30, 2, true);
	ctl_columns_spread(&table, columns, 3, 1, 29);
	ctl_columns_titles(&canvas, 0, &table);
	is(CTL_NO_CODES, false, " name       kind        size\n");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ctl_canvas");
	TCase *t = tcase_create("ctl_canvas");
	tcase_add_loop_test(t, long_texts_are_shortened, 0, ROWS(texts));
	tcase_add_test(t, drawing_beyond_the_edges_has_no_effect);
	tcase_add_test(t, empty_canvas);
	tcase_add_test(t, terminal_codes);
	tcase_add_test(t, bars_and_levels);
	tcase_add_test(t, columns_are_left_out_by_priority);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
