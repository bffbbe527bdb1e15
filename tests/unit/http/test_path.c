/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Request targets, with one table for each rule, and the relative Location of directories. */
#include "http/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../suite.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static struct path path;

static const struct {
	const char *target, *file;
	bool slash;
} resolved[] = {
	{ "/", "", true },
	{ "/a", "a", false },
	{ "/a/", "a", true },
	{ "/a/b", "a/b", false },
	{ "/a//b", "a/b", false },
	{ "//a", "a", false },
	{ "///", "", true },
	{ "/a///", "a", true },
	/* dot segments, also escaped ones */
	{ "/.", "", true },
	{ "/..", "", true },
	{ "/../", "", true },
	{ "/../../a", "a", false },
	{ "/a/.", "a", true },
	{ "/a/./b", "a/b", false },
	{ "/a/..", "", true },
	{ "/a/../b", "b", false },
	{ "/a/b/..", "a", true },
	{ "/a/b/../", "a", true },
	{ "/a/b/../../../c", "c", false },
	{ "/a//../b", "b", false },
	{ "/a/%2e%2e/b", "b", false },
	{ "/a/%2E./b", "b", false },
	{ "/a/.%2e", "", true },
	{ "/a/%2e", "a", true },
	{ "/%2e%2e/%2e%2e/etc/passwd", "etc/passwd", false },
	{ "/a/...", "a/...", false },
	{ "/a/..b", "a/..b", false },
	{ "/a/b..", "a/b..", false },
	/* decoded once */
	{ "/%61", "a", false },
	{ "/a%20b", "a b", false },
	{ "/a+b", "a+b", false },
	{ "/%2561", "%61", false },
	{ "/%252e%252e/a", "%2e%2e/a", false },
	{ "/%252F", "%2F", false },
	{ "/%C3%A9", "\xc3\xa9", false },
	{ "/%ff%01%0a%7f", "\xff\x01\n\x7f", false },
	{ "/%3Fx%23y", "?x#y", false },
	/* a backslash is an ordinary byte */
	{ "/a\\..\\b", "a\\..\\b", false },
	{ "/a%5C..%5Cb", "a\\..\\b", false },
	/* not allowed in a URL, but tolerated */
	{ "/\"<>^`{|}", "\"<>^`{|}", false },
	{ "/\xc3\xa9", "\xc3\xa9", false },
	{ "/a:b;c=d,e@f!$&'()*~", "a:b;c=d,e@f!$&'()*~", false },
};

START_TEST(resolves_targets)
{
	int result = path_parse(resolved[_i].target, &path, NULL, NULL);
	ck_assert_msg(result == 0, "%d: %s", result, resolved[_i].target);
	ck_assert_str_eq(path.file, resolved[_i].file);
	ck_assert_msg(path.slash == resolved[_i].slash, "slash is %d: %s", path.slash, resolved[_i].target);
	ck_assert_ptr_null(path.query);
}
END_TEST

static const struct {
	const char *target;
	int result;
} refused[] = {
	/* not a target */
	{ "", -EINVAL },
	{ "*", -EINVAL },
	{ "a", -EINVAL },
	{ "?a", -EINVAL },
	{ "%2Fa", -EINVAL },
	{ "example.org:443", -EINVAL },
	{ "http:", -EINVAL },
	{ "http:/a", -EINVAL },
	{ "http://", -EINVAL },
	{ "http:///a", -EINVAL },
	{ "http://?a", -EINVAL },
	{ "ftp://h/a", -EINVAL },
	{ "httpx://h/a", -EINVAL },
	{ "\\a", -EINVAL },
	/* invalid escapes */
	{ "/%", -EINVAL },
	{ "/%2", -EINVAL },
	{ "/%2?", -EINVAL },
	{ "/%2/", -EINVAL },
	{ "/%2g", -EINVAL },
	{ "/%g2", -EINVAL },
	{ "/%%20", -EINVAL },
	{ "/%+1", -EINVAL },
	{ "/% 1", -EINVAL },
	{ "/%u0041", -EINVAL },
	{ "http://h%zz/", -EINVAL },
	/* a NUL */
	{ "/a%00", -EINVAL },
	{ "/a%00b/c", -EINVAL },
	/* unencoded blanks, control bytes, a fragment; also in the query */
	{ "/a b", -EINVAL },
	{ "/a\tb", -EINVAL },
	{ "/a\r\n", -EINVAL },
	{ "/a\x01", -EINVAL },
	{ "/a\x7f", -EINVAL },
	{ "/a#b", -EINVAL },
	{ "/a?b c", -EINVAL },
	{ "/a?b\n", -EINVAL },
	{ "/a?b#c", -EINVAL },
	{ "http://h h/", -EINVAL },
	/* an escaped slash, also in a name that ".." removes; status 400 has precedence */
	{ "/a%2Fb", -ENOENT },
	{ "/a%2fb", -ENOENT },
	{ "/%2F", -ENOENT },
	{ "/..%2f..%2fetc/passwd", -ENOENT },
	{ "/a%2Fb/../c", -ENOENT },
	{ "/a%2Fb%00", -EINVAL },
};

START_TEST(rejects_invalid_targets)
{
	int result = path_parse(refused[_i].target, &path, NULL, NULL);
	ck_assert_msg(result == refused[_i].result, "%d: %s", result, refused[_i].target);
}
END_TEST

START_TEST(an_escaped_slash_is_allowed_in_the_query)
{
	ck_assert_int_eq(path_parse("/a?b=%2F&c=%00&d=%", &path, NULL, NULL), 0);
	ck_assert_str_eq(path.query, "b=%2F&c=%00&d=%");
}
END_TEST

START_TEST(query_begins_after_the_first_question_mark)
{
	ck_assert_int_eq(path_parse("/a/?b?c=/../d", &path, NULL, NULL), 0);
	ck_assert_str_eq(path.file, "a");
	ck_assert(path.slash);
	ck_assert_str_eq(path.query, "b?c=/../d");
	ck_assert_int_eq(path_parse("/a?", &path, NULL, NULL), 0);
	ck_assert_str_eq(path.query, "");
}
END_TEST

static const struct {
	const char *target, *authority, *file, *query;
	bool slash;
} absolute[] = {
	{ "http://h/a/b", "h", "a/b", NULL, false },
	{ "https://h:8443/a/", "h:8443", "a", NULL, true },
	{ "HTTP://[::1]:80//a?q", "[::1]:80", "a", "q", false },
	{ "HttpS://h", "h", "", NULL, true },
	{ "http://h/", "h", "", NULL, true },
	{ "http://h?q", "h", "", "q", true },
	{ "http://h/..", "h", "", NULL, true },
};

START_TEST(absolute_form_has_an_authority)
{
	const char *authority;
	size_t length;
	ck_assert_int_eq(path_parse(absolute[_i].target, &path, &authority, &length), 0);
	ck_assert_uint_eq(length, strlen(absolute[_i].authority));
	ck_assert(strncmp(authority, absolute[_i].authority, length) == 0);
	ck_assert_str_eq(path.file, absolute[_i].file);
	ck_assert_pstr_eq(path.query, absolute[_i].query);
	ck_assert(path.slash == absolute[_i].slash);
}
END_TEST

START_TEST(origin_form_has_no_authority)
{
	const char *authority = "x";
	size_t length = 1;
	ck_assert_int_eq(path_parse("//h/a", &path, &authority, &length), 0);
	ck_assert_ptr_null(authority);
	ck_assert_uint_eq(length, 0);
	ck_assert_str_eq(path.file, "h/a");
}
END_TEST

static const struct {
	const char *target;
	bool hidden;
} hiding[] = {
	{ "/", false },
	{ "/a", false },
	{ "/a.b", false },
	{ "/.git", true },
	{ "/%2egit", true },
	{ "/a/.b/c", true },
	{ "/a/.b", true },
	{ "/...", true },
	{ "/..a", true },
	{ "/./a", false },
	{ "/a/../b", false },
	{ "/.git/../a", false }, /* only the resolved path counts */
	{ "/.well-known", false },
	{ "/.well-known/", false },
	{ "/.well-known/a", false },
	{ "/%2Ewell-known/a", false },
	{ "/.well-known/.a", true },
	{ "/.well-known/a/.b", true },
	{ "/.well-known2", true },
	{ "/.well-know", true },
	{ "/.Well-Known", true },
	{ "/a/.well-known", true },
	{ "/a/../.well-known/b", false },
	{ "/.zarray", false },
	{ "/a/%2ezattrs", false },
	{ "/a/b/.zgroup", false },
	{ "/.zmetadata", false },
	{ "/.zmetadata/a", true },
	{ "/.zarray/.zarray", true },
	{ "/.zarra", true },
	{ "/.zarrays", true },
	{ "/.ZARRAY", true },
	{ "/.git/.zarray", true },
};

START_TEST(names_that_begin_with_a_dot_are_hidden)
{
	ck_assert_int_eq(path_parse(hiding[_i].target, &path, NULL, NULL), 0);
	ck_assert_msg(path.hidden == hiding[_i].hidden, "hidden is %d: %s", path.hidden, hiding[_i].target);
}
END_TEST

/* Returns "/" and a name of `count` bytes, escaped or not. */
static char *target_of(unsigned count, const char *byte)
{
	static char target[4 * PATH_BYTES];
	strcpy(target, "/");
	for (unsigned i = 0; i < count; i++)
		strcat(target, byte);
	return target;
}

START_TEST(a_name_has_at_most_255_bytes)
{
	ck_assert_int_eq(path_parse(target_of(255, "a"), &path, NULL, NULL), 0);
	ck_assert_uint_eq(strlen(path.file), 255);
	ck_assert_int_eq(path_parse(target_of(255, "%61"), &path, NULL, NULL), 0);
	ck_assert_uint_eq(strlen(path.file), 255);
	ck_assert_int_eq(path_parse(target_of(256, "a"), &path, NULL, NULL), -ENAMETOOLONG);
	ck_assert_int_eq(path_parse(target_of(256, "%61"), &path, NULL, NULL), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_path_has_at_most_4095_bytes)
{
	ck_assert_int_eq(path_parse(target_of(2048, "a/"), &path, NULL, NULL), 0);
	ck_assert_uint_eq(strlen(path.file), 4095);
	ck_assert_int_eq(path_parse(strcat(target_of(2047, "a/"), "bb"), &path, NULL, NULL), -ENAMETOOLONG);
	ck_assert_int_eq(path_parse(target_of(2049, "a/"), &path, NULL, NULL), -ENAMETOOLONG);
	ck_assert_int_eq(path_parse(target_of(3000, "a/../"), &path, NULL, NULL), 0); /* the resolved path is short */
	ck_assert_str_eq(path.file, "");
}
END_TEST

static const struct {
	const char *target, *location;
} redirected[] = {
	{ "/a", "a/" },
	{ "/a/b", "b/" },
	{ "/a/b?q=1&r=/", "b/?q=1&r=/" },
	{ "/a?", "a/?" },
	{ "/a%20b", "a%20b/" },
	{ "/a:b", "./a:b/" },
	{ "/http:%20x", "./http:%20x/" },
	{ "/x/a%3Ab", "./a:b/" },
	{ "/x:y/a", "a/" },
	{ "/%3Fa%23b%25", "%3Fa%23b%25/" },
	{ "/\xc3\xa9", "%C3%A9/" },
	{ "/%0d%0aX:y", "./%0D%0AX:y/" },
	{ "/a-._~!$&'()*+,;=@Z9", "a-._~!$&'()*+,;=@Z9/" },
	{ "/a\\b\"<>^`{|}[]", "a%5Cb%22%3C%3E%5E%60%7B%7C%7D%5B%5D/" },
	{ "//h/a", "a/" },
	{ "//h", "h/" },
	{ "/", "./" },
	{ "/?q", "./?q" },
};

START_TEST(directory_location_is_relative)
{
	char text[200];
	ck_assert_int_eq(path_parse(redirected[_i].target, &path, NULL, NULL), 0);
	ck_assert_int_eq(path_directory_location(&path, text, sizeof(text)), 0);
	ck_assert_str_eq(text, redirected[_i].location);
}
END_TEST

START_TEST(directory_location_may_not_fit)
{
	char text[8] = "1234567";
	ck_assert_int_eq(path_parse("/x/a%20b?q", &path, NULL, NULL), 0); /* "a%20b/?q" and a NUL */
	ck_assert_int_eq(path_directory_location(&path, text, 8), -ENAMETOOLONG);
	ck_assert_int_eq(path_directory_location(&path, text, 0), -ENAMETOOLONG);
	ck_assert_int_eq(path_parse("/x/a%20b?", &path, NULL, NULL), 0);
	ck_assert_int_eq(path_directory_location(&path, text, 8), 0);
	ck_assert_str_eq(text, "a%20b/?");
}
END_TEST

START_TEST(location_of_every_byte_parses_to_that_byte)
{
	for (unsigned byte = 1; byte < 256; byte++) {
		char target[16], text[32], again[40];
		if (byte == '/')
			continue;
		snprintf(target, sizeof(target), "/x%%%02x", byte);
		ck_assert_int_eq(path_parse(target, &path, NULL, NULL), 0);
		ck_assert_int_eq(path_directory_location(&path, text, sizeof(text)), 0);
		snprintf(again, sizeof(again), "/%s", text);
		ck_assert_int_eq(path_parse(again, &path, NULL, NULL), 0);
		ck_assert_uint_eq((unsigned char)path.file[1], byte);
		ck_assert_uint_eq(strlen(path.file), 2);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("path");
	TCase *t = tcase_create("path");
	tcase_add_loop_test(t, resolves_targets, 0, ROWS(resolved));
	tcase_add_loop_test(t, rejects_invalid_targets, 0, ROWS(refused));
	tcase_add_test(t, an_escaped_slash_is_allowed_in_the_query);
	tcase_add_test(t, query_begins_after_the_first_question_mark);
	tcase_add_loop_test(t, absolute_form_has_an_authority, 0, ROWS(absolute));
	tcase_add_test(t, origin_form_has_no_authority);
	tcase_add_loop_test(t, names_that_begin_with_a_dot_are_hidden, 0, ROWS(hiding));
	tcase_add_test(t, a_name_has_at_most_255_bytes);
	tcase_add_test(t, a_path_has_at_most_4095_bytes);
	tcase_add_loop_test(t, directory_location_is_relative, 0, ROWS(redirected));
	tcase_add_test(t, directory_location_may_not_fit);
	tcase_add_test(t, location_of_every_byte_parses_to_that_byte);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
