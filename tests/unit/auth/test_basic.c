/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "Authorization: Basic": valid fields, and fields that are rejected because they are ambiguous or malformed. */
#include "auth/basic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

static const struct {
	const char *field, *user, *password; /* user NULL: rejected */
} fields[] = {
	{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
	{ "Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3" }, /* RFC 7617 section 2.1 */
	{ "basic YTpi", "a", "b" },
	{ "BASIC   YTpi", "a", "b" },
	{ "Basic YTpiOmM=", "a", "b:c" },
	{ "Basic YTo=", "a", "" },
	{ "Basic OmI=", "", "b" },
	{ "Basic Og==", "", "" },
	{ "Basic 8J+YgDrwn5iA", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "", NULL, NULL },
	{ "Basic", NULL, NULL },
	{ "Basic ", NULL, NULL },
	{ "BasicYTpi", NULL, NULL },
	{ "Bearer YTpi", NULL, NULL },
	{ "Basic\tYTpi", NULL, NULL },
	{ "Basic YTpi YTpi", NULL, NULL },
	{ "Basic YTpi,", NULL, NULL },
	{ "Basic YTp", NULL, NULL }, /* no padding */
	{ "Basic YTo", NULL, NULL },
	{ "Basic YTpi====", NULL, NULL },
	{ "Basic YT=p", NULL, NULL },
	{ "Basic =YTp", NULL, NULL },
	{ "Basic YTpj-_==", NULL, NULL }, /* base64url */
	{ "Basic YTp=", NULL, NULL },	  /* unused bits are set */
	{ "Basic Oh==", NULL, NULL },
	{ "Basic YWI=", NULL, NULL },	  /* no colon */
	{ "Basic YTpiAA==", NULL, NULL }, /* NUL */
	{ "Basic YQA6Yg==", NULL, NULL },
	{ "Basic YTpiCg==", NULL, NULL }, /* line feed */
	{ "Basic YTpifw==", NULL, NULL }, /* DEL */
	{ "Basic YTqj", NULL, NULL },	  /* Latin-1 */
	{ "Basic YTrAgA==", NULL, NULL }, /* overlong */
	{ "Basic YTrggIA=", NULL, NULL },
	{ "Basic YTrtoIA=", NULL, NULL }, /* surrogate */
	{ "Basic YTr0kICA", NULL, NULL }, /* beyond U+10FFFF */
	{ "Basic YTrwgICA", NULL, NULL },
	{ "Basic YTri", NULL, NULL }, /* truncated code point */
};

START_TEST(parses_name_and_password)
{
	struct basic basic;
	int result = basic_parse(fields[_i].field, &basic);
	ck_assert_msg(result == (fields[_i].user != NULL ? 0 : -EINVAL), "\"%s\": %d", fields[_i].field, result);
	if (result != 0)
		return;
	ck_assert_str_eq(basic.user, fields[_i].user);
	ck_assert_str_eq(basic.password, fields[_i].password);
	basic_wipe(&basic);
	ck_assert_str_eq(basic.password, "");
}
END_TEST

/* Returns "Basic " and the base64 of a name and a password of the given lengths. */
static char *field_of(size_t user, size_t password)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t length = user + 1 + password;
	unsigned char *pair = calloc(1, length + 3);
	char *field = calloc(1, 6 + (length + 2) / 3 * 4 + 1), *at = stpcpy(field, "Basic ");
	memset(pair, 'a', length);
	pair[user] = ':';
	for (size_t i = 0; i < length; i += 3) {
		unsigned bits = (unsigned)pair[i] << 16 | (unsigned)pair[i + 1] << 8 | pair[i + 2];
		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		*at++ = i + 1 < length ? digits[bits >> 6 & 63] : '=';
		*at++ = i + 2 < length ? digits[bits & 63] : '=';
	}
	free(pair);
	return field;
}

static const struct {
	size_t user, password;
	int result;
} lengths[] = {
	{ 255, 511, 0 },       { 256, 1, -EINVAL },   { 1, 512, -EINVAL },
	{ 255, 512, -EINVAL }, { 256, 510, -EINVAL }, { 5000, 5000, -EINVAL },
};

START_TEST(lengths_are_limited)
{
	struct basic basic;
	char *field = field_of(lengths[_i].user, lengths[_i].password);
	ck_assert_int_eq(basic_parse(field, &basic), lengths[_i].result);
	if (lengths[_i].result == 0) {
		ck_assert_uint_eq(strlen(basic.user), lengths[_i].user);
		ck_assert_uint_eq(strlen(basic.password), lengths[_i].password);
	}
	free(field);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("basic");
	TCase *t = tcase_create("basic");
	tcase_add_loop_test(t, parses_name_and_password, 0, ROWS(fields));
	tcase_add_loop_test(t, lengths_are_limited, 0, ROWS(lengths));
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
