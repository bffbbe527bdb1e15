/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signed URLs: codes that openssl computed, invalid signatures, and that changing any bit invalidates a signature. */
#include "auth/signature.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../suite.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))
#define NOW 1767225599 /* the last second of 2025 */

static const char key_text[] = "one 0123456789abcdef\n"
			       "two hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

static struct sign_keys *keys;
static struct path path;
static struct signature signature;

static void setup(void)
{
	char fault[SIGN_KEYS_FAULT_BYTES];

	ck_assert_int_eq(sign_keys_parse("keys", key_text, strlen(key_text), &keys, fault), 0);
}

static void teardown(void)
{
	sign_keys_free(keys);
}

static enum signature_verdict check_from(const char *target, const char *client_text, int64_t now)
{
	struct address client;

	ck_assert_int_eq(address_parse(client_text, strlen(client_text), &client), 0);
	ck_assert_msg(path_parse(target, &path, NULL, NULL) == 0, "%s", target);
	return signature_check(keys, &path, &client, now, &signature);
}

static enum signature_verdict check(const char *target)
{
	return check_from(target, "192.0.2.9", NOW);
}

/*
 * The codes were computed with:
 * printf 'ranged1\n...' | openssl dgst -sha256 -mac HMAC -macopt hexkey:... -binary | openssl base64 -A |
 * tr '+/' '-_' | tr -d =
 */
static const struct {
	const char *target, *client;
} by_openssl[] = {
	{ "/film.mkv?e=1767225600&k=one&s=lZ1Allm7RjGoGEGQC0YxheNGTFraLF7b5tr_obV02gI", "192.0.2.9" },
	{ "/film.mkv?e=1767225600&k=two&s=0ndhOUr0XsmtmxhsSUKQ5FoOdMo_sarJmn9imNPFDc8", "192.0.2.9" },
	{ "/films/2024/a/b.mkv?e=1767225600&k=one&p=/films/2024&s=DAsVrFLQ66P_bxdyvbZ5pnR7qV19x2pVHgMRd7C_ufU",
	  "192.0.2.9" },
	{ "/x?e=1767225600&k=one&p=/&s=CZvm1chLAcL284KLCbvthqRcy-Tb8s3hRzv9tKujboA", "192.0.2.9" },
	{ "/a%20b/c?e=1767225600&k=two&a=192.0.2.0/24&r=1048576&p=/a+b&s=hOQ7Izk2vGugOj-MWnDFtGawQdPlv3XBGkODJG1yoWc",
	  "192.0.2.9" },
	{ "/caf%C3%A9/100%25%20%3F%23%0A.txt?e=1767225600&k=one&r=1000&s=_BO45f4f4bmKnZdW0U-GLkXjWmLyJd-MOzMdt_e_53o",
	  "192.0.2.9" },
	{ "/v6?e=999999999999&k=one&a=2001:db8::1&s=02e05ByW2Kcy7QSh8cqW3plHl1ZhEOtuniUh4iTjPHU", "2001:db8::1" },
	/* other spellings of the same URL: order, escapes, foreign parameters, dot segments */
	{ "/film.mkv?s=lZ1Allm7RjGoGEGQC0YxheNGTFraLF7b5tr_obV02gI&k=one&e=1767225600", "192.0.2.9" },
	{ "/film.mkv?format=json&&e=1767225600&x&ss=1&=&k=one&s=lZ1Allm7RjGoGEGQC0YxheNGTFraLF7b5tr_obV02gI&",
	  "192.0.2.9" },
	{ "/%66ilm.mkv?e=1767225600&k=%6fne&s=lZ1Allm7RjGoGEGQC0YxheNGTFraLF7b5tr_obV02gI", "192.0.2.9" },
	{ "/a/..//./film.mkv?e=1767225600&k=one&s=lZ1Allm7RjGoGEGQC0YxheNGTFraLF7b5tr_obV02gI", "192.0.2.9" },
	{ "/a%20b/c?e=1767225600&k=two&a=192.0.2.0%2F24&r=1048576&p=%2Fa%20b"
	  "&s=hOQ7Izk2vGugOj-MWnDFtGawQdPlv3XBGkODJG1yoWc",
	  "192.0.2.9" },
	{ "/film.mkv/?e=1767225600&k=one&s=lZ1Allm7RjGoGEGQC0YxheNGTFraLF7b5tr_obV02gI",
	  "192.0.2.9" }, /* that it is not a directory is detected later */
};

START_TEST(verifies_signatures_of_openssl)
{
	ck_assert_int_eq(check_from(by_openssl[_i].target, by_openssl[_i].client, NOW), SIGNATURE_GOOD);
}
END_TEST

START_TEST(creates_the_same_signatures_as_openssl)
{
	char query[SIGNATURE_QUERY_BYTES];
	const char *expected = strchr(by_openssl[_i].target, '?') + 1;

	ck_assert_int_eq(check_from(by_openssl[_i].target, by_openssl[_i].client, NOW), SIGNATURE_GOOD);
	signature.code[0] = '\0';
	ck_assert_int_eq(signature_sign(&signature, sign_keys_find(keys, signature.key)), 0);
	ck_assert_int_eq(signature_format(&signature, query, sizeof(query)), 0);
	if (strstr(expected, "p=/a+b") != NULL) /* signature_format() writes %20 */
		ck_assert_str_eq(query, "e=1767225600&k=two&a=192.0.2.0/24&r=1048576&p=/a%20b"
					"&s=hOQ7Izk2vGugOj-MWnDFtGawQdPlv3XBGkODJG1yoWc");
	else
		ck_assert_str_eq(query, expected);
}
END_TEST

#define CODE "lZ1Allm7RjGoGEGQC0YxheNGTFraLF7b5tr_obV02gI"
#define IN_PREFIX "?e=1767225600&k=one&p=/films/2024&s=DAsVrFLQ66P_bxdyvbZ5pnR7qV19x2pVHgMRd7C_ufU"
#define IN_NETWORK "?e=1767225600&k=two&a=192.0.2.0/24&r=1048576&p=/a+b&s=hOQ7Izk2vGugOj-MWnDFtGawQdPlv3XBGkODJG1yoWc"

static const struct {
	const char *target;
	enum signature_verdict verdict;
} refused[] = {
	{ "/film.mkv", SIGNATURE_MISSING },
	{ "/film.mkv?", SIGNATURE_MISSING },
	{ "/film.mkv?format=json&es=1", SIGNATURE_MISSING },
	/* a missing parameter */
	{ "/film.mkv?k=one&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one", SIGNATURE_MALFORMED },
	{ "/film.mkv?r=1", SIGNATURE_MALFORMED },
	{ "/film.mkv?e&k&s", SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one;s=" CODE, SIGNATURE_MALFORMED },
	/* a repeated parameter */
	{ "/film.mkv?e=1767225600&k=one&s=" CODE "&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&e=1767225600&k=one&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&k=two&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&s=" CODE "&s", SIGNATURE_MALFORMED },
	/* a malformed parameter */
	{ "/film.mkv?e=01767225600&k=one&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=+1767225600&k=one&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=-1&k=one&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=0&k=one&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600.0&k=one&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=9999999999999&k=one&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&s=" CODE "=", SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&s=lZ1Allm7RjGoGEGQC0YxheNGTFraLF7b5tr_obV02g", SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&s=", SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=o%6&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one%00&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one%0a&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&a=&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&a=192.0.2&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&a=192.0.2.1%0a&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&r=0&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&r=1K&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&p=&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&p=film.mkv&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&p=/a/../&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&p=/./&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&p=//&s=" CODE, SIGNATURE_MALFORMED },
	{ "/film.mkv?e=1767225600&k=one&p=/a%00&s=" CODE, SIGNATURE_MALFORMED },
	/* another key */
	{ "/film.mkv?e=1767225600&k=On&s=" CODE, SIGNATURE_UNKNOWN_KEY },
	{ "/film.mkv?e=1767225600&k=two&s=" CODE, SIGNATURE_WRONG },
	/* another path or parameter than the signed one */
	{ "/film.mk?e=1767225600&k=one&s=" CODE, SIGNATURE_WRONG },
	{ "/film.mkv2?e=1767225600&k=one&s=" CODE, SIGNATURE_WRONG },
	{ "/Film.mkv?e=1767225600&k=one&s=" CODE, SIGNATURE_WRONG },
	{ "/a/film.mkv?e=1767225600&k=one&s=" CODE, SIGNATURE_WRONG },
	{ "/?e=1767225600&k=one&s=" CODE, SIGNATURE_WRONG },
	{ "/film.mkv?e=1767225601&k=one&s=" CODE, SIGNATURE_WRONG },
	{ "/film.mkv?e=1&k=one&s=" CODE, SIGNATURE_WRONG }, /* not "expired", because the code was never valid */
	{ "/film.mkv?e=1767225600&k=one&a=192.0.2.9&s=" CODE, SIGNATURE_WRONG },
	{ "/film.mkv?e=1767225600&k=one&r=1&s=" CODE, SIGNATURE_WRONG },
	{ "/film.mkv?e=1767225600&k=one&p=/film.mkv&s=" CODE, SIGNATURE_WRONG },
	{ "/film.mkv?e=1767225600&k=one&p=/&s=" CODE, SIGNATURE_WRONG },
	{ "/a%20b/c?e=1767225600&k=two&r=1048576&p=/a+b&s=hOQ7Izk2vGugOj-MWnDFtGawQdPlv3XBGkODJG1yoWc",
	  SIGNATURE_WRONG },
	{ "/a%20b/c?e=1767225600&k=two&a=192.0.2.0/24&p=/a+b&s=hOQ7Izk2vGugOj-MWnDFtGawQdPlv3XBGkODJG1yoWc",
	  SIGNATURE_WRONG },
	{ "/a%20b/c?e=1767225600&k=two&a=192.0.2.0/23&r=1048576&p=/a+b&s=hOQ7Izk2vGugOj-MWnDFtGawQdPlv3XBGkODJG1yoWc",
	  SIGNATURE_WRONG },
	{ "/a%20b?e=1767225600&k=two&a=192.0.2.0/24&r=1048576&s=hOQ7Izk2vGugOj-MWnDFtGawQdPlv3XBGkODJG1yoWc",
	  SIGNATURE_WRONG },
	/* a prefix consists of whole names */
	{ "/films/2024" IN_PREFIX, SIGNATURE_GOOD },
	{ "/films/2024/" IN_PREFIX, SIGNATURE_GOOD },
	{ "/films/2024/.." IN_PREFIX, SIGNATURE_OUTSIDE },
	{ "/films/20245" IN_PREFIX, SIGNATURE_OUTSIDE },
	{ "/films/202" IN_PREFIX, SIGNATURE_OUTSIDE },
	{ "/films" IN_PREFIX, SIGNATURE_OUTSIDE },
	{ "/" IN_PREFIX, SIGNATURE_OUTSIDE },
	{ "/films/2024/../2023/a" IN_PREFIX, SIGNATURE_OUTSIDE },
	{ "/films/2024/%2e%2e/2023/a" IN_PREFIX, SIGNATURE_OUTSIDE },
	{ "/films/2023/../2024/a" IN_PREFIX, SIGNATURE_GOOD },
};

START_TEST(rejects_changed_urls)
{
	enum signature_verdict verdict = check(refused[_i].target);

	ck_assert_msg(verdict == refused[_i].verdict, "%s: %s", refused[_i].target, signature_description(verdict));
}
END_TEST

static const struct {
	const char *client;
	enum signature_verdict verdict;
} clients[] = {
	{ "192.0.2.0", SIGNATURE_GOOD },
	{ "192.0.2.255", SIGNATURE_GOOD },
	{ "::ffff:192.0.2.7", SIGNATURE_GOOD },
	{ "192.0.3.0", SIGNATURE_OTHER_ADDRESS },
	{ "2001:db8::1", SIGNATURE_OTHER_ADDRESS },
	{ "::c000:201", SIGNATURE_OTHER_ADDRESS },
};

START_TEST(accepts_only_the_signed_network)
{
	enum signature_verdict verdict = check_from("/a%20b/c" IN_NETWORK, clients[_i].client, NOW);

	ck_assert_msg(verdict == clients[_i].verdict, "%s: %s", clients[_i].client, signature_description(verdict));
}
END_TEST

START_TEST(a_local_peer_is_in_no_network)
{
	struct address client = { .local = true };

	ck_assert_int_eq(path_parse("/a%20b/c" IN_NETWORK, &path, NULL, NULL), 0);
	ck_assert_int_eq(signature_check(keys, &path, &client, NOW, &signature), SIGNATURE_OTHER_ADDRESS);
}
END_TEST

START_TEST(expires_at_the_given_second)
{
	static const char target[] = "/film.mkv?e=1767225600&k=one&s=" CODE;

	ck_assert_int_eq(check_from(target, "192.0.2.9", NOW), SIGNATURE_GOOD);
	ck_assert_int_eq(check_from(target, "192.0.2.9", NOW + 1), SIGNATURE_EXPIRED);
	ck_assert_int_eq(check_from("/?e=1&k=one&s=sLGj7opTrd2zutNl4Q3Urlo8HPbzd88hmBGTs0GSIDw", "::1", NOW),
			 SIGNATURE_EXPIRED);
	/* only a client that could use the URL learns that it has expired */
	ck_assert_int_eq(check_from("/films/2023" IN_PREFIX, "192.0.2.9", NOW + 1), SIGNATURE_OUTSIDE);
	ck_assert_int_eq(check_from("/a%20b/c" IN_NETWORK, "192.0.3.0", NOW + 1), SIGNATURE_OTHER_ADDRESS);
}
END_TEST

START_TEST(returns_the_parameters)
{
	ck_assert_int_eq(check("/a%20b/c" IN_NETWORK), SIGNATURE_GOOD);
	ck_assert_int_eq(signature.expires, 1767225600);
	ck_assert_uint_eq(signature.rate_bytes, 1048576);
	ck_assert(signature.prefix);
	ck_assert_str_eq(signature.path, "/a b");
	ck_assert_str_eq(signature.address, "192.0.2.0/24");
	ck_assert_str_eq(signature.key, "two");
}
END_TEST

/* Changes each bit of each byte after the "?", one at a time. */
START_TEST(changing_any_bit_invalidates_it)
{
	static const char good[] = "/a%20b/c" IN_NETWORK;

	for (size_t at = strlen("/a%20b/c?"); at < strlen(good); at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char target[sizeof(good)];

			strcpy(target, good);
			target[at] = (char)(target[at] ^ 1 << bit);
			if (target[at] == '\0' || path_parse(target, &path, NULL, NULL) != 0)
				continue;
			ck_assert_msg(check(target) != SIGNATURE_GOOD, "%s", target);
		}
}
END_TEST

START_TEST(the_last_digit_has_one_spelling)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=";
	char target[] = "/film.mkv?e=1767225600&k=one&s=" CODE;

	for (size_t i = 0; i < strlen(digits); i++) {
		target[strlen(target) - 1] = digits[i];
		ck_assert_int_eq(check(target), digits[i] == 'I' ? SIGNATURE_GOOD : SIGNATURE_WRONG);
	}
}
END_TEST

/* Formatting and parsing a prefix yields the same prefix, for all bytes. */
START_TEST(a_prefix_may_contain_any_byte)
{
	for (unsigned byte = 1; byte < 256; byte++) {
		struct signature made = { .expires = NOW + 1, .prefix = true };
		char query[SIGNATURE_QUERY_BYTES];

		if (byte == '/')
			continue;
		snprintf(made.path, sizeof(made.path), "/x%c/y", byte);
		ck_assert_int_eq(signature_sign(&made, &keys->list[1]), 0);
		ck_assert_int_eq(signature_format(&made, query, sizeof(query)), 0);
		ck_assert_ptr_null(strpbrk(query, "<>\"' "));
		ck_assert_int_eq(signature_parse(query, &signature), SIGNATURE_GOOD);
		ck_assert_str_eq(signature.path, made.path);
		snprintf(path.file, sizeof(path.file), "x%c/y/z", byte);
		path.query = query;
		ck_assert_int_eq(signature_check(keys, &path, &(struct address){ .local = true }, NOW, &signature),
				 SIGNATURE_GOOD);
	}
}
END_TEST

START_TEST(reports_a_buffer_that_is_too_small)
{
	struct signature made = { .expires = NOW, .path = "/" };
	char query[80];
	size_t needed = strlen("e=1767225599&k=one&s=") + SIGNATURE_CODE_BYTES;

	ck_assert_int_eq(signature_sign(&made, &keys->list[0]), 0);
	ck_assert_int_eq(signature_format(&made, query, needed), 0);
	ck_assert_int_eq(signature_format(&made, query, needed - 1), -ENAMETOOLONG);
}
END_TEST

START_TEST(formats_the_longest_prefix)
{
	static char target[4 * PATH_BYTES];
	char *end = stpcpy(target, "/?e=1&k=one&s=" CODE "&p=");

	for (unsigned i = 0; i < PATH_BYTES / 2 - 1; i++)
		end = stpcpy(end, "/a");
	ck_assert_int_eq(signature_parse(strchr(target, '?') + 1, &signature), SIGNATURE_GOOD);
	ck_assert_int_eq(strlen(signature.path), PATH_BYTES - 2);
	strcpy(end, "/aaaaaaaa");
	ck_assert_int_eq(signature_parse(strchr(target, '?') + 1, &signature), SIGNATURE_MALFORMED);
}
END_TEST

static const struct {
	enum signature_verdict verdict;
	unsigned status;
} statuses[] = {
	{ SIGNATURE_GOOD, 200 },	  { SIGNATURE_MISSING, 403 }, { SIGNATURE_MALFORMED, 403 },
	{ SIGNATURE_UNKNOWN_KEY, 403 },	  { SIGNATURE_WRONG, 403 },   { SIGNATURE_OUTSIDE, 403 },
	{ SIGNATURE_OTHER_ADDRESS, 403 }, { SIGNATURE_EXPIRED, 410 },
};

START_TEST(invalid_is_403_and_expired_is_410)
{
	ck_assert_uint_eq(signature_status(statuses[_i].verdict), statuses[_i].status);
	ck_assert_ptr_nonnull(signature_description(statuses[_i].verdict));
}
END_TEST

#define MASKABLE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_9"
_Static_assert(sizeof(MASKABLE) == SIGNATURE_CODE_BYTES, "as long as a signature");

static const struct {
	const char *query, *shown;
} masked[] = {
	{ "", "" },
	{ "s=" MASKABLE, "s=*" },
	{ "e=1&k=one&s=" MASKABLE, "e=1&k=one&s=*" },
	{ "s=" MASKABLE "&e=1&s=" MASKABLE "&ss=" MASKABLE, "s=*&e=1&s=*&ss=" MASKABLE },
	{ "s=search", "s=search" },
	{ "s=" MASKABLE "x", "s=" MASKABLE "x" },
	{ "s", "s" },
	{ "s=&s=" MASKABLE, "s=&s=*" },
	{ "a=s=" MASKABLE, "a=s=" MASKABLE },
};

START_TEST(masks_the_signature)
{
	char query[256];

	strcpy(query, masked[_i].query);
	signature_mask(query);
	ck_assert_str_eq(query, masked[_i].shown);
	signature_mask(NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("signature");
	TCase *t = tcase_create("signature");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, verifies_signatures_of_openssl, 0, ROWS(by_openssl));
	tcase_add_loop_test(t, creates_the_same_signatures_as_openssl, 0, 7);
	tcase_add_loop_test(t, rejects_changed_urls, 0, ROWS(refused));
	tcase_add_loop_test(t, accepts_only_the_signed_network, 0, ROWS(clients));
	tcase_add_test(t, a_local_peer_is_in_no_network);
	tcase_add_test(t, expires_at_the_given_second);
	tcase_add_test(t, returns_the_parameters);
	tcase_add_test(t, changing_any_bit_invalidates_it);
	tcase_add_test(t, the_last_digit_has_one_spelling);
	tcase_add_test(t, a_prefix_may_contain_any_byte);
	tcase_add_test(t, reports_a_buffer_that_is_too_small);
	tcase_add_test(t, formats_the_longest_prefix);
	tcase_add_loop_test(t, invalid_is_403_and_expired_is_410, 0, ROWS(statuses));
	tcase_add_loop_test(t, masks_the_signature, 0, ROWS(masked));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
