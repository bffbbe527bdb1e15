/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plan of a body, and its aligned reads. For random sizes, alignments and ranges, the pieces must cover each range
 * exactly and in order. Each aligned read must cover its piece and must not extend beyond the last block of the file.
 * No byte may be read twice for one range. Two ranges may share the block in which one ends and the other begins.
 */
#include "request/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "store/span.h"

#define SIZE_MAX_BYTES (1 << 20)

static unsigned seed = 20261122;

static uint64_t pick(uint64_t below)
{
	return (uint64_t)rand_r(&seed) % below;
}

START_TEST(span_is_extended_to_the_alignment)
{
	static const struct {
		uint64_t offset, length, size, alignment, start, end;
	} cases[] = {
		{ 0, 1, 1, 512, 0, 512 },
		{ 1, 10007, 1 << 20, 512, 0, 10240 },
		{ 511, 2, 4096, 512, 0, 1024 },
		{ 4096, 4096, 1 << 20, 4096, 4096, 8192 },
		{ 1391, 1, 1392, 512, 1024, 1536 }, /* the last byte: the read ends with its block */
		{ UINT64_C(5368709119), 1, UINT64_C(5368709120), 4096, UINT64_C(5368705024), UINT64_C(5368709120) },
		{ 7, 5, 20, 1, 7, 12 }, /* no O_DIRECT: not aligned */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span span =
			span_aligned(cases[i].offset, cases[i].length, cases[i].size, (uint32_t)cases[i].alignment);

		ck_assert_uint_eq(span.offset, cases[i].start);
		ck_assert_uint_eq(span.offset + span.length, cases[i].end);
	}
}
END_TEST

START_TEST(pieces_end_at_multiples_of_the_block)
{
	struct range_set set = { .count = 1, .ranges = (struct byte_range[]){ { 1000, 40000 } } };
	struct plan plan;
	struct plan_piece piece;

	plan_init(&plan, &set, NULL, 16384);
	ck_assert(plan_next(&plan, &piece) && piece.offset == 1000 && piece.length == 15384);
	ck_assert(plan_next(&plan, &piece) && piece.offset == 16384 && piece.length == 16384);
	ck_assert(plan_next(&plan, &piece) && piece.offset == 32768 && piece.length == 40000 - 32768 + 1);
	ck_assert(!plan_next(&plan, &piece));
	ck_assert(!plan_next(&plan, &piece));
}
END_TEST

START_TEST(multipart_has_text_before_each_range_and_at_the_end)
{
	struct range_set set = { .count = 2, .ranges = (struct byte_range[]){ { 90000, 90009 }, { 0, 9 } } };
	struct multipart multipart;
	struct plan plan;
	struct plan_piece piece;
	uint64_t total = 0;
	char order[8] = "";

	ck_assert_int_eq(multipart_init(&multipart, &set,
					&(struct multipart_representation){ .size = 100000, .type = "text/plain" }),
			 0);
	plan_init(&plan, &set, &multipart, 16384);
	while (plan_next(&plan, &piece)) {
		strcat(order, piece.is_text ? "t" : "s");
		total += piece.length;
	}
	ck_assert_str_eq(order, "tstst");
	ck_assert_uint_eq(total, multipart.length);
}
END_TEST

static void random_ranges(struct range_set *set, uint64_t size)
{
	char field[1024] = "bytes=";
	unsigned count = 1 + (unsigned)pick(6);

	do {
		size_t used = strlen("bytes=");

		for (unsigned i = 0; i < count; i++) {
			uint64_t first = pick(size), last = first + pick(size - first);

			used += (size_t)snprintf(field + used, sizeof(field) - used, "%s%llu-%llu", i > 0 ? "," : "",
						 (unsigned long long)first, (unsigned long long)last);
		}
	} while (range_parse(field, size, RANGE_COUNT_MAX, set) != RANGE_PARTIAL);
}

/* Marks the bytes of one aligned read; fails if one was read before. */
static void mark_read(unsigned char *read, struct span span, uint64_t size, uint32_t alignment)
{
	ck_assert(align_is_aligned(span.offset, alignment) && align_is_aligned(span.length, alignment));
	ck_assert_uint_le(span.offset + span.length, align_up(size, alignment));
	for (uint64_t i = span.offset; i < span.offset + span.length; i++)
		if (read[i]++ != 0)
			ck_abort_msg("byte %llu is read twice", (unsigned long long)i);
}

START_TEST(random_plans_cover_their_ranges_and_read_nothing_twice)
{
	unsigned char *read = malloc(SIZE_MAX_BYTES + 4096);

	for (unsigned round = 0; round < 400; round++) {
		uint64_t size = 1 + pick(pick(2) ? SIZE_MAX_BYTES : 20000);
		uint32_t alignment = pick(2) ? 512 : 4096;
		size_t block = (size_t)4096 << pick(7);
		struct range_set set;
		struct plan plan;
		struct plan_piece piece;
		unsigned part = 0;
		uint64_t expected;

		random_ranges(&set, size);
		memset(read, 0, SIZE_MAX_BYTES + 4096);
		plan_init(&plan, &set, NULL, block);
		expected = set.ranges[0].first;
		while (plan_next(&plan, &piece)) {
			struct span span = span_aligned(piece.offset, piece.length, size, alignment);

			ck_assert_uint_eq(piece.offset, expected);
			ck_assert(piece.length > 0 && piece.length <= block);
			ck_assert(span.offset <= piece.offset &&
				  span.offset + span.length >= piece.offset + piece.length);
			mark_read(read, span, size, alignment);
			expected += piece.length;
			if (expected == set.ranges[part].last + 1 && ++part < set.count) {
				expected = set.ranges[part].first;
				memset(read, 0, SIZE_MAX_BYTES + 4096);
			}
		}
		ck_assert_uint_eq(part, set.count);
		range_set_fini(&set);
	}
	free(read);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tests = tcase_create("plan");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, span_is_extended_to_the_alignment);
	tcase_add_test(tests, pieces_end_at_multiples_of_the_block);
	tcase_add_test(tests, multipart_has_text_before_each_range_and_at_the_end);
	tcase_add_test(tests, random_plans_cover_their_ranges_and_read_nothing_twice);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
