/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File names of any bytes in HTML, JSON, titles and links. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/text.h"

static const struct {
	const char *name, *html, *json, *href;
} names[] = {
	{ "plain.txt", "plain.txt", "plain.txt", "plain.txt" },
	{ "<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;", "<b>&\\\"'", "%3Cb%3E%26%22%27" },
	{ "a b", "a b", "a b", "a%20b" },
	{ "a:b", "a:b", "a:b", "a%3Ab" },
	{ "http.txt", "http.txt", "http.txt", "%68ttp.txt" },
	{ "-a", "-a", "-a", "%2Da" },
	{ "_a", "_a", "_a", "_a" },
	{ ".a", ".a", ".a", ".a" },
	{ "$", "$", "$", "%24" },
	{ "a\\b", "a\\b", "a\\\\b", "a%5Cb" },
	{ "?#%", "?#%", "?#%", "%3F%23%25" },
	{ "\x01\n\x7f", "\xe2\x90\x81\xe2\x90\x8a\xe2\x90\xa1", "\\u0001\\u000a\\u007f", "%01%0A%7F" },
	{ "\xc3\xa9", "\xc3\xa9", "\xc3\xa9", "%C3%A9" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "%F0%9F%98%80" },
	{ "\x80", "\\x80", "\\ufffd", "%80" },
	{ "\xff\xc3", "\\xFF\\xC3", "\\ufffd\\ufffd", "%FF%C3" },
	{ "\xc0\xaf", "\\xC0\\xAF", "\\ufffd\\ufffd", "%C0%AF" },		     /* overlong form */
	{ "\xed\xa0\x80", "\\xED\\xA0\\x80", "\\ufffd\\ufffd\\ufffd", "%ED%A0%80" }, /* a surrogate */
	{ "\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80", "\\ufffd\\ufffd\\ufffd\\ufffd", "%F4%90%80%80" },
	{ "\xe2\x80\xae", "\\u{202E}", "\\u202e", "%E2%80%AE" }, /* right-to-left override */
	{ "\xe2\x80\xa8", "\\u{2028}", "\\u2028", "%E2%80%A8" },
	{ "\xc2\x85", "\\u{0085}", "\\u0085", "%C2%85" },
};

static void check_text(struct text *text, const char *expected)
{
	ck_assert(!text->failed);
	ck_assert_msg(text->used == strlen(expected) &&
			      (text->used == 0 || memcmp(text->bytes, expected, text->used) == 0),
		      "got %.*s, expected %s", (int)text->used, text->bytes, expected);
	text_fini(text);
}

START_TEST(escapes_any_name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct text text = { 0 };

		text_html(&text, names[i].name, strlen(names[i].name));
		check_text(&text, names[i].html);
		text_json(&text, names[i].name, strlen(names[i].name));
		check_text(&text, names[i].json);
		text_href(&text, names[i].name, strlen(names[i].name));
		check_text(&text, names[i].href);
	}
}
END_TEST

static const struct {
	const char *name, *title;
} titles[] = {
	{ "/a b/", "/a b/" },
	{ "R&D \"x\" 'y' <z>", "R&D \"x\" 'y' <z>" },
	{ "a&amp;b", "a&amp;amp;b" },
	{ "a&lt", "a&amp;lt" },
	{ "a&#65;", "a&amp;#65;" },
	{ "&", "&" },
	{ "</title><script>", "&lt;/title><script>" },
	{ "<", "<" },
	{ "a\nb\xff", "a\xe2\x90\x8a"
		      "b\\xFF" },
};

START_TEST(escapes_titles_only_where_necessary)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++) {
		struct text text = { 0 };

		text_title(&text, titles[i].name, strlen(titles[i].name));
		check_text(&text, titles[i].title);
	}
	ck_assert(text_is_plain_path("a/b.c"));
	ck_assert(text_is_plain_path(""));
	ck_assert(!text_is_plain_path("a b"));
	ck_assert(!text_is_plain_path("a/\xc3\xa9"));
}
END_TEST

START_TEST(text_grows_and_drops)
{
	struct text text = { 0 };

	for (int i = 0; i < 2000; i++)
		text_printf(&text, "%04d", i);
	ck_assert_uint_eq(text.used, 8000);
	text_drop(&text, 7996);
	check_text(&text, "1999");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("text");

	tcase_add_test(t, escapes_any_name);
	tcase_add_test(t, escapes_titles_only_where_necessary);
	tcase_add_test(t, text_grows_and_drops);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
