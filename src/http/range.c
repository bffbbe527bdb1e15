/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Range field, RFC 9110 section 14.2, and what becomes of many ranges (section 14.2 lets a server merge or refuse them).
 *
 * The field is read from left to right into a table of satisfiable ranges; the first thing that is no range-spec makes the whole
 * field void. Numbers have any number of digits: their value saturates at UINT64_MAX, which is past every representation, so
 * overflow needs no case of its own. Then the table is sorted by position, and one sweep joins what overlaps or lies close;
 * a joined range is put where its earliest member was asked for.
 */
#include "http/range.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define BLANKS " \t"

/*
 * "Dearer than the whole" needs no code: merged ranges share no byte, so their sum is at most the size, and the parts that
 * may be left cost at most the slack.
 */
_Static_assert(RANGE_SERVED_MAX * RANGE_PART_OVERHEAD <= RANGE_COST_SLACK, "the price of a multipart answer must be compared");

struct number {
	const char *digits; /* without leading zeros */
	size_t length;
	uint64_t value; /* UINT64_MAX when it is that or more */
};

struct asked {
	struct byte_range range;
	unsigned order;
};

/* Past "bytes=" in any case, or NULL. */
static const char *skip_unit(const char *at)
{
	for (const char *unit = "bytes"; *unit != '\0'; unit++, at++)
		if ((*at | 0x20) != *unit)
			return NULL;
	return *at == '=' ? at + 1 : NULL;
}

/* False when there is no digit. */
static bool take_number(const char **at, struct number *number)
{
	size_t length = strspn(*at, "0123456789");
	if (length == 0)
		return false;
	const char *end = *at + length;
	number->digits = *at + strspn(*at, "0");
	number->length = (size_t)(end - number->digits);
	number->value = 0;
	for (const char *digit = number->digits; digit < end; digit++)
		if (__builtin_mul_overflow(number->value, UINT64_C(10), &number->value) ||
		    __builtin_add_overflow(number->value, (uint64_t)(*digit - '0'), &number->value)) {
			number->value = UINT64_MAX;
			break;
		}
	*at = end;
	return true;
}

/* Of the numbers as written, so that it holds past 64 bits. */
static bool is_greater(const struct number *a, const struct number *b)
{
	if (a->length != b->length)
		return a->length > b->length;
	return memcmp(a->digits, b->digits, a->length) > 0;
}

/* "-N": 1 and the last N bytes, 0 when unsatisfiable, -EINVAL. */
static int take_suffix(const char **at, uint64_t size, struct byte_range *range)
{
	struct number length;
	(*at)++;
	if (!take_number(at, &length))
		return -EINVAL;
	if (length.value == 0)
		return 0;
	range->first = length.value < size ? size - length.value : 0;
	range->last = size - 1;
	return 1;
}

/* "A-" or "A-B": 1 and the range, 0 when unsatisfiable, -EINVAL. */
static int take_positions(const char **at, uint64_t size, struct byte_range *range)
{
	struct number first, last;
	if (!take_number(at, &first) || **at != '-')
		return -EINVAL;
	(*at)++;
	bool bounded = take_number(at, &last);
	if (bounded && is_greater(&first, &last))
		return -EINVAL;
	if (first.value >= size)
		return 0;
	range->first = first.value;
	range->last = bounded && last.value < size ? last.value : size - 1;
	return 1;
}

/* The satisfiable ranges of the list; how many, or -EINVAL when the field is void. */
static int read_list(const char *at, uint64_t size, struct asked *asked)
{
	unsigned members = 0, count = 0;
	for (at += strspn(at, BLANKS ","); *at != '\0'; at += strspn(at, BLANKS ",")) {
		if (++members > RANGE_PARSED_MAX)
			return -EINVAL;
		struct byte_range range;
		int satisfiable = *at == '-' ? take_suffix(&at, size, &range) : take_positions(&at, size, &range);
		if (satisfiable < 0)
			return satisfiable;
		at += strspn(at, BLANKS);
		if (*at != ',' && *at != '\0')
			return -EINVAL;
		if (satisfiable) {
			asked[count] = (struct asked){range, count};
			count++;
		}
	}
	return members > 0 ? (int)count : -EINVAL;
}

static void sort_by_position(struct asked *asked, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct asked moved = asked[i];
		unsigned j = i;
		for (; j > 0 && asked[j - 1].range.first > moved.range.first; j--)
			asked[j] = asked[j - 1];
		asked[j] = moved;
	}
}

/* a begins no later than b. */
static bool is_near(const struct byte_range *a, const struct byte_range *b)
{
	return b->first <= a->last || b->first - a->last - 1 < RANGE_MERGE_GAP;
}

/* Sorted by position in and out; how many are left. */
static unsigned merge(struct asked *asked, unsigned count)
{
	unsigned left = 0;
	for (unsigned i = 1; i < count; i++) {
		struct asked *into = &asked[left];
		if (!is_near(&into->range, &asked[i].range)) {
			asked[++left] = asked[i];
			continue;
		}
		if (asked[i].range.last > into->range.last)
			into->range.last = asked[i].range.last;
		if (asked[i].order < into->order)
			into->order = asked[i].order;
	}
	return left + 1;
}

static void put_in_order_asked(const struct asked *asked, unsigned count, struct range_set *set)
{
	bool used[RANGE_PARSED_MAX] = {false};
	for (unsigned i = 0; i < count; i++) {
		set->ranges[asked[i].order] = asked[i].range;
		used[asked[i].order] = true;
	}
	for (unsigned order = 0; set->count < count; order++)
		if (used[order])
			set->ranges[set->count++] = set->ranges[order];
}

enum range_verdict range_parse(const char *field, uint64_t size, struct range_set *set)
{
	set->count = 0;
	if (field == NULL || size == 0)
		return RANGE_WHOLE;
	const char *list = skip_unit(field + strspn(field, BLANKS));
	if (list == NULL)
		return RANGE_WHOLE;

	struct asked asked[RANGE_PARSED_MAX];
	int satisfiable = read_list(list, size, asked);
	if (satisfiable < 0)
		return RANGE_WHOLE;
	if (satisfiable == 0)
		return RANGE_UNSATISFIABLE;

	sort_by_position(asked, (unsigned)satisfiable);
	unsigned left = merge(asked, (unsigned)satisfiable);
	if (left > RANGE_SERVED_MAX)
		return RANGE_WHOLE;
	put_in_order_asked(asked, left, set);
	return RANGE_PARTIAL;
}
