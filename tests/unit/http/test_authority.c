/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Validation of the Host field, with tables of valid and invalid values. */
#include "http/authority.h"

#include <string.h>

#include "../suite.h"

static const char *const valid[] = {
	"",
	"a",
	"a.example",
	"A-b_c~d.example.",
	"a:80",
	"a:",
	"http:",
	"a:0",
	"a:00080",
	"a:65535",
	"127.0.0.1",
	"127.0.0.1:8080",
	"999.1.1.1",
	"[::1]",
	"[::1]:80",
	"[::1]:",
	"[2001:db8::1]",
	"[::ffff:1.2.3.4]:1",
	"[1:2:3:4:5:6:7:8]",
	"[v1.a:b]",
	"[vF.~]:8",
	"a%20b",
	"%C3%a9.example",
	"!$&'()*+,;=",
};
static const char *const invalid[] = {
	":80",
	":",
	"a b",
	" a",
	"a ",
	"a\t",
	"a/",
	"/",
	"a/b",
	"http://a",
	"//a",
	"user@a",
	"user:pass@a",
	"a@",
	"a:b",
	"a:80x",
	"a:-1",
	"a:+1",
	"a: 80",
	"a:65536",
	"a:99999999999999999999",
	"a:80:80",
	"a?b",
	"a#b",
	"a\\b",
	"a\"b",
	"<a>",
	"a{b}",
	"a|b",
	"a^b",
	"a`b",
	"a\001b",
	"a\177",
	"caf\303\251",
	"a%",
	"a%4",
	"a%zz",
	"a%4g",
	"[",
	"]",
	"[]",
	"[]:80",
	"[::1",
	"::1",
	"[::1]x",
	"[::1]:x",
	"[::1]:65536",
	"[::g]",
	"[1:2]",
	"[127.0.0.1]",
	"[fe80::1%25eth0]",
	"[fe80::1%eth0]",
	"[v.a]",
	"[v1.]",
	"[v1]",
	"[v1.a/b]",
	"[:::1]",
	"[::1]]",
	"a[::1]",
	"[a]",
	"[1:2:3:4:5:6:7:8:9]",
};

START_TEST(accepts)
{
	ck_assert_msg(authority_is_valid(valid[_i], strlen(valid[_i])), "\"%s\"", valid[_i]);
}
END_TEST

START_TEST(rejects)
{
	ck_assert_msg(!authority_is_valid(invalid[_i], strlen(invalid[_i])), "\"%s\"", invalid[_i]);
}
END_TEST

START_TEST(rejects_a_nul)
{
	ck_assert(!authority_is_valid("a\0b", 3));
	ck_assert(!authority_is_valid("[::1\0]", 6));
	ck_assert(!authority_is_valid("a:8\0", 4));
}
END_TEST

/* Bytes after the given length are not read. */
START_TEST(reads_no_further_than_the_length)
{
	ck_assert(authority_is_valid("a:80/path", 4));
	ck_assert(!authority_is_valid("a%41", 3));
	ck_assert(!authority_is_valid("[::1]", 4));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("authority");
	TCase *tests = tcase_create("authority");

	tcase_add_loop_test(tests, accepts, 0, sizeof(valid) / sizeof(valid[0]));
	tcase_add_loop_test(tests, rejects, 0, sizeof(invalid) / sizeof(invalid[0]));
	tcase_add_test(tests, rejects_a_nul);
	tcase_add_test(tests, reads_no_further_than_the_length);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
