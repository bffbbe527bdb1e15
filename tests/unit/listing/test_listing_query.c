/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The query of a listing, and the kinds of files by their extensions. */
#include "listing/listing_query.h"

#include <string.h>

#include "../suite.h"
#include "listing/file_kind.h"

static void check_text(struct text *text, const char *expected)
{
	ck_assert(!text->failed);
	ck_assert_msg(text->used == strlen(expected) &&
			      (text->used == 0 || memcmp(text->bytes, expected, text->used) == 0),
		      "got %.*s, expected %s", (int)text->used, text->bytes, expected);
	text_fini(text);
}

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

int main(void)
{
	Suite *suite = suite_create("listing_query");
	TCase *tests = tcase_create("listing_query");

	tcase_add_test(tests, writes_a_query);
	tcase_add_test(tests, ignores_invalid_parameters_of_a_query);
	tcase_add_test(tests, kinds_by_extension);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
