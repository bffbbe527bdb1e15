/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key files: valid lines, and invalid lines with their positions. */
#include "auth/sign_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUITE_FORKS
#include "../suite.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static struct sign_keys *keys;
static char fault[SIGN_KEYS_FAULT_BYTES];

static int parse(const char *text)
{
	fault[0] = '\0';
	return sign_keys_parse("keys", text, strlen(text), &keys, fault);
}

/* A line, and the length of its secret. */
static const struct {
	const char *line, *id, *secret;
} read_as[] = {
	{ "a 0123456789abcdef", "a", "0123456789abcdef" },
	{ "A-z_0.9 0123456789abcdef\n", "A-z_0.9", "0123456789abcdef" },
	{ "\n# a comment\n  \t\n  #x\na 0123456789abcdef", "a", "0123456789abcdef" },
	{ " \ta\t \t0123456789abcdef \t\r\n", "a", "0123456789abcdef" },
	{ "a 0123456789#abcdef", "a", "0123456789#abcdef" },
	{ "a correct:horse+battery/staple=", "a", "correct:horse+battery/staple=" },
	{ "a hex:30313233343536373839616263646566", "a", "0123456789abcdef" },
	{ "a hex:FfFefDfC000000000000000000000001", "a", "\xff\xfe\xfd\xfc\0\0\0\0\0\0\0\0\0\0\0\1" },
	{ "a base64:MDEyMzQ1Njc4OWFiY2RlZg==", "a", "0123456789abcdef" },
	{ "a base64:MDEyMzQ1Njc4OWFiY2RlZg", "a", "0123456789abcdef" },
	{ "a base64:-_-_MDEyMzQ1Njc4OWFiY2RlZg", "a",
	  "\xfb\xff\xbf"
	  "0123456789abcdef" },
	{ "a base64:+/+/MDEyMzQ1Njc4OWFiY2RlZg", "a",
	  "\xfb\xff\xbf"
	  "0123456789abcdef" },
};

START_TEST(parses_id_and_secret)
{
	size_t length = _i == 7 ? 16 : strlen(read_as[_i].secret);

	ck_assert_msg(parse(read_as[_i].line) == 0, "%s", fault);
	ck_assert_uint_eq(keys->count, 1);
	ck_assert_str_eq(keys->list[0].id, read_as[_i].id);
	ck_assert_uint_eq(keys->list[0].secret_bytes, length);
	ck_assert_mem_eq(keys->list[0].secret, read_as[_i].secret, length);
	sign_keys_free(keys);
}
END_TEST

static const struct {
	const char *text, *fault;
} refused[] = {
	{ "", "keys: the file contains no key" },
	{ "# nothing\n\n", "keys: the file contains no key" },
	{ "a", "keys:1: expected an id and a secret, separated by a space" },
	{ "a \n", "keys:1: expected an id and a secret, separated by a space" },
	{ "a 0123456789abcdef x\n", "keys:1: expected an id and a secret, separated by a space" },
	{ "\n\na 0123456789abcde\n", "keys:3: the secret has fewer than 16 bytes; "
				     "create one with \"openssl rand -hex 32\" and prefix it with hex:" },
	{ "a hex:303132333435363738396162636465\n",
	  "keys:1: the secret has fewer than 16 bytes; "
	  "create one with \"openssl rand -hex 32\" and prefix it with hex:" },
	{ "a hex:3031323334353637383961626364656\n", "keys:1: the secret after hex: or base64: is malformed or empty" },
	{ "a hex:3031323334353637383961626364656g\n",
	  "keys:1: the secret after hex: or base64: is malformed or empty" },
	{ "a hex:\n", "keys:1: the secret after hex: or base64: is malformed or empty" },
	{ "a base64:MDEyMzQ1Njc4OWFiY2RlZ\n", "keys:1: the secret after hex: or base64: is malformed or empty" },
	{ "a base64:MDEyMzQ1Njc4OWFiY2RlZh==\n", "keys:1: the secret after hex: or base64: is malformed or empty" },
	{ "a base64:MDEyMzQ1Njc4OWFiY2RlZg===\n", "keys:1: the secret after hex: or base64: is malformed or empty" },
	{ "a 0123456789abcdef\nb&c 0123456789abcdef\n",
	  "keys:2: an id must consist of letters, digits, \".\", \"_\" and \"-\"" },
	{ "a 0123456789abcdef\na 0123456789abcdeF\n", "keys:2: the id occurs twice" },
};

START_TEST(an_error_names_the_line)
{
	ck_assert_int_eq(parse(refused[_i].text), -EINVAL);
	ck_assert_str_eq(fault, refused[_i].fault);
}
END_TEST

START_TEST(rejects_a_nul)
{
	static const char text[] = "a 0123456789abcdef\nb 0123456789\0abcdefghi\n";

	ck_assert_int_eq(sign_keys_parse("keys", text, sizeof(text) - 1, &keys, fault), -EINVAL);
	ck_assert_str_eq(fault, "keys:2: the line contains a NUL byte");
}
END_TEST

START_TEST(ids_and_secrets_have_limits)
{
	char text[2000], id[100], secret[1200];

	memset(id, 'i', sizeof(id));
	memset(secret, 's', sizeof(secret));
	sprintf(text, "%.64s %.1024s", id, secret);
	ck_assert_msg(parse(text) == 0, "%s", fault);
	sign_keys_free(keys);
	sprintf(text, "%.65s %.1024s", id, secret);
	ck_assert_int_eq(parse(text), -EINVAL);
	sprintf(text, "%.64s %.1025s", id, secret);
	ck_assert_int_eq(parse(text), -EINVAL);
}
END_TEST

START_TEST(limits_the_number_of_keys)
{
	char text[64 * 1024] = "", *end = text;

	for (unsigned i = 0; i < SIGN_KEYS_MAX; i++)
		end += sprintf(end, "k%u 0123456789abcdef\n", i);
	ck_assert_int_eq(parse(text), 0);
	ck_assert_uint_eq(keys->count, SIGN_KEYS_MAX);
	ck_assert_ptr_eq(sign_keys_find(keys, "k63"), &keys->list[63]);
	ck_assert_ptr_null(sign_keys_find(keys, "k64"));
	sign_keys_free(keys);
	strcpy(end, "k64 0123456789abcdef\n");
	ck_assert_int_eq(parse(text), -EINVAL);
}
END_TEST

START_TEST(errors_do_not_contain_secrets)
{
	ck_assert_int_eq(parse("a SECRETSECRET\n"), -EINVAL);
	ck_assert_ptr_null(strstr(fault, "SECRET"));
	ck_assert_int_eq(parse("SECRETSECRETSECRET!\n"), -EINVAL);
	ck_assert_ptr_null(strstr(fault, "SECRET"));
}
END_TEST

/* --- files --- */

static char name[] = "test_sign_keys.XXXXXX";

static void write_file(const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void make_name(void)
{
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void remove_name(void)
{
	unlink(name);
}

START_TEST(loads_a_file)
{
	write_file("new 0123456789abcdef\nold hex:30313233343536373839616263646566\n");
	ck_assert_int_eq(chmod(name, 0640), 0);
	ck_assert_int_eq(sign_keys_load(name, &keys, fault), 0);
	ck_assert_uint_eq(keys->count, 2);
	ck_assert_str_eq(keys->list[0].id, "new");
	ck_assert(!keys->exposed);
	sign_keys_free(keys);
	ck_assert_int_eq(chmod(name, 0644), 0);
	ck_assert_int_eq(sign_keys_load(name, &keys, fault), 0);
	ck_assert(keys->exposed);
	sign_keys_free(keys);
}
END_TEST

START_TEST(reports_unreadable_files)
{
	char text[SIGN_KEYS_FAULT_BYTES];

	unlink(name);
	ck_assert_int_eq(sign_keys_load(name, &keys, fault), -ENOENT);
	snprintf(text, sizeof(text), "%s: No such file or directory", name);
	ck_assert_str_eq(fault, text);
	ck_assert_int_eq(sign_keys_load("/", &keys, fault), -EISDIR);
	ck_assert_int_eq(sign_keys_load("/dev/zero", &keys, fault), -EFBIG);
	write_file("a short\n");
	ck_assert_int_eq(sign_keys_load(name, &keys, fault), -EINVAL);
	ck_assert_int_eq(strncmp(fault, name, strlen(name)), 0);
	ck_assert_int_eq(strncmp(fault + strlen(name), ":1: ", 4), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sign_keys");
	TCase *t = tcase_create("text"), *files = tcase_create("file");
	tcase_add_loop_test(t, parses_id_and_secret, 0, ROWS(read_as));
	tcase_add_loop_test(t, an_error_names_the_line, 0, ROWS(refused));
	tcase_add_test(t, rejects_a_nul);
	tcase_add_test(t, ids_and_secrets_have_limits);
	tcase_add_test(t, limits_the_number_of_keys);
	tcase_add_test(t, errors_do_not_contain_secrets);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(files, make_name, remove_name);
	tcase_add_test(files, loads_a_file);
	tcase_add_test(files, reports_unreadable_files);
	suite_add_tcase(s, files);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
