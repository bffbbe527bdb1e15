/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rejection of requests because of their head, with one row for each rule. */
#include "http/fields.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"

/* `lines` consists of "Name: value\n" lines. */
static void add_lines(struct fields *fields, char *lines)
{
	char *state = NULL;

	for (char *line = strtok_r(lines, "\n", &state); line != NULL; line = strtok_r(NULL, "\n", &state)) {
		char *colon = strchr(line, ':');

		*colon = '\0';
		ck_assert_int_eq(fields_add(fields, line, strlen(line), colon + 2), 0);
	}
}

static const struct {
	const char *method, *lines;
	bool http_1_0;
	size_t target, header;
	unsigned status;
} faults[] = {
	{ "GET", "Host: a\n", false, 1, 100, 0 },
	{ "HEAD", "host: a\nrange: bytes=0-\nrange: bytes=1-\n", false, 1, 100, 0 },
	{ "OPTIONS", "Host: a\n", false, 1, 100, 0 },
	{ "GET", "Accept: x\n", false, 1, 100, 400 }, /* HTTP/1.1 without Host */
	{ "GET", "Accept: x\n", true, 1, 100, 0 },
	{ "GET", "Host: a\nHost: a\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nContent-Length: 5\nContent-Length: 5\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nContent-Length: 5\nTransfer-Encoding: chunked\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nContent-Length: +5\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nContent-Length: 99999999999999999999\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nContent-Length: 65536\n", false, 1, 100, 0 },
	{ "GET", "Host: a\nContent-Length: 65537\n", false, 1, 100, 413 },
	{ "GET", "Host: a\nTransfer-Encoding: Chunked\n", false, 1, 100, 0 },
	{ "GET", "Host: a\nTransfer-Encoding: gzip, chunked\n", false, 1, 100, 501 },
	{ "GET", "Host: a\nTransfer-Encoding: gzip ,\tx;q=\"1\",  CHUNKED\n", false, 1, 100, 501 },
	{ "GET", "Host: a\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nTransfer-Encoding: gzip\nTransfer-Encoding: chunked\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nTransfer-Encoding: chunked, Chunked\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nTransfer-Encoding: chunked , gzip, chunked\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nTransfer-Encoding: chunked, gzip\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nTransfer-Encoding: gzip\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nTransfer-Encoding: identity\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nTransfer-Encoding: \n", false, 1, 100, 400 },
	{ "GET", "Host: a\nTransfer-Encoding: ,chunked\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nTransfer-Encoding: chunked;q=1\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nX: a\rb\n", false, 1, 100, 400 },
	{ "GET", "Host: a b\n", false, 1, 100, 400 },
	{ "GET", "Host: http://a\n", true, 1, 100, 400 },
	{ "GET", "Host: \n", false, 1, 100, 0 },
	{ "GET", "Host : a\n", false, 1, 100, 400 },
	{ "GET", "Host: a\nB@d: a\n", false, 1, 100, 400 },
	{ "GET", "Host: a\n", false, 8192, 100, 0 },
	{ "GET", "Host: a\n", false, 8193, 100, 414 },
	{ "GET", "Host: a\n", false, 1, 12289, 431 },
	{ "POST", "Host: a\n", false, 1, 100, 405 },
	{ "CONNECT", "Host: a\n", false, 1, 100, 405 },
	{ "get", "Host: a\n", false, 1, 100, 501 },
	{ "BREW", "Host: a\n", false, 1, 100, 501 },
};

START_TEST(rejects_ambiguous_heads)
{
	static const struct fields_limits limits = { FIELDS_TARGET_MAX, FIELDS_HEADER_USUAL, 100 };
	struct fields fields = { 0 };
	char lines[256];

	snprintf(lines, sizeof(lines), "%s", faults[_i].lines);
	add_lines(&fields, lines);
	ck_assert_uint_eq(fields_refuse(&fields, &limits, fields_method(faults[_i].method), faults[_i].http_1_0,
					faults[_i].target, faults[_i].header),
			  faults[_i].status);
	fields_fini(&fields);
}
END_TEST

START_TEST(conditions_in_several_lines_are_one_list)
{
	struct fields fields = { 0 };
	char lines[] = "If-None-Match: \"a\"\nif-none-match: \"b\"\nIf-None-Match: \"c\"\nIf-Match: *\nIgnored: x\n";

	add_lines(&fields, lines);
	ck_assert_str_eq(fields.conditions.if_none_match, "\"a\", \"b\", \"c\"");
	ck_assert_str_eq(fields.conditions.if_match, "*");
	ck_assert_ptr_null(fields.conditions.if_range);
	fields_fini(&fields);
}
END_TEST

START_TEST(range_lines_are_counted)
{
	struct fields fields = { 0 };
	char lines[] = "Range: bytes=0-1\nRANGE: bytes=2-3\n";

	add_lines(&fields, lines);
	ck_assert_uint_eq(fields.ranges, 2);
	ck_assert_int_eq(fields_add(&fields, "Range", 5, NULL), 0);
	ck_assert_str_eq(fields.range, "");
	fields_fini(&fields);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fields");
	TCase *tests = tcase_create("fields");

	tcase_add_loop_test(tests, rejects_ambiguous_heads, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, conditions_in_several_lines_are_one_list);
	tcase_add_test(tests, range_lines_are_counted);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
