/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of the access log. */
#include "http/access.h"

#include <string.h>

#include "suite.h"

static const struct access_entry plain = {
	.client = "127.0.0.1",
	.time = 1795390001,
	.method = "GET",
	.target = "/x?y",
	.version = "HTTP/1.1",
	.status = 206,
	.sent_bytes = 100,
	.range = "bytes=0-99",
	.taken_ns = 1000123000,
};

START_TEST(combined_with_range_and_time)
{
	char line[ACCESS_LINE_BYTES];
	size_t length = access_format(&plain, line);

	ck_assert_str_eq(line, "127.0.0.1 - - [22/Nov/2026:23:26:41 +0000] \"GET /x?y HTTP/1.1\" 206 100 \"-\" \"-\" \"bytes=0-99\" 1.000123");
	ck_assert_uint_eq(length, strlen(line));
}
END_TEST

START_TEST(what_a_client_sent_is_escaped)
{
	struct access_entry entry = plain;
	char line[ACCESS_LINE_BYTES];

	entry.referer = "a\"b\\c\n\x7f\xc3\xa9";
	entry.user_agent = "";
	access_format(&entry, line);
	ck_assert_ptr_nonnull(strstr(line, " 100 \"a\\x22b\\x5cc\\x0a\\x7f\xc3\xa9\" \"-\" \"bytes"));
}
END_TEST

START_TEST(long_parts_are_cut_and_the_rest_stays)
{
	struct access_entry entry = plain;
	char line[ACCESS_LINE_BYTES], text[9000];

	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	entry.target = entry.referer = entry.user_agent = entry.range = text;
	ck_assert_uint_lt(access_format(&entry, line), ACCESS_LINE_BYTES);
	ck_assert_ptr_nonnull(strstr(line, " HTTP/1.1\" 206 100 "));
	ck_assert_str_eq(line + strlen(line) - 8, "1.000123");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tests = tcase_create("access");

	tcase_add_test(tests, combined_with_range_and_time);
	tcase_add_test(tests, what_a_client_sent_is_escaped);
	tcase_add_test(tests, long_parts_are_cut_and_the_rest_stays);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
