/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Range field: one test for each rule, and random fields compared with a map of bytes. */
#include "http/range.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"

#define WHOLE "whole"
#define UNSATISFIABLE "416"

/* Checks the verdict as text: WHOLE, UNSATISFIABLE, or the ranges, "0-9,5000-5009". */
#define MAX 256
static const char *verdict_of(const char *field, uint64_t size)
{
	static char text[MAX * 44];
	struct range_set set;
	size_t used = 0;
	enum range_verdict verdict = range_parse(field, size, MAX, &set);
	/* Whether a field is ignored does not depend on the size, except for size 0. */
	if (size > 0)
		ck_assert_int_eq(range_is_valid(field, MAX), verdict != RANGE_WHOLE);
	if (verdict != RANGE_PARTIAL) {
		ck_assert_uint_eq(set.count, 0);
		return verdict == RANGE_WHOLE ? WHOLE : UNSATISFIABLE;
	}
	for (unsigned i = 0; i < set.count; i++)
		used += (size_t)sprintf(text + used, "%s%llu-%llu", i > 0 ? "," : "",
					(unsigned long long)set.ranges[i].first,
					(unsigned long long)set.ranges[i].last);
	ck_assert(set.count > 1 || set.ranges == &set.one);
	range_set_fini(&set);
	ck_assert_uint_eq(set.count, 0);
	range_set_fini(&set);
	return text;
}

#define check(field, size, expected) ck_assert_str_eq(verdict_of(field, size), expected)

START_TEST(no_field_is_the_whole_representation)
{
	check(NULL, 1000, WHOLE);
}
END_TEST

START_TEST(empty_file_ignores_ranges)
{
	check("bytes=0-0", 0, WHOLE);
	check("bytes=-1", 0, WHOLE);
	check("bytes=-0", 0, WHOLE);
}
END_TEST

START_TEST(first_and_last_are_inclusive)
{
	check("bytes=0-0", 1000, "0-0");
	check("bytes=100-199", 1000, "100-199");
	check("bytes=999-999", 1000, "999-999");
	check("bytes=007-0009", 1000, "7-9");
}
END_TEST

START_TEST(open_range_runs_to_the_end)
{
	check("bytes=0-", 1000, "0-999");
	check("bytes=999-", 1000, "999-999");
}
END_TEST

START_TEST(suffix_is_the_last_bytes)
{
	check("bytes=-1", 1000, "999-999");
	check("bytes=-500", 1000, "500-999");
	check("bytes=-1000", 1000, "0-999");
}
END_TEST

START_TEST(suffix_longer_than_the_file_is_the_whole_file)
{
	check("bytes=-1001", 1000, "0-999");
	check("bytes=-18446744073709551615", 1000, "0-999");
	check("bytes=-99999999999999999999999999", 1000, "0-999");
}
END_TEST

START_TEST(suffix_of_zero_is_unsatisfiable)
{
	check("bytes=-0", 1000, UNSATISFIABLE);
	check("bytes=-000", 1000, UNSATISFIABLE);
	check("bytes=-0,5-5", 1000, "5-5");
}
END_TEST

START_TEST(a_range_that_covers_the_file_is_partial)
{
	check("bytes=0-999", 1000, "0-999");
	check("bytes=0-5000", 1000, "0-999");
	check("bytes=0-499,500-999", 1000, "0-999");
}
END_TEST

START_TEST(unit_is_case_insensitive)
{
	check("Bytes=0-1", 1000, "0-1");
	check("BYTES=0-1", 1000, "0-1");
}
END_TEST

START_TEST(unknown_unit_is_ignored)
{
	check("items=0-1", 1000, WHOLE);
	check("byte=0-1", 1000, WHOLE);
	check("bytess=0-1", 1000, WHOLE);
	check("bytes", 1000, WHOLE);
	check("", 1000, WHOLE);
	check("0-1", 1000, WHOLE);
	check("\"ytes=0-1", 1000, WHOLE);
}
END_TEST

static const char *const malformed[] = {
	"bytes=",
	"bytes= ",
	"bytes=,",
	"bytes=, ,",
	"bytes=-",
	"bytes=a",
	"bytes=1",
	"bytes=1,2",
	"bytes=a-b",
	"bytes=0-b",
	"bytes=0-1b",
	"bytes=--1",
	"bytes=-1-",
	"bytes=0-1-2",
	"bytes=+0-1",
	"bytes=0-+1",
	"bytes=0x0-1",
	"bytes=0-1;2-3",
	"bytes=0-1 2-3",
	"bytes= =0-1",
	"bytes =0-1",
	"bytes==0-1",
	"bytes=0 -1",
	"bytes=0- 1",
	"bytes=- 1",
	"bytes=0.0-1",
	"bytes=*",
	"bytes=0-1/5",
	"bytes=0-1,x",
	"bytes=x,0-1",
	"bytes=0-1,bytes=2-3",
	"bytes=\v0-1",
	"bytes=0-1\n",
	"bytes=\"0-1\"",
	"bytes:0-1",
};

START_TEST(one_malformed_spec_invalidates_the_field)
{
	ck_assert_msg(strcmp(verdict_of(malformed[_i], 1000), WHOLE) == 0, "taken: %s", malformed[_i]);
}
END_TEST

START_TEST(first_after_last_is_malformed)
{
	check("bytes=2-1", 1000, WHOLE);
	check("bytes=0-1,5000-4000", 1000, WHOLE);
	check("bytes=10-9", 5, WHOLE);
	check("bytes=00010-9", 1000, WHOLE);
	check("bytes=9-00010", 1000, "9-10");
	check("bytes=18446744073709551617-18446744073709551616", 1000, WHOLE);
	check("bytes=18446744073709551616-18446744073709551617", 1000, UNSATISFIABLE);
	check("bytes=99999999999999999999999-1", 1000, WHOLE);
}
END_TEST

START_TEST(blanks_and_empty_members_are_allowed)
{
	check(" \tbytes=0-1\t ", 1000, "0-1");
	check("bytes= 0-1", 1000, "0-1");
	check("bytes=,0-1", 1000, "0-1");
	check("bytes=0-1,", 1000, "0-1");
	check("bytes= , ,0-1\t, ,, 9000-9001 ,", 10000, "0-1,9000-9001");
}
END_TEST

START_TEST(overflowing_last_clamps_to_the_end)
{
	check("bytes=0-18446744073709551614", 1000, "0-999");
	check("bytes=0-18446744073709551615", 1000, "0-999");
	check("bytes=0-18446744073709551616", 1000, "0-999");
	check("bytes=5-100000000000000000000000000000000000000000", 1000, "5-999");
}
END_TEST

START_TEST(overflowing_first_is_unsatisfiable)
{
	check("bytes=18446744073709551615-", 1000, UNSATISFIABLE);
	check("bytes=18446744073709551616-", 1000, UNSATISFIABLE);
	check("bytes=18446744073709551616-18446744073709551616", UINT64_MAX, UNSATISFIABLE);
	check("bytes=100000000000000000000000000000000000000000-", UINT64_MAX, UNSATISFIABLE);
	check("bytes=18446744073709551616-,0-0", 1000, "0-0");
}
END_TEST

START_TEST(none_satisfiable_is_416)
{
	check("bytes=1000-", 1000, UNSATISFIABLE);
	check("bytes=1000-1000,2000-,-0", 1000, UNSATISFIABLE);
}
END_TEST

START_TEST(unsatisfiable_ranges_beside_satisfiable_ones_are_omitted)
{
	check("bytes=1000-,0-9", 1000, "0-9");
	check("bytes=0-9,20000-,9000-9009", 10000, "0-9,9000-9009");
}
END_TEST

START_TEST(the_largest_size_works)
{
	check("bytes=18446744073709551614-", UINT64_MAX, "18446744073709551614-18446744073709551614");
	check("bytes=-1", UINT64_MAX, "18446744073709551614-18446744073709551614");
	check("bytes=0-,0-0", UINT64_MAX, "0-18446744073709551614");
	check("bytes=-1,0-0", UINT64_MAX, "18446744073709551614-18446744073709551614,0-0");
}
END_TEST

START_TEST(overlapping_ranges_are_coalesced)
{
	check("bytes=0-99,50-149", 1000, "0-149");
	check("bytes=50-149,0-99", 1000, "0-149");
	check("bytes=0-99,100-149", 1000, "0-149");
	check("bytes=0-999,10-20", 1000, "0-999");
	check("bytes=0-,0-,0-,0-", 1000, "0-999");
}
END_TEST

START_TEST(ranges_with_a_gap_of_80_are_coalesced)
{
	check("bytes=0-9,90-199", 100000, "0-199");	 /* gap of 80 */
	check("bytes=0-9,91-199", 100000, "0-9,91-199"); /* gap of 81 */
	check("bytes=90-199,0-9", 100000, "0-199");
	check("bytes=91-199,0-9", 100000, "91-199,0-9");
}
END_TEST

START_TEST(coalescing_is_transitive)
{
	check("bytes=0-9,150-159,80-89", 100000, "0-159");
	check("bytes=150-159,0-9,50000-50009,80-89", 100000, "0-159,50000-50009");
	check("bytes=0-50000,10-20,50080-50081", 100000, "0-50081");
}
END_TEST

START_TEST(ranges_keep_the_requested_order)
{
	check("bytes=60000-60009,20000-20009,40000-40009", 100000, "60000-60009,20000-20009,40000-40009");
	check("bytes=-10,0-9", 100000, "99990-99999,0-9");
}
END_TEST

START_TEST(coalesced_range_has_the_place_of_its_earliest_member)
{
	check("bytes=100-199,50000-50009,0-99", 100000, "0-199,50000-50009");
	check("bytes=90000-90009,100-199,50000-50009,0-99", 100000, "90000-90009,0-199,50000-50009");
	check("bytes=90000-90009,50000-50009,100-199,0-99,50010-50019", 100000, "90000-90009,50000-50019,0-199");
}
END_TEST

/* Returns "bytes=" and `count` ranges of 10 bytes, whose starts are `apart` bytes apart. */
static const char *field_of(unsigned count, unsigned apart)
{
	static char field[32768];
	size_t used = (size_t)sprintf(field, "bytes=");
	for (unsigned i = 0; i < count; i++)
		used += (size_t)sprintf(field + used, "%u-%u,", i * apart, i * apart + 9);
	return field;
}

START_TEST(more_than_max_ranges_are_ignored)
{
	char field[8192] = "bytes=0-0";
	check(field_of(MAX, 20), 100000, "0-5109");
	check(field_of(MAX + 1, 20), 100000, WHOLE);
	check(field_of(MAX + 1, 20), 5, WHOLE);
	check(field_of(MAX, 20), 5, "0-4");
	for (unsigned i = 0; i < MAX - 1; i++) /* unsatisfiable members count, empty members do not */
		strcat(field, ",5000-,");
	check(field, 1000, "0-0");
	check(strcat(field, ",5000-"), 1000, WHOLE);
}
END_TEST

START_TEST(max_may_be_1_or_1000)
{
	struct range_set set;
	ck_assert_int_eq(range_parse("bytes=0-0,", 10, 1, &set), RANGE_PARTIAL);
	range_set_fini(&set);
	ck_assert_int_eq(range_parse("bytes=,0-0", 10, 1, &set), RANGE_PARTIAL);
	range_set_fini(&set);
	ck_assert_int_eq(range_parse("bytes=0-0,5-5", 10, 1, &set), RANGE_WHOLE);
	ck_assert(!range_is_valid("bytes=0-0,5-5", 1));
	ck_assert_int_eq(range_parse(field_of(1000, 1000), 1000000, 1000, &set), RANGE_PARTIAL);
	ck_assert_uint_eq(set.count, 1000);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_uint_eq(set.ranges[i].first, 1000 * i);
	range_set_fini(&set);
}
END_TEST

#define MAP_BYTES 200000

/*
 * Computes the expected result of a field byte by byte: the runs of requested bytes, with gaps of at most
 * RANGE_GAP_BYTES filled.
 */
static unsigned model(const struct byte_range *asked, unsigned count, uint64_t size, struct byte_range *runs,
		      unsigned *orders)
{
	static unsigned char map[MAP_BYTES];
	static unsigned order_at[MAP_BYTES];
	unsigned run_count = 0;
	uint64_t since = RANGE_GAP_BYTES + 1;
	memset(map, 0, size);
	for (unsigned i = count; i-- > 0;)
		for (uint64_t at = asked[i].first; at <= asked[i].last; at++) {
			map[at] = 1;
			order_at[at] = i;
		}
	for (uint64_t at = 0; at < size; at++) {
		if (!map[at]) {
			since++;
			continue;
		}
		if (run_count == 0 || since > RANGE_GAP_BYTES) {
			runs[run_count] = (struct byte_range){ at, at };
			orders[run_count++] = order_at[at];
		}
		runs[run_count - 1].last = at;
		if (order_at[at] < orders[run_count - 1])
			orders[run_count - 1] = order_at[at];
		since = 0;
	}
	return run_count;
}

/* Writes range i as a range-spec in one of its spellings, with blanks and empty members in between. */
static size_t write_spec(char *to, const struct byte_range *range, uint64_t size)
{
	static const char *const separators[] = { ",", ", ", " ,", "\t,, ", ",," };
	const char *separator = separators[random() % 5];
	unsigned long long first = range->first, last = range->last;
	if (range->last == size - 1 && random() % 3 == 0)
		return (size_t)sprintf(to, "-%llu%s", size - first, separator);
	if (range->last == size - 1 && random() % 3 == 0)
		return (size_t)sprintf(to, "%llu-%s", first, separator);
	if (range->last == size - 1 && random() % 3 == 0)
		return (size_t)sprintf(to, "%llu-%llu%s", first, last + (unsigned long long)random() % 9, separator);
	return (size_t)sprintf(to, "%llu-%llu%s", first, last, separator);
}

static void draw_ranges(struct byte_range *asked, unsigned count, uint64_t size)
{
	uint64_t longest = random() % 3 ? 1 + (uint64_t)random() % 50 : size;
	for (unsigned i = 0; i < count; i++) {
		asked[i].first = (uint64_t)random() % size;
		asked[i].last = asked[i].first + (uint64_t)random() % longest;
		if (asked[i].last >= size || random() % 16 == 0)
			asked[i].last = size - 1;
	}
}

/* Checks that the set consists of the runs in the order of their earliest members. */
static void check_set(const struct range_set *set, const struct byte_range *runs, const unsigned *orders,
		      unsigned run_count)
{
	unsigned before = 0;
	for (unsigned i = 0; i < set->count; i++) {
		unsigned run = 0;
		while (run < run_count && runs[run].first != set->ranges[i].first)
			run++;
		ck_assert_uint_lt(run, run_count);
		ck_assert_uint_eq(runs[run].last, set->ranges[i].last);
		ck_assert(i == 0 || orders[run] > before);
		before = orders[run];
	}
}

static void check_random_field(void)
{
	struct byte_range asked[64], runs[64];
	unsigned orders[64], count = 1 + (unsigned)random() % 64;
	uint64_t size = 1 + (uint64_t)random() % (random() % 2 ? MAP_BYTES : 9000);
	char field[4096];
	struct range_set set;
	draw_ranges(asked, count, size);
	size_t used = (size_t)sprintf(field, "bytes=");
	for (unsigned i = 0; i < count; i++)
		used += write_spec(field + used, &asked[i], size);
	unsigned run_count = model(asked, count, size, runs, orders);
	enum range_verdict verdict = range_parse(field, size, MAX, &set);
	ck_assert_msg(verdict == RANGE_PARTIAL, "%u runs, verdict %d: %s", run_count, verdict, field);
	ck_assert_msg(set.count == run_count, "%u ranges, not %u: %s", set.count, run_count, field);
	check_set(&set, runs, orders, run_count);
	range_set_fini(&set);
}

START_TEST(random_fields_agree_with_a_map_of_bytes)
{
	srandom(2);
	for (unsigned i = 0; i < 3000; i++)
		check_random_field();
}
END_TEST

static const struct {
	const char *field;
	uint64_t size;
	bool past_end;
} ends[] = {
	{ "bytes=0-9", 10, false },	{ "bytes=0-10", 10, true },	{ "bytes=10-", 10, true },
	{ "bytes=9-", 10, false },	{ "bytes=-10", 10, false },	{ "bytes=-11", 10, true },
	{ "bytes=0-0,9-9", 10, false }, { "bytes=0-0,9-99", 10, true }, { "bytes=0-0,50-60", 10, true },
	{ "bytes=0-", 0, true },	{ "lines=0-99", 10, false },	{ NULL, 10, false },
};

START_TEST(reports_ranges_past_the_end)
{
	struct range_set set;

	range_parse(ends[_i].field, ends[_i].size, MAX, &set);
	ck_assert_msg(set.past_end == ends[_i].past_end, "%s", ends[_i].field);
	range_set_fini(&set);
}
END_TEST

static void add_tests_of_one(TCase *t)
{
	tcase_add_loop_test(t, reports_ranges_past_the_end, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(t, no_field_is_the_whole_representation);
	tcase_add_test(t, empty_file_ignores_ranges);
	tcase_add_test(t, first_and_last_are_inclusive);
	tcase_add_test(t, open_range_runs_to_the_end);
	tcase_add_test(t, suffix_is_the_last_bytes);
	tcase_add_test(t, suffix_longer_than_the_file_is_the_whole_file);
	tcase_add_test(t, suffix_of_zero_is_unsatisfiable);
	tcase_add_test(t, a_range_that_covers_the_file_is_partial);
	tcase_add_test(t, unit_is_case_insensitive);
	tcase_add_test(t, unknown_unit_is_ignored);
	tcase_add_loop_test(t, one_malformed_spec_invalidates_the_field, 0, sizeof(malformed) / sizeof(*malformed));
	tcase_add_test(t, first_after_last_is_malformed);
	tcase_add_test(t, blanks_and_empty_members_are_allowed);
	tcase_add_test(t, overflowing_last_clamps_to_the_end);
	tcase_add_test(t, overflowing_first_is_unsatisfiable);
	tcase_add_test(t, none_satisfiable_is_416);
	tcase_add_test(t, unsatisfiable_ranges_beside_satisfiable_ones_are_omitted);
	tcase_add_test(t, the_largest_size_works);
}

static void add_tests_of_many(TCase *t)
{
	tcase_add_test(t, overlapping_ranges_are_coalesced);
	tcase_add_test(t, ranges_with_a_gap_of_80_are_coalesced);
	tcase_add_test(t, coalescing_is_transitive);
	tcase_add_test(t, ranges_keep_the_requested_order);
	tcase_add_test(t, coalesced_range_has_the_place_of_its_earliest_member);
	tcase_add_test(t, more_than_max_ranges_are_ignored);
	tcase_add_test(t, max_may_be_1_or_1000);
	tcase_add_test(t, random_fields_agree_with_a_map_of_bytes);
}

static Suite *suite(void)
{
	Suite *s = suite_create("range");
	TCase *one = tcase_create("one"), *many = tcase_create("many");
	tcase_set_timeout(many, 120);
	add_tests_of_one(one);
	add_tests_of_many(many);
	suite_add_tcase(s, one);
	suite_add_tcase(s, many);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
