/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* htpasswd files: valid lines, invalid lines with their errors, and verification of passwords. */
#include "auth/htpasswd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

/* Hashes of "secret". htpasswd -B created the first one, and mkpasswd the others. */
#define BCRYPT "$2y$05$Yxlae/qAbn68bFocoYegdOJexPIfPo1ZkkVes8t2DMJu7JEvtotne"
#define SHA256 "$5$BgHjOxsfcMtELTx6$46IWY2gTxapNmWYfHmNOXVW4CYuoq8Jbwe7BoubJrX."

static const char *const hashes[] = {
	BCRYPT,
	SHA256,
	"$2a$05$yDxQi/wYEYSjjrV4YjaScOP0SE1T/.j81d1s6h7wMifRU0i4UG9j.",
	"$2b$05$X3eqDQaW7lZ0Q8vnMkHe.e3Hk7DiOIfOW/yZFWskFDwqKsfJ2AlYW",
	"$6$YqH.M3u1fRy7TEGS$khyy.UM5l42QWIonsw.qFBSj8k8X5c9k6aeQDkA4kUMmJvDZ1ciHYV57wjy.I9s9VXoK8OEvitvIHNvRsZzWn1",
	"$6$rounds=1000$ktu/8LZgmkPNVaPk$"
	"4aBYUBxofaMUszzO0lD3KUmAiCwxtUCGbtrTYVIP7z5Tq10x6qsZvWHd6f4YN1EWzIrnA3lF/glXvG9NuXpjt.",
	"$y$j9T$OcStT4MskkGX.nD/C9iEJ1$lB7kqmIXyvMlHFLN0WbJOD7LWbPYpAwNGBc1TRhKjI6",
	"$7$BU..../....yYRDSgLJbejYGFSpuZtgo/$nwelggegIPWwQ2KEIBoUSF/kn90wQP2Pr.WG7dmov28",
	"$gy$j9T$GSGYNdDQ7HUHvgcbfB3ur.$38klQbAo3IgNyr6J5hFMEKgNVDUFgfmRWMC92CKUe.3",
};

static struct htpasswd *parsed(const char *text)
{
	struct htpasswd *htpasswd;
	struct htpasswd_fault fault;
	int error = htpasswd_parse(&htpasswd, text, strlen(text), &fault);
	ck_assert_msg(error == 0, "line %u: %s", fault.line, fault.what);
	return htpasswd;
}

START_TEST(verifies_passwords)
{
	char text[512];
	struct htpasswd *htpasswd;
	const char *hash;
	snprintf(text, sizeof(text), "user:%s\n", hashes[_i]);
	htpasswd = parsed(text);
	hash = htpasswd_find(htpasswd, "user");
	ck_assert_str_eq(hash, hashes[_i]);
	ck_assert_int_eq(htpasswd_verify(hash, "secret"), 1);
	ck_assert_int_eq(htpasswd_verify(hash, "Secret"), 0);
	ck_assert_int_eq(htpasswd_verify(hash, "secret "), 0);
	ck_assert_int_eq(htpasswd_verify(hash, ""), 0);
	htpasswd_free(htpasswd);
}
END_TEST

START_TEST(an_error_of_libcrypt_is_not_a_match)
{
	ck_assert_int_eq(htpasswd_verify("*0", "secret"), -EIO);
	ck_assert_int_eq(htpasswd_verify("$2y$99$2C3kG2Aaz4tes2X5XgndFuR0kXrN.ciQyvv3SBECiHyM8TfB1/Ywm", "secret"),
			 -EIO);
}
END_TEST

START_TEST(finds_users)
{
	struct htpasswd *htpasswd = parsed("# who may come in\n\n  \t\nzoe:" BCRYPT "\r\n\tadam:" SHA256
					   ":a comment  \n#eve:x\nm\xc3\xbcller:" SHA256);
	ck_assert_uint_eq(htpasswd_count(htpasswd), 3);
	ck_assert_str_eq(htpasswd_find(htpasswd, "zoe"), BCRYPT);
	ck_assert_str_eq(htpasswd_find(htpasswd, "adam"), SHA256);
	ck_assert_str_eq(htpasswd_find(htpasswd, "m\xc3\xbcller"), SHA256);
	ck_assert_ptr_null(htpasswd_find(htpasswd, "eve"));
	ck_assert_ptr_null(htpasswd_find(htpasswd, "#eve"));
	ck_assert_ptr_null(htpasswd_find(htpasswd, ""));
	ck_assert_ptr_null(htpasswd_find(htpasswd, "zo"));
	ck_assert_ptr_null(htpasswd_find(htpasswd, "zoee"));
	ck_assert_ptr_nonnull(htpasswd_any(htpasswd));
	htpasswd_free(htpasswd);
}
END_TEST

START_TEST(an_empty_file_has_no_users)
{
	struct htpasswd *htpasswd = parsed("# nobody\n");
	ck_assert_uint_eq(htpasswd_count(htpasswd), 0);
	ck_assert_ptr_null(htpasswd_find(htpasswd, "a"));
	ck_assert_ptr_null(htpasswd_any(htpasswd));
	htpasswd_free(htpasswd);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *word;
} faults[] = {
	{ "a:" BCRYPT "\nb\n", 2, "name:hash" },
	{ ":" BCRYPT, 1, "name is empty" },
	{ "a:" BCRYPT "\n\nb:$apr1$PZ4nHXlk$0Y6bM4d5lsQ4FLXsCzXPX0\n", 3, "htpasswd -B" },
	{ "a:$1$PZ4nHXlk$0Y6bM4d5lsQ4FLXsCzXPX0", 1, "MD5" },
	{ "a:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", 1, "htpasswd -B" },
	{ "a:{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", 1, "SHA-1" },
	{ "a:rqXexS6ZhobKA", 1, "htpasswd -B" },
	{ "a:secret", 1, "htpasswd -B" },
	{ "a:", 1, "htpasswd -B" },
	{ "a:$2y$05$2C3kG2Aaz4tes2X5XgndFuR0kXrN.ciQyvv3SBECiHyM8TfB1/Yw", 1, "truncated" },
	{ "a:$2y$05$2C3kG2Aaz4tes2X5XgndFuR0kXrN.ciQyvv3SBECiHyM8TfB1/Yw!", 1, "truncated" },
	{ "a:$2y$xx$2C3kG2Aaz4tes2X5XgndFuR0kXrN.ciQyvv3SBECiHyM8TfB1/Ywm", 1, "truncated" },
	{ "a:$5$k48d6E/cOQBFJ6dQ$UxKfm8MepjineZT73", 1, "truncated" },
	{ "a:$5$", 1, "truncated" },
	{ "a:$6$salt", 1, "truncated" },
	{ "a:$y$", 1, "truncated" },
	{ "a:$y$j9T$", 1, "truncated" },
	{ "a:" BCRYPT "\nb:" BCRYPT "\na:" SHA256 "\n", 3, "occurs twice" },
};

START_TEST(an_error_names_the_line)
{
	struct htpasswd *htpasswd = NULL;
	struct htpasswd_fault fault;
	ck_assert_int_eq(htpasswd_parse(&htpasswd, faults[_i].text, strlen(faults[_i].text), &fault), -EINVAL);
	ck_assert_uint_eq(fault.line, faults[_i].line);
	ck_assert_msg(strstr(fault.what, faults[_i].word) != NULL, "%s", fault.what);
}
END_TEST

START_TEST(rejects_a_nul_and_an_overlong_hash)
{
	struct htpasswd *htpasswd = NULL;
	struct htpasswd_fault fault;
	char text[1024] = "a:$6$";
	ck_assert_int_eq(htpasswd_parse(&htpasswd, "a\0:b", 4, &fault), -EINVAL);
	memset(text + 5, 'x', 1000);
	ck_assert_int_eq(htpasswd_parse(&htpasswd, text, strlen(text), &fault), -EINVAL);
	ck_assert_ptr_nonnull(strstr(fault.what, "too long"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("htpasswd");
	TCase *t = tcase_create("htpasswd");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, verifies_passwords, 0, ROWS(hashes));
	tcase_add_test(t, an_error_of_libcrypt_is_not_a_match);
	tcase_add_test(t, finds_users);
	tcase_add_test(t, an_empty_file_has_no_users);
	tcase_add_loop_test(t, an_error_names_the_line, 0, ROWS(faults));
	tcase_add_test(t, rejects_a_nul_and_an_overlong_hash);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
