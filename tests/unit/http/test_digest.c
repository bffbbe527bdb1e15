/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Repr-Digest and Want-Repr-Digest: the examples of RFC 9530 and the grammar of structured fields. */
#include "http/digest.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *hex, *field;
} formats[] = {
	/* RFC 9530: {"hello": "world"}, that text with a newline, and an empty representation */
	{ "5f8f04f6a3a892aaabbddb6cf273894493773960d4a325b105fee46eef4304f1",
	  "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:" },
	{ "44aff4ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38",
	  "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:" },
	{ "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:" },
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	  "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:" },
	{ "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	  "sha-256=://////////////////////////////////////////8=:" },
};

START_TEST(formats_digests_as_base64)
{
	uint8_t digest[DIGEST_SHA256_BYTES];
	char text[DIGEST_FIELD_BYTES];

	for (unsigned i = 0; i < sizeof(digest); i++)
		ck_assert_int_eq(sscanf(formats[_i].hex + 2 * i, "%2hhx", &digest[i]), 1);
	ck_assert_ptr_eq(digest_format(digest, text), text);
	ck_assert_str_eq(text, formats[_i].field);
	ck_assert_uint_eq(strlen(text) + 1, sizeof(text));
}
END_TEST

static const struct {
	const char *field;
	bool wanted;
} wants[] = {
	{ NULL, true },
	{ "", true },
	{ "  ", true },
	/* RFC 9530, section 4 and appendices C.1, C.2 */
	{ "sha-256=1", true },
	{ "sha-512=3, sha-256=10, unixsum=0", true },
	{ "sha-256=3, sha-512=10", true },
	{ "sha-256=0, sha-512=1", false },
	{ "sha=10", false },
	/* weights and other algorithms */
	{ "sha-256=0", false },
	{ "sha-256=00", false },
	{ "sha-256=10", true },
	{ "sha-512=10", false },
	{ "sha-512=0", false },
	{ "sha-2560=1", false },
	{ "sha-25=1", false },
	{ " sha-512=1 ,\tsha-256=1  ", true },
	{ "sha-256=1;p=2;q, sha-512=1", true },
	{ "sha-256=0;p=\"1,sha-256=5\"", false },
	{ "sha-256=1, sha-256=0", false },
	{ "sha-256=0, sha-256=1", true },
	{ "md5, a=?1, b=\"x\\\"\\\\y\", c=tok/en:*, d=:AA==:, e=1.5, f=-3, g=(1 \"a\" t;x), h=();y=1, sha-256=0",
	  false },
	{ "md5, a=?1, b=\"x\\\"\\\\y\", c=tok/en:*, d=:AA==:, e=1.5, f=-3, g=(1 \"a\" t;x), h=();y=1, *.=1", false },
	{ "a=999999999999999", false },
	/* an invalid weight expresses no preference */
	{ "sha-256", true },
	{ "sha-256=11", true },
	{ "sha-256=-1", true },
	{ "sha-256=0.5", true },
	{ "sha-256=\"0\"", true },
	{ "sha-256=?0", true },
	/* one error invalidates the whole field */
	{ "sha-256=0,", true },
	{ ",sha-256=0", true },
	{ "sha-256=0,,sha-512=1", true },
	{ "sha-256 =0", true },
	{ "sha-256= 0", true },
	{ "sha-256=0 sha-512=1", true },
	{ "SHA-256=0", true },
	{ "sha-512=1, 5", true },
	{ "sha-512=", true },
	{ "sha-512=1;", true },
	{ "sha-512=1;p=", true },
	{ "sha-512=1;P=1", true },
	{ "sha-512=1.", true },
	{ "sha-512=1.2345", true },
	{ "sha-512=1234567890123.1", true },
	{ "sha-512=1234567890123456", true },
	{ "sha-512=-", true },
	{ "sha-512=\"x", true },
	{ "sha-512=\"x\\", true },
	{ "sha-512=\"\\x\"", true },
	{ "sha-512=\"\xc3\xa4\"", true },
	{ "sha-512=:AA", true },
	{ "sha-512=:A A:", true },
	{ "sha-512=?2", true },
	{ "sha-512=?", true },
	{ "sha-512=(1", true },
	{ "sha-512=(1\"a\")", true },
	{ "sha-512=(1,2)", true },
	{ "sha-512=((1))", true },
	{ "sha-512=@1", true },
};

START_TEST(parses_want_repr_digest)
{
	ck_assert_msg(digest_wanted(wants[_i].field) == wants[_i].wanted, "%s: %d",
		      wants[_i].field != NULL ? wants[_i].field : "(none)", !wants[_i].wanted);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("digest");
	TCase *t = tcase_create("digest");

	tcase_add_loop_test(t, formats_digests_as_base64, 0, COUNT(formats));
	tcase_add_loop_test(t, parses_want_repr_digest, 0, COUNT(wants));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
