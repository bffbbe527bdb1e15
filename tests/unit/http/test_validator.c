/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entity tag and Last-Modified, with one test for each rule. */
#include "http/validator.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "base/clock.h"
#include "store/file.h"

#define S INT64_C(1000000000)
#define NOW (1700000000 * S)

static struct validator made(int64_t mtime_ns, uint64_t size, const char *sidecar_tag)
{
	struct validator validator;
	memset(&validator, 0xa5, sizeof(validator));
	validator_make(&validator, mtime_ns, size, sidecar_tag, NOW);
	return validator;
}

START_TEST(tag_is_mtime_in_ns_and_size_in_hex)
{
	struct validator validator = made(0x123456789abcdef, 0xfedcba, "");
	ck_assert_str_eq(validator.etag, "\"123456789abcdef-fedcba\"");
	ck_assert(!validator.weak);
	ck_assert_str_eq(made(2 * S, 0, "").etag, "\"77359400-0\"");
	ck_assert_str_eq(made(2 * S, UINT64_MAX, "").etag, "\"77359400-ffffffffffffffff\"");
}
END_TEST

#define MS INT64_C(1000000)

static const struct {
	int64_t mtime_ns, now_ns;
	bool weak;
} ages[] = {
	/* a fraction of a second: 20 ms */
	{ NOW + 500 * MS, NOW + 500 * MS, true },
	{ NOW + 500 * MS, NOW + 520 * MS - 1, true },
	{ NOW + 500 * MS, NOW + 520 * MS, false },
	{ NOW + 1, NOW + 20 * MS, true },
	{ NOW + 1, NOW + 20 * MS + 1, false },
	{ NOW + S - 1, NOW + S, true },
	/* a whole second: 2 s */
	{ NOW, NOW, true },
	{ NOW, NOW + 20 * MS, true },
	{ NOW, NOW + 2 * S - 1, true },
	{ NOW, NOW + 2 * S, false },
	/* in the future */
	{ NOW + 1, NOW, true },
	{ NOW + 3600 * S + 1, NOW, true },
	{ INT64_MAX, NOW, true },
	/* before 1970 */
	{ -S, NOW, false },
	{ -1, NOW, false },
};

START_TEST(tag_is_weak_while_the_file_is_young)
{
	struct validator validator;

	validator_make(&validator, ages[_i].mtime_ns, 1, "", ages[_i].now_ns);
	ck_assert_int_eq(validator.weak, ages[_i].weak);
	ck_assert_int_eq(strncmp(validator.etag, "W/\"", 3) == 0, ages[_i].weak);
	ck_assert_int_eq(clock_is_young(ages[_i].mtime_ns, ages[_i].now_ns), ages[_i].weak);
}
END_TEST

START_TEST(tag_is_weak_while_the_mtime_is_in_the_future)
{
	ck_assert(made(NOW + 1, 1, "").weak);
	ck_assert(made(INT64_MAX, 1, "").weak);
}
END_TEST

START_TEST(last_modified_is_the_second_of_the_mtime)
{
	struct validator validator = made(1600000000 * S + S - 1, 1, "");
	ck_assert(validator.has_last_modified);
	ck_assert_int_eq(validator.last_modified, 1600000000);
}
END_TEST

START_TEST(last_modified_is_never_later_than_now)
{
	ck_assert_int_eq(made(NOW + 100 * S, 1, "").last_modified, NOW / S);
	ck_assert_int_eq(made(NOW, 1, "").last_modified, NOW / S);
}
END_TEST

START_TEST(before_1970_seconds_are_rounded_down)
{
	ck_assert_int_eq(made(-1, 1, "").last_modified, -1);
	ck_assert_int_eq(made(-S, 1, "").last_modified, -1);
	ck_assert_int_eq(made(-S - 1, 1, "").last_modified, -2);
	ck_assert_str_eq(made(-1, 1, "").etag, "\"ffffffffffffffff-1\"");
}
END_TEST

START_TEST(mtime_of_0_or_1_second_yields_no_validators)
{
	static const int64_t mtimes[] = { 0, 1, S, S + 1, 2 * S - 1 };
	for (size_t i = 0; i < sizeof(mtimes) / sizeof(*mtimes); i++) {
		struct validator validator = made(mtimes[i], 5, "");
		ck_assert_str_eq(validator.etag, "");
		ck_assert(!validator.has_last_modified);
		ck_assert(!validator.weak);
	}
}
END_TEST

START_TEST(sidecar_supplies_the_tag_for_mtime_of_0_or_1_second)
{
	struct validator validator = made(S, 5, "sha256:abc,def\xc3\xa9");
	ck_assert_str_eq(validator.etag, "\"sha256:abc,def\xc3\xa9\"");
	ck_assert(!validator.weak);
	ck_assert(!validator.has_last_modified);
}
END_TEST

START_TEST(sidecar_is_not_used_beside_a_real_mtime)
{
	ck_assert_str_eq(made(2 * S, 5, "abc").etag, "\"77359400-5\"");
}
END_TEST

START_TEST(invalid_sidecar_yields_no_tag)
{
	static const char *const tags[] = { "a b", "a\"b", "\"a\"", "a\n", "a\r\nX: y", "\x01", "a\x7f", " " };
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		ck_assert_str_eq(made(0, 5, tags[i]).etag, "");
}
END_TEST

START_TEST(sidecar_that_does_not_fit_yields_no_tag)
{
	char tag[200];
	memset(tag, 'x', sizeof(tag));
	tag[125] = '\0';
	ck_assert_uint_eq(strlen(made(0, 5, tag).etag), 127);
	tag[125] = 'x';
	tag[126] = '\0';
	ck_assert_str_eq(made(0, 5, tag).etag, "");
}
END_TEST

START_TEST(digest_replaces_the_tag)
{
#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1dfeff"
	struct validator validator = made(2 * S, 5, "");
	uint8_t digest[32];
	for (unsigned i = 0; i < 32; i++)
		digest[i] = (uint8_t)(i < 30 ? i : i + 224);
	validator_use_digest(&validator, digest, true);
	ck_assert_str_eq(validator.etag, "\"sha256-" HEX "\"");
	ck_assert(!validator.weak && validator.has_last_modified);
	validator_append_suffix(&validator, "zst");
	ck_assert_str_eq(validator.etag, "\"sha256-" HEX "-zst\"");
	validator = made(2 * S, 5, "");
	validator_use_digest(&validator, digest, false);
	ck_assert_str_eq(validator.etag, "W/\"sha256-" HEX "\"");
	ck_assert(validator.weak);
	validator = made(NOW, 5, "");
	validator_use_digest(&validator, digest, true);
	ck_assert_str_eq(validator.etag, "W/\"sha256-" HEX "\"");
	validator = made(0, 5, "abc");
	validator_use_digest(&validator, digest, true);
	ck_assert_str_eq(validator.etag, "\"sha256-" HEX "\"");
	ck_assert(!validator.has_last_modified);
}
END_TEST

static struct validator marked(int64_t mtime_ns, const char *sidecar_tag, const char *mark)
{
	struct validator validator = made(mtime_ns, 5, sidecar_tag);
	validator_append_suffix(&validator, mark);
	return validator;
}

START_TEST(suffix_is_inside_the_quotes)
{
	char tag[200], expected[256];
	ck_assert_str_eq(marked(2 * S, "", "gz").etag, "\"77359400-5-gz\"");
	ck_assert_str_eq(marked(0, "abc", "zst").etag, "\"abc-zst\"");
	ck_assert_str_eq(marked(0, "", "zst").etag, "");
	ck_assert(strncmp(marked(NOW, "", "br").etag, "W/\"", 4 - 1) == 0);
	ck_assert_str_eq(strrchr(marked(NOW, "", "br").etag, '-'), "-br\"");
	memset(tag, 'x', sizeof(tag)); /* the longest tag of a sidecar */
	tag[120] = '\0';
	snprintf(expected, sizeof(expected), "\"%s-zst\"", tag);
	ck_assert_str_eq(marked(0, tag, "zst").etag, expected);
	tag[120] = 'x';
	tag[122] = '\0';
	ck_assert_str_eq(marked(0, tag, "zst").etag, "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("validator");
	TCase *t = tcase_create("validator");
	tcase_add_test(t, suffix_is_inside_the_quotes);
	tcase_add_test(t, digest_replaces_the_tag);
	tcase_add_test(t, tag_is_mtime_in_ns_and_size_in_hex);
	tcase_add_loop_test(t, tag_is_weak_while_the_file_is_young, 0, sizeof(ages) / sizeof(*ages));
	tcase_add_test(t, tag_is_weak_while_the_mtime_is_in_the_future);
	tcase_add_test(t, last_modified_is_the_second_of_the_mtime);
	tcase_add_test(t, last_modified_is_never_later_than_now);
	tcase_add_test(t, before_1970_seconds_are_rounded_down);
	tcase_add_test(t, mtime_of_0_or_1_second_yields_no_validators);
	tcase_add_test(t, sidecar_supplies_the_tag_for_mtime_of_0_or_1_second);
	tcase_add_test(t, sidecar_is_not_used_beside_a_real_mtime);
	tcase_add_test(t, invalid_sidecar_yields_no_tag);
	tcase_add_test(t, sidecar_that_does_not_fit_yields_no_tag);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
