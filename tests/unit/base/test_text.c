/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File names of any bytes in HTML, JSON and links; the query of a listing; kinds of files; timestamps. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/text.h"
#include "http/date.h"
#include "listing/file_kind.h"
#include "listing/listing_query.h"

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
	{ "\xe2\x80\xae", "\\u{202E}", "\xe2\x80\xae", "%E2%80%AE" }, /* right-to-left override */
	{ "\xe2\x80\xa8", "\\u{2028}", "\\u2028", "%E2%80%A8" },
	{ "\xc2\x85", "\\u{0085}", "\xc2\x85", "%C2%85" },
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

static const struct {
	const char *query;
	struct listing_query expected;
} queries[] = {
	{ NULL, { 0 } },
	{ "", { 0 } },
	{ "sort=size&order=desc", { .sort = ENTRIES_BY_SIZE, .descending = true } },
	{ "sort=time", { .sort = ENTRIES_BY_TIME } },
	{ "sort=Time&sort=&order=down&order", { 0 } },
	{ "limit=10&offset=20&format=json", { .limit = 10, .offset = 20, .format = LISTING_JSON } },
	{ "limit=-1&offset=1x&limit=&offset=99999999999999999999&format=xml&format=", { 0 } },
	{ "limit=0", { 0 } },
	{ "a=b&&&=&sort=size&sort", { .sort = ENTRIES_BY_SIZE } },
	{ "sort=size&sort=name&format=html", { .format = LISTING_HTML } },
	{ "sortx=size&xsort=size", { 0 } },
};

START_TEST(writes_a_query)
{
	struct text text = { 0 };
	struct listing_query query = { 0 };

	listing_query_put(&text, &query, NULL, "&");
	check_text(&text, "");
	listing_query_put(&text, &query, "e=1&s=x", "&amp;");
	check_text(&text, "?e=1&amp;s=x");
	query = (struct listing_query){
		.format = LISTING_JSON, .sort = ENTRIES_BY_TIME, .descending = true, .limit = 3, .offset = 6
	};
	listing_query_put(&text, &query, NULL, "&");
	check_text(&text, "?format=json&sort=time&order=desc&limit=3&offset=6");
	query = (struct listing_query){ .descending = true, .offset = 6 };
	listing_query_put(&text, &query, "e=1", "&");
	check_text(&text, "?e=1&sort=name&order=desc&offset=6");
}
END_TEST

START_TEST(ignores_invalid_parameters_of_a_query)
{
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		const struct listing_query *expected = &queries[i].expected;
		struct listing_query got;

		listing_query_parse(queries[i].query, &got);
		ck_assert_msg(got.sort == expected->sort && got.descending == expected->descending &&
				      got.limit == expected->limit && got.offset == expected->offset &&
				      got.format == expected->format,
			      "%s", queries[i].query);
	}
}
END_TEST

/* Finds extensions from the whole table, which fails if the table is not sorted. */
START_TEST(kinds_by_extension)
{
	static const struct {
		const char *name;
		enum file_kind kind;
	} files[] = {
		{ "a.7z", FILE_KIND_ARCHIVE },
		{ "a.zst", FILE_KIND_ARCHIVE },
		{ "a.PNG", FILE_KIND_IMAGE },
		{ "a.tar.gz", FILE_KIND_ARCHIVE },
		{ "a.mkv", FILE_KIND_VIDEO },
		{ "a.mp3", FILE_KIND_AUDIO },
		{ "a.c", FILE_KIND_CODE },
		{ "a.md", FILE_KIND_TEXT },
		{ "LICENSE", FILE_KIND_TEXT },
		{ "SHA256SUMS", FILE_KIND_TEXT },
		{ ".png", FILE_KIND_FILE },
		{ "a.", FILE_KIND_FILE },
		{ "a", FILE_KIND_FILE },
		{ "a.unheardofextension", FILE_KIND_FILE },
		{ "a.br", FILE_KIND_ARCHIVE },
		{ "a.jsonl", FILE_KIND_DATA },
		{ "a.m3u8", FILE_KIND_VIDEO },
		{ "a.ods", FILE_KIND_TEXT },
		{ "a.squashfs", FILE_KIND_ARCHIVE },
		{ "a.webp", FILE_KIND_IMAGE },
		{ "a.wma", FILE_KIND_AUDIO },
		{ "a.cxx", FILE_KIND_CODE },
		{ "a.html", FILE_KIND_CODE },
		{ "a.tsx", FILE_KIND_CODE },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		ck_assert_msg(file_kind_of(files[i].name) == files[i].kind, "%s is %c", files[i].name,
			      file_kind_of(files[i].name));
}
END_TEST

START_TEST(formats_timestamps_of_rfc_3339)
{
	char text[DATE_ISO_BYTES];

	ck_assert_str_eq(date_format_iso(0, text), "1970-01-01T00:00:00Z");
	ck_assert_str_eq(date_format_iso(INT64_C(1580608922123456789), text), "2020-02-02T02:02:02.123456789Z");
	ck_assert_str_eq(date_format_iso(-1, text), "1969-12-31T23:59:59.999999999Z");
	ck_assert_str_eq(date_format_iso(INT64_C(5000000001), text), "1970-01-01T00:00:05.000000001Z");
	ck_assert_uint_lt(strlen(date_format_iso(INT64_MIN, text)), DATE_ISO_BYTES);
	ck_assert_uint_lt(strlen(date_format_iso(INT64_MAX, text)), DATE_ISO_BYTES);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("text");

	tcase_add_test(t, escapes_any_name);
	tcase_add_test(t, escapes_titles_only_where_necessary);
	tcase_add_test(t, text_grows_and_drops);
	tcase_add_test(t, writes_a_query);
	tcase_add_test(t, ignores_invalid_parameters_of_a_query);
	tcase_add_test(t, kinds_by_extension);
	tcase_add_test(t, formats_timestamps_of_rfc_3339);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
