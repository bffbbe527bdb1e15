/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stored form of the values of a block, and how one block overrides another. */
#include "site/settings.h"

#include <string.h>

#include "../suite.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static const struct {
	text_list_parse_fn parse;
	const char *text;
	const char *first, *second; /* the stored strings; NULL: the value is rejected */
} values[] = {
	{ settings_parse_header, "X-A: b", "=X-A", "b" },
	{ settings_parse_header, "X-A:b", "=X-A", "b" },
	{ settings_parse_header, "A:b", "=A", "b" },
	{ settings_parse_header, "X-A: \t b c", "=X-A", "b c" },
	{ settings_parse_header, "X: a: b", "=X", "a: b" },
	{ settings_parse_header, "+Link: <a>", "+Link", "<a>" },
	{ settings_parse_header, "+L:a", "+L", "a" },
	{ settings_parse_header, "-Server", "-Server", "" },
	{ settings_parse_header, "", NULL, NULL },
	{ settings_parse_header, ":", NULL, NULL },
	{ settings_parse_header, "+", NULL, NULL },
	{ settings_parse_header, "-", NULL, NULL },
	{ settings_parse_header, "-A: b", NULL, NULL },
	{ settings_parse_header, "A", NULL, NULL },
	{ settings_parse_header, "A:", NULL, NULL },
	{ settings_parse_header, "A: ", NULL, NULL },
	{ settings_parse_header, "A b: c", NULL, NULL },
	{ settings_parse_header, "A: b\nC: d", NULL, NULL },
	{ settings_parse_header, "content-length: 1", NULL, NULL },
	{ settings_parse_header, "-Transfer-Encoding", NULL, NULL },
	{ settings_parse_mime, ".a b/c", "a", "b/c" },
	{ settings_parse_mime, "a  b/c; d=e", "a", "b/c; d=e" },
	{ settings_parse_mime, "a b", NULL, NULL },
	{ settings_parse_mime, "a", NULL, NULL },
	{ settings_parse_mime, ". a/b", NULL, NULL },
	{ settings_parse_mime, " a/b", NULL, NULL },
	{ settings_parse_error_page, "404 /x", "404", "/x" },
	{ settings_parse_error_page, "5xx\t/x y", "5xx", "/x y" },
	{ settings_parse_error_page, "404 410 /gone", "404 410", "/gone" },
	{ settings_parse_error_page, "500 \t 502  5xx   /50x.html", "500 \t 502  5xx", "/50x.html" },
	{ settings_parse_error_page, "404,410 /gone", NULL, NULL },
	{ settings_parse_error_page, "404 200 /x", NULL, NULL },
	{ settings_parse_error_page, "404 = /x", NULL, NULL },
	{ settings_parse_error_page, "404 4x /x", NULL, NULL },
	{ settings_parse_error_page, "404 410", NULL, NULL },
	{ settings_parse_error_page, "/x", NULL, NULL },
	{ settings_parse_error_page, "", NULL, NULL },
	{ settings_parse_error_page, "404 x", NULL, NULL },
	{ settings_parse_error_page, "404", NULL, NULL },
	{ settings_parse_error_page, "304 /x", NULL, NULL },
	{ settings_parse_error_page, "40x /x", NULL, NULL },
	{ settings_parse_error_page, "4044 /x", NULL, NULL },
	{ settings_parse_redirect, "/x", "302", "/x" },
	{ settings_parse_redirect, "/", "302", "/" },
	{ settings_parse_redirect, "308 https://a/{path}", "308", "https://a/{path}" },
	{ settings_parse_redirect, "301 /", "301", "/" },
	{ settings_parse_redirect, "300 /", NULL, NULL },
	{ settings_parse_redirect, "301", NULL, NULL },
	{ settings_parse_redirect, "301 ", NULL, NULL },
	{ settings_parse_redirect, "301 x", NULL, NULL },
	{ settings_parse_redirect, "//a b", NULL, NULL },
	{ settings_parse_redirect, "", NULL, NULL },
	{ settings_parse_cors, "*", "*", NULL },
	{ settings_parse_cors, "https://a.b:1", "https://a.b:1", NULL },
	{ settings_parse_cors, "https://a/", NULL, NULL },
	{ settings_parse_cors, "https://", NULL, NULL },
	{ settings_parse_cors, "a", NULL, NULL },
	{ settings_parse_path, "/a", "/a", NULL },
	{ settings_parse_path, "{path}.html", "{path}.html", NULL },
	{ settings_parse_path, "{rest}", NULL, NULL },
	{ settings_parse_index, "a b", NULL, NULL },
	{ settings_parse_index, "..", NULL, NULL },
	{ settings_parse_index, "a/b", NULL, NULL },
};

START_TEST(values_are_parsed)
{
	struct text_list list = { 0 };
	const char *fault = text_list_add(&list, values[_i].text, values[_i].parse);
	if (values[_i].first == NULL) {
		ck_assert_ptr_nonnull(fault);
		ck_assert_uint_eq(list.count, 0);
		return;
	}
	ck_assert_ptr_null(fault);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.list[0], values[_i].first);
	if (values[_i].second != NULL)
		ck_assert_str_eq(text_list_second(list.list[0]), values[_i].second);
	text_list_clear(&list);
}
END_TEST

START_TEST(an_inner_block_overrides_an_outer_one)
{
	struct settings outer = { .cache = RULE_CACHE_PIN, .listing = true, .rate_bytes = 5, .charset = (char *)"a" };
	struct settings inner = { .cache = RULE_CACHE_NEVER, .rate_bytes = 7, .charset = (char *)"b" };
	inner.set = UINT64_C(1) << SETTING_CACHE | UINT64_C(1) << SETTING_CHARSET;
	settings_override(&outer, &inner);
	ck_assert_int_eq(outer.cache, RULE_CACHE_NEVER);
	ck_assert(outer.listing);
	ck_assert_uint_eq(outer.rate_bytes, 5);
	ck_assert_str_eq(outer.charset, "b");
	ck_assert_uint_eq(outer.set, inner.set);
}
END_TEST

START_TEST(a_second_value_replaces_the_first)
{
	char *value = NULL;
	ck_assert_ptr_null(text_list_set(&value, "/a", settings_parse_redirect));
	ck_assert_ptr_nonnull(text_list_set(&value, "b", settings_parse_redirect));
	ck_assert_str_eq(text_list_second(value), "/a");
	ck_assert_ptr_null(text_list_set(&value, "303 /c", settings_parse_redirect));
	ck_assert_str_eq(value, "303");
	struct settings settings = { .redirect = value };
	settings_fini(&settings);
	ck_assert_ptr_null(settings.redirect);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *cases = tcase_create("settings");
	tcase_add_loop_test(cases, values_are_parsed, 0, ROWS(values));
	tcase_add_test(cases, an_inner_block_overrides_an_outer_one);
	tcase_add_test(cases, a_second_value_replaces_the_first);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
