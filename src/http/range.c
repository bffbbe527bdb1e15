/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses the Range field (RFC 9110 section 14.2) and coalesces ranges (section 15.3.7.2). The request owns the set. The
 * worker of the connection runs these functions.
 *
 * The field is parsed from left to right into a table of satisfiable ranges. The first malformed member invalidates the
 * whole field. Numbers may have any number of digits. Their value saturates at UINT64_MAX, which is after the end of
 * every representation, so overflow needs no special case.
 *
 * The main idea: the table is sorted by position, and one pass coalesces ranges that overlap or are close together. A
 * coalesced range keeps the place of its earliest member in the requested order. A field of n ranges takes O(n log n)
 * time, and heap memory only if n > 1.
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
	uint64_t value; /* saturated at UINT64_MAX */
};

/* A requested range and its place in the field. */
struct requested {
	struct byte_range range;
	unsigned order;
};

/* Returns the text after "bytes=", in upper or lower case. Returns NULL for another unit. */
static const char *skip_unit(const char *at)
{
	for (const char *unit = "bytes"; *unit != '\0'; unit++, at++)
		if ((*at | 0x20) != *unit)
			return NULL;
	return *at == '=' ? at + 1 : NULL;
}

/* Parses a number. Returns false if there is no digit. */
static bool parse_number(const char **at, struct number *number)
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

/*
 * Returns true if a > b. Compares the digits instead of the values, so the result is also correct for more than 64
 * bits.
 */
static bool is_greater(const struct number *a, const struct number *b)
{
	if (a->length != b->length)
		return a->length > b->length;
	return memcmp(a->digits, b->digits, a->length) > 0;
}

/* Parses "-N", the last N bytes. Returns 1 and sets *range, 0 if the range is unsatisfiable, or -EINVAL. */
static int parse_suffix(const char **at, uint64_t size, struct byte_range *range, bool *past_end)
{
	struct number length;
	(*at)++;
	if (!parse_number(at, &length))
		return -EINVAL;
	if (length.value == 0)
		return 0;
	*past_end |= length.value > size;
	range->first = length.value < size ? size - length.value : 0;
	range->last = size - 1;
	return 1;
}

/* Parses "A-" or "A-B". Returns 1 and sets *range, 0 if the range is unsatisfiable, or -EINVAL. */
static int parse_positions(const char **at, uint64_t size, struct byte_range *range, bool *past_end)
{
	struct number first, last;
	if (!parse_number(at, &first) || **at != '-')
		return -EINVAL;
	(*at)++;
	bool bounded = parse_number(at, &last);
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
 * Parses a list of at most `max` ranges. Stores the satisfiable ranges in requested[max], which may be NULL, and
 * returns their number, or -EINVAL if the field is invalid. Sets *past_end if a range requests bytes after the end.
 */
static int read_list(const char *at, uint64_t size, unsigned max, struct requested *requested, bool *past_end)
{
	unsigned members = 0, count = 0;
	for (at += strspn(at, BLANKS ","); *at != '\0'; at += strspn(at, BLANKS ",")) {
		if (++members > max)
			return -EINVAL;
		struct byte_range range;
		int satisfiable = *at == '-' ? parse_suffix(&at, size, &range, past_end)
					     : parse_positions(&at, size, &range, past_end);
		if (satisfiable < 0)
			return satisfiable;
		at += strspn(at, BLANKS);
		if (*at != ',' && *at != '\0')
			return -EINVAL;
		if (satisfiable && requested != NULL)
			requested[count] = (struct requested){ range, count };
		count += (unsigned)satisfiable;
	}
	return members > 0 ? (int)count : -EINVAL;
}

static int compare_positions(const void *a, const void *b)
{
	const struct requested *left = a, *right = b;
	return (left->range.first > right->range.first) - (left->range.first < right->range.first);
}

static int compare_orders(const void *a, const void *b)
{
	const struct requested *left = a, *right = b;
	return (left->order > right->order) - (left->order < right->order);
}

/* Returns true if the ranges overlap or are close together. `a` must not begin after `b`. */
static bool is_near(const struct byte_range *a, const struct byte_range *b)
{
	return b->first <= a->last || b->first - a->last - 1 <= RANGE_GAP_BYTES;
}

/* Coalesces ranges that are sorted by position. Returns the number of remaining ranges, which are still sorted. */
static unsigned coalesce(struct requested *requested, unsigned count)
{
	unsigned left = 0;
	for (unsigned i = 1; i < count; i++) {
		struct requested *into = &requested[left];
		if (!is_near(&into->range, &requested[i].range)) {
			requested[++left] = requested[i];
			continue;
		}
		if (requested[i].range.last > into->range.last)
			into->range.last = requested[i].range.last;
		if (requested[i].order < into->order)
			into->order = requested[i].order;
	}
	return left + 1;
}

static enum range_verdict store_ranges(struct range_set *set, const struct requested *requested, unsigned count)
{
	struct byte_range *ranges = count > 1 ? malloc(count * sizeof(*ranges)) : &set->one;
	if (ranges == NULL)
		return RANGE_NO_MEMORY;
	for (unsigned i = 0; i < count; i++)
		ranges[i] = requested[i].range;
	set->ranges = ranges;
	set->count = count;
	return RANGE_PARTIAL;
}

/* Parses the list into the set. `requested` has room for `max` ranges. */
static enum range_verdict read_ranges(const char *list, uint64_t size, unsigned max, struct requested *requested,
				      struct range_set *set)
{
	int satisfiable = read_list(list, size, max, requested, &set->past_end);
	if (satisfiable < 0)
		return RANGE_WHOLE;
	if (satisfiable == 0)
		return RANGE_UNSATISFIABLE;
	qsort(requested, (size_t)satisfiable, sizeof(*requested), compare_positions);
	unsigned left = coalesce(requested, (unsigned)satisfiable);
	qsort(requested, left, sizeof(*requested), compare_orders);
	return store_ranges(set, requested, left);
}

/* Returns an upper bound of the number of ranges in the list, at most `max`. */
static unsigned count_members(const char *list, unsigned max)
{
	unsigned count = 1;
	for (; *list != '\0' && count < max; list++)
		count += *list == ',';
	return count;
}

/* Returns the text after leading blanks and "bytes=", or NULL. */
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
	struct requested only, *requested = &only;
	*set = (struct range_set){ 0 };
	set->past_end = list != NULL && size == 0;
	if (list == NULL || size == 0)
		return RANGE_WHOLE;
	unsigned members = count_members(list, max);
	if (members > 1)
		requested = malloc(members * sizeof(*requested));
	if (requested == NULL)
		return RANGE_NO_MEMORY;
	/* `requested` is large enough, because a list with fewer than `max` commas has at most `members` members. */
	enum range_verdict verdict = read_ranges(list, size, max, requested, set);
	if (requested != &only)
		free(requested);
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
