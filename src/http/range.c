/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Range field, RFC 9110 section 14.2, and how ranges are coalesced (section 15.3.7.2).
 *
 * The field is read from left to right into a table of satisfiable ranges; the first member that is not a range-spec
 * makes the whole field invalid. Numbers have any number of digits: their value saturates at UINT64_MAX, which is past
 * every representation, so overflow needs no case of its own. Then the table is sorted by position, and one sweep joins
 * what overlaps or lies close; a joined range is put where its earliest member was asked for. A field of n ranges costs
 * O(n log n) time, and memory only if n > 1.
 */
#include "http/range.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

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
static int take_suffix(const char **at, uint64_t size, struct byte_range *range, bool *past_end)
{
	struct number length;
	(*at)++;
	if (!take_number(at, &length))
		return -EINVAL;
	if (length.value == 0)
		return 0;
	*past_end |= length.value > size;
	range->first = length.value < size ? size - length.value : 0;
	range->last = size - 1;
	return 1;
}

/* "A-" or "A-B": 1 and the range, 0 when unsatisfiable, -EINVAL. */
static int take_positions(const char **at, uint64_t size, struct byte_range *range, bool *past_end)
{
	struct number first, last;
	if (!take_number(at, &first) || **at != '-')
		return -EINVAL;
	(*at)++;
	bool bounded = take_number(at, &last);
	if (bounded && is_greater(&first, &last))
		return -EINVAL;
	*past_end |= first.value >= size || (bounded && last.value >= size);
	if (first.value >= size)
		return 0;
	range->first = first.value;
	range->last = bounded && last.value < size ? last.value : size - 1;
	return 1;
}

/*
 * Reads a list of at most max ranges. Returns how many are satisfiable, and puts these into asked[max] (NULL: nowhere);
 * -EINVAL: the field is invalid. *past_end is set if one of them asks for bytes beyond the size.
 */
static int read_list(const char *at, uint64_t size, unsigned max, struct asked *asked, bool *past_end)
{
	unsigned members = 0, count = 0;
	for (at += strspn(at, BLANKS ","); *at != '\0'; at += strspn(at, BLANKS ",")) {
		if (++members > max)
			return -EINVAL;
		struct byte_range range;
		int satisfiable = *at == '-' ? take_suffix(&at, size, &range, past_end)
					     : take_positions(&at, size, &range, past_end);
		if (satisfiable < 0)
			return satisfiable;
		at += strspn(at, BLANKS);
		if (*at != ',' && *at != '\0')
			return -EINVAL;
		if (satisfiable && asked != NULL)
			asked[count] = (struct asked){ range, count };
		count += (unsigned)satisfiable;
	}
	return members > 0 ? (int)count : -EINVAL;
}

static int compare_positions(const void *a, const void *b)
{
	const struct asked *left = a, *right = b;
	return (left->range.first > right->range.first) - (left->range.first < right->range.first);
}

static int compare_orders(const void *a, const void *b)
{
	const struct asked *left = a, *right = b;
	return (left->order > right->order) - (left->order < right->order);
}

/* a begins no later than b. */
static bool is_near(const struct byte_range *a, const struct byte_range *b)
{
	return b->first <= a->last || b->first - a->last - 1 <= RANGE_GAP_BYTES;
}

/* Coalesces what is sorted by position; returns how many are left, still sorted. */
static unsigned coalesce(struct asked *asked, unsigned count)
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

static enum range_verdict keep(struct range_set *set, const struct asked *asked, unsigned count)
{
	struct byte_range *ranges = count > 1 ? malloc(count * sizeof(*ranges)) : &set->one;
	if (ranges == NULL)
		return RANGE_NO_MEMORY;
	for (unsigned i = 0; i < count; i++)
		ranges[i] = asked[i].range;
	set->ranges = ranges;
	set->count = count;
	return RANGE_PARTIAL;
}

/* asked has room for max ranges. */
static enum range_verdict read_ranges(const char *list, uint64_t size, unsigned max, struct asked *asked,
				      struct range_set *set)
{
	int satisfiable = read_list(list, size, max, asked, &set->past_end);
	if (satisfiable < 0)
		return RANGE_WHOLE;
	if (satisfiable == 0)
		return RANGE_UNSATISFIABLE;
	qsort(asked, (size_t)satisfiable, sizeof(*asked), compare_positions);
	unsigned left = coalesce(asked, (unsigned)satisfiable);
	qsort(asked, left, sizeof(*asked), compare_orders);
	return keep(set, asked, left);
}

/* How many ranges the list can have, at most max. */
static unsigned count_members(const char *list, unsigned max)
{
	unsigned count = 1;
	for (; *list != '\0' && count < max; list++)
		count += *list == ',';
	return count;
}

/* Past "bytes=" and blanks before it, or NULL. */
static const char *list_of(const char *field)
{
	return field != NULL ? skip_unit(field + strspn(field, BLANKS)) : NULL;
}

bool range_is_valid(const char *field, unsigned max)
{
	const char *list = list_of(field);
	bool past_end = false;
	return list != NULL && read_list(list, 1, max, NULL, &past_end) >= 0;
}

enum range_verdict range_parse(const char *field, uint64_t size, unsigned max, struct range_set *set)
{
	const char *list = list_of(field);
	struct asked only, *asked = &only;
	*set = (struct range_set){ 0 };
	set->past_end = list != NULL && size == 0;
	if (list == NULL || size == 0)
		return RANGE_WHOLE;
	unsigned members = count_members(list, max);
	if (members > 1)
		asked = malloc(members * sizeof(*asked));
	if (asked == NULL)
		return RANGE_NO_MEMORY;
	/* A list with fewer commas than max cannot have more members than counted. */
	enum range_verdict verdict = read_ranges(list, size, max, asked, set);
	if (asked != &only)
		free(asked);
	return verdict;
}

void range_set_whole(struct range_set *set, uint64_t size)
{
	*set = (struct range_set){ .count = 1, .ranges = &set->one, .one = { .first = 0, .last = size - 1 } };
}

void range_set_fini(struct range_set *set)
{
	if (set->ranges != &set->one)
		free(set->ranges);
	*set = (struct range_set){ 0 };
}
