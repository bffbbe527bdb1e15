/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* multipart/byteranges: the exact bytes of the framing, and the length. */
#include "http/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"

#define TYPE "text/plain; charset=utf-8"

static void check_head(const struct multipart *multipart, unsigned i, const char *expected)
{
	char text[1024];
	ck_assert_uint_le(multipart_text_bytes(multipart), sizeof(text));
	ck_assert_uint_eq(multipart_head(multipart, i, text), strlen(expected));
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(multipart_head_bytes(multipart, i), strlen(expected));
}

/* Checks the head of a part against a text that this test formats itself. */
static const char *head_of(const char *boundary, const char *rest)
{
	static char text[1024];
	snprintf(text, sizeof(text), "\r\n--%s\r\nContent-Type: " TYPE "\r\nContent-Range: bytes %s\r\n\r\n", boundary,
		 rest);
	return text;
}

START_TEST(frames_two_parts)
{
	struct range_set set = { .count = 2, .ranges = (struct byte_range[]){ { 0, 9 }, { 5000, 5000 } } };
	struct multipart multipart;
	char closing[64];
	ck_assert_int_eq(
		multipart_init(&multipart, &set, &(struct multipart_representation){ .size = 10000, .type = TYPE }), 0);
	check_head(&multipart, 0, head_of(multipart.boundary, "0-9/10000"));
	check_head(&multipart, 1, head_of(multipart.boundary, "5000-5000/10000"));
	snprintf(closing, sizeof(closing), "\r\n--%s--\r\n", multipart.boundary);
	check_head(&multipart, 2, closing);
}
END_TEST

/* Each part states the content coding, because the body as a whole has none. */
START_TEST(parts_state_their_content_coding)
{
	struct range_set set = { .count = 2, .ranges = (struct byte_range[]){ { 0, 9 }, { 5000, 5000 } } };
	struct multipart multipart;
	char head[256];
	ck_assert_int_eq(multipart_init(&multipart, &set, &(struct multipart_representation){ 10000, TYPE, "gzip" }),
			 0);
	snprintf(head, sizeof(head),
		 "\r\n--%s\r\nContent-Type: " TYPE
		 "\r\nContent-Encoding: gzip\r\nContent-Range: bytes 0-9/10000\r\n\r\n",
		 multipart.boundary);
	check_head(&multipart, 0, head);
	ck_assert_uint_eq(multipart.length, 2 * strlen(head) + strlen("5000-5000") - strlen("0-9") +
						    multipart_head_bytes(&multipart, 2) + 11);
}
END_TEST

START_TEST(boundary_is_32_random_hex_digits)
{
	struct range_set set = { .count = 2, .ranges = (struct byte_range[]){ { 0, 9 }, { 5000, 5000 } } };
	struct multipart a, b;
	ck_assert_int_eq(multipart_init(&a, &set, &(struct multipart_representation){ .size = 10000, .type = TYPE }),
			 0);
	ck_assert_int_eq(multipart_init(&b, &set, &(struct multipart_representation){ .size = 10000, .type = TYPE }),
			 0);
	ck_assert_uint_eq(strlen(a.boundary), 32);
	ck_assert_uint_eq(strspn(a.boundary, "0123456789abcdef"), 32);
	ck_assert_str_ne(a.boundary, b.boundary);
}
END_TEST

static void fill(struct range_set *set, unsigned count, uint64_t start)
{
	static struct byte_range ranges[RANGE_COUNT_MAX];
	set->count = count;
	set->ranges = ranges;
	for (unsigned i = 0; i < count; i++)
		set->ranges[i] = (struct byte_range){ start + i * 10000, start + i * 10000 + i };
}

START_TEST(length_is_the_sum_of_heads_and_ranges)
{
	struct range_set set;
	struct multipart multipart;
	uint64_t total = 0;
	char text[1024];
	fill(&set, (unsigned)_i, 77);
	ck_assert_int_eq(
		multipart_init(&multipart, &set, &(struct multipart_representation){ .size = 100000000, .type = TYPE }),
		0);
	for (unsigned i = 0; i < set.count; i++)
		total += multipart_head(&multipart, i, text) + i + 1;
	ck_assert_uint_eq(total + multipart_head(&multipart, set.count, text), multipart.length);
	ck_assert_uint_eq(multipart_length(&set, &multipart.representation), multipart.length);
}
END_TEST

START_TEST(the_largest_numbers_fit)
{
	struct range_set set;
	struct multipart multipart;
	fill(&set, 20, UINT64_MAX - 200000);
	ck_assert_int_eq(multipart_init(&multipart, &set,
					&(struct multipart_representation){ .size = UINT64_MAX, .type = TYPE }),
			 0);
	check_head(&multipart, 0,
		   head_of(multipart.boundary, "18446744073709351615-18446744073709351615/18446744073709551615"));
}
END_TEST

START_TEST(a_long_content_type_fits)
{
	struct range_set set;
	struct multipart multipart;
	char type[4096], text[8192];
	memset(type, 'x', sizeof(type) - 1);
	type[sizeof(type) - 1] = '\0';
	fill(&set, 3, 0);
	ck_assert_int_eq(
		multipart_init(&multipart, &set, &(struct multipart_representation){ .size = 1000000, .type = type }),
		0);
	ck_assert_uint_le(multipart_text_bytes(&multipart), sizeof(text));
	multipart_head(&multipart, 2, text);
	ck_assert_ptr_nonnull(strstr(text, type));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("multipart");
	TCase *t = tcase_create("multipart");
	tcase_add_test(t, frames_two_parts);
	tcase_add_test(t, parts_state_their_content_coding);
	tcase_add_test(t, boundary_is_32_random_hex_digits);
	tcase_add_loop_test(t, length_is_the_sum_of_heads_and_ranges, 2, 20);
	tcase_add_loop_test(t, length_is_the_sum_of_heads_and_ranges, 999, RANGE_COUNT_MAX + 1);
	tcase_add_test(t, the_largest_numbers_fit);
	tcase_add_test(t, a_long_content_type_fits);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
