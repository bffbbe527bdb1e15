/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content types: the built-in table, and files in the format of mime.types. */
#include "site/mime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"

#define UNKNOWN "application/octet-stream"
#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static struct mime *mime;

static void use_built_in(void)
{
	ck_assert_int_eq(mime_new(&mime, NULL), 0);
}

/* Creates a mime.types file with this text. */
static void use_file(const char *text)
{
	char path[] = "/tmp/test_mime.XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	int result = mime_new(&mime, path);
	unlink(path);
	ck_assert_int_eq(result, 0);
}

static void forget(void)
{
	mime_free(mime);
	mime = NULL;
}

static const struct {
	const char *name, *type;
} built_in[] = {
	{ "index.html", "text/html; charset=utf-8" },
	{ "a.css", "text/css; charset=utf-8" },
	{ "a.js", "text/javascript; charset=utf-8" },
	{ "a.mjs", "text/javascript; charset=utf-8" },
	{ "a.txt", "text/plain; charset=utf-8" },
	{ "a.md", "text/markdown; charset=utf-8" },
	{ "a.csv", "text/csv; charset=utf-8" },
	{ "a.json", "application/json" },
	{ "a.map", "application/json" },
	{ "a.wasm", "application/wasm" },
	{ "a.svg", "image/svg+xml" },
	{ "a.png", "image/png" },
	{ "a.jpg", "image/jpeg" },
	{ "a.avif", "image/avif" },
	{ "a.mp4", "video/mp4" },
	{ "a.ts", "video/mp2t" },
	{ "a.m3u8", "application/vnd.apple.mpegurl" },
	{ "a.mpd", "application/dash+xml" },
	{ "a.pdf", "application/pdf" },
	{ "a.zst", "application/zstd" },
	{ "a.deb", "application/vnd.debian.binary-package" },
	{ "a.parquet", "application/vnd.apache.parquet" },
	{ "a.pmtiles", "application/vnd.pmtiles" },
	{ "a.geojson", "application/geo+json" },
	{ "a.tif", "image/tiff" },
	{ "a.woff2", "font/woff2" },
	{ "a.onnx", UNKNOWN },
	/* the last extension counts, in any case */
	{ "a.tar.gz", "application/gzip" },
	{ "a.gz.tar", "application/x-tar" },
	{ "A.HTML", "text/html; charset=utf-8" },
	{ "a b.Png", "image/png" },
	/* only the last name of a path counts */
	{ "dir.html/a", UNKNOWN },
	{ "dir.html/a.png", "image/png" },
	/* no extension */
	{ "", UNKNOWN },
	{ "README", UNKNOWN },
	{ "html", UNKNOWN },
	{ "a.", UNKNOWN },
	{ "a.html.", UNKNOWN },
	{ ".", UNKNOWN },
	{ ".html", UNKNOWN },
	{ "..html", UNKNOWN },
	{ "dir/.html", UNKNOWN },
	{ ".a.html", "text/html; charset=utf-8" },
	{ "a.unknown", UNKNOWN },
	{ "a.html ", UNKNOWN },
	{ "a.0123456789012345678901234567890123456789", UNKNOWN },
};

START_TEST(looks_up_the_built_in_table)
{
	ck_assert_str_eq(mime_type(mime, built_in[_i].name), built_in[_i].type);
}
END_TEST

START_TEST(values_are_formatted_once)
{
	ck_assert_ptr_eq(mime_type(mime, "a.html"), mime_type(mime, "b.HTML"));
}
END_TEST

START_TEST(the_file_overrides_the_table)
{
	use_file("application/x-own\thtml own\n");
	ck_assert_str_eq(mime_type(mime, "a.html"), "application/x-own");
	ck_assert_str_eq(mime_type(mime, "a.own"), "application/x-own");
	ck_assert_str_eq(mime_type(mime, "a.htm"), "text/html; charset=utf-8");
}
END_TEST

START_TEST(the_first_definition_wins)
{
	use_file("x/one a\nx/two a b\n");
	ck_assert_str_eq(mime_type(mime, "f.a"), "x/one");
	ck_assert_str_eq(mime_type(mime, "f.b"), "x/two");
}
END_TEST

START_TEST(text_has_a_charset)
{
	use_file("text/x-own own\nTEXT/x-loud loud\ntextual/x x\n");
	ck_assert_str_eq(mime_type(mime, "a.own"), "text/x-own; charset=utf-8");
	ck_assert_str_eq(mime_type(mime, "a.loud"), "TEXT/x-loud; charset=utf-8");
	ck_assert_str_eq(mime_type(mime, "a.x"), "textual/x");
}
END_TEST

START_TEST(accepts_comments_blanks_and_line_ends)
{
	use_file("# x/no a\n\n   \n#x/no b\n  x/lead\t \tc  d\t\nx/dos e\r\nx/note f # g\nx/none\nx/last h");
	ck_assert_str_eq(mime_type(mime, "f.a"), UNKNOWN);
	ck_assert_str_eq(mime_type(mime, "f.b"), UNKNOWN);
	ck_assert_str_eq(mime_type(mime, "f.c"), "x/lead");
	ck_assert_str_eq(mime_type(mime, "f.d"), "x/lead");
	ck_assert_str_eq(mime_type(mime, "f.e"), "x/dos");
	ck_assert_str_eq(mime_type(mime, "f.f"), "x/note");
	ck_assert_str_eq(mime_type(mime, "f.g"), UNKNOWN);
	ck_assert_str_eq(mime_type(mime, "f.h"), "x/last");
}
END_TEST

START_TEST(malformed_lines_are_skipped)
{
	use_file("noslash a\n/x a\nx/ a\nx/y/z a\nx/y; a\nx/\xc3\xa9 a\nx/\x01 a\n\"x/y\" a\nx/good b\n");
	ck_assert_str_eq(mime_type(mime, "f.a"), UNKNOWN);
	ck_assert_str_eq(mime_type(mime, "f.b"), "x/good");
}
END_TEST

START_TEST(long_types_and_extensions_are_skipped)
{
	char text[1024] = "x/";
	memset(text + 2, 'y', 200);
	strcpy(text + 202, " a\nx/long 01234567890123456789012345678901 b\n");
	use_file(text);
	ck_assert_str_eq(mime_type(mime, "f.a"), UNKNOWN);
	ck_assert_str_eq(mime_type(mime, "f.01234567890123456789012345678901"), UNKNOWN);
	ck_assert_str_eq(mime_type(mime, "f.b"), "x/long");
}
END_TEST

START_TEST(upper_case_extensions_of_the_file_match)
{
	use_file("x/z Z\n");
	ck_assert_str_eq(mime_type(mime, "a.z"), "x/z");
	ck_assert_str_eq(mime_type(mime, "a.Z"), "x/z");
}
END_TEST

START_TEST(ts_is_video_even_if_the_file_says_linguist)
{
	use_file("text/vnd.trolltech.linguist ts qm\n");
	ck_assert_str_eq(mime_type(mime, "a.ts"), "video/mp2t");
	ck_assert_str_eq(mime_type(mime, "a.qm"), "text/vnd.trolltech.linguist; charset=utf-8");
	forget();
	use_file("text/typescript ts\n");
	ck_assert_str_eq(mime_type(mime, "a.ts"), "text/typescript; charset=utf-8");
}
END_TEST

START_TEST(a_missing_file_is_not_an_error)
{
	ck_assert_int_eq(mime_new(&mime, "/nonexistent/mime.types"), 0);
	ck_assert_str_eq(mime_type(mime, "a.png"), "image/png");
}
END_TEST

START_TEST(an_unreadable_file_is_an_error)
{
	ck_assert_int_eq(mime_new(&mime, "/"), -EISDIR);
	ck_assert_ptr_null(mime);
}
END_TEST

START_TEST(null_can_be_freed)
{
	mime_free(NULL);
}
END_TEST

static void add_tests_of_files(TCase *t)
{
	tcase_add_test(t, the_file_overrides_the_table);
	tcase_add_test(t, the_first_definition_wins);
	tcase_add_test(t, text_has_a_charset);
	tcase_add_test(t, accepts_comments_blanks_and_line_ends);
	tcase_add_test(t, malformed_lines_are_skipped);
	tcase_add_test(t, long_types_and_extensions_are_skipped);
	tcase_add_test(t, upper_case_extensions_of_the_file_match);
	tcase_add_test(t, ts_is_video_even_if_the_file_says_linguist);
	tcase_add_test(t, a_missing_file_is_not_an_error);
	tcase_add_test(t, an_unreadable_file_is_an_error);
	tcase_add_test(t, null_can_be_freed);
}

static Suite *suite(void)
{
	Suite *s = suite_create("mime");
	TCase *table = tcase_create("table"), *files = tcase_create("files");
	tcase_add_checked_fixture(table, use_built_in, forget);
	tcase_add_loop_test(table, looks_up_the_built_in_table, 0, ROWS(built_in));
	tcase_add_test(table, values_are_formatted_once);
	tcase_add_checked_fixture(files, NULL, forget);
	add_tests_of_files(files);
	suite_add_tcase(s, table);
	suite_add_tcase(s, files);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
