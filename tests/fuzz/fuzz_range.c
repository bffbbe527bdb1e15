/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of range_parse(). The input is a size in decimal, one byte to part them, and the field: "10000 bytes=0-9".
 * What is left of the ranges lies inside the size, apart by RANGE_MERGE_GAP at least, and costs no more than the rules allow.
 */
#include "http/range.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_apart(const struct byte_range *a, const struct byte_range *b)
{
	const struct byte_range *low = a->first < b->first ? a : b, *high = low == a ? b : a;
	assert(high->first > low->last);
	assert(high->first - low->last - 1 >= RANGE_MERGE_GAP);
}

static void check_set(const struct range_set *set, uint64_t size)
{
	unsigned __int128 cost = 0;
	assert(set->count >= 1 && set->count <= RANGE_SERVED_MAX);
	for (unsigned i = 0; i < set->count; i++) {
		assert(set->ranges[i].first <= set->ranges[i].last);
		assert(set->ranges[i].last < size);
		cost += set->ranges[i].last - set->ranges[i].first + 1 + RANGE_PART_OVERHEAD;
		for (unsigned j = 0; j < i; j++)
			check_apart(&set->ranges[i], &set->ranges[j]);
	}
	assert(set->count == 1 || cost <= (unsigned __int128)size + RANGE_COST_SLACK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct range_set set;
	uint64_t file_size = 0;
	while (size > 0 && *data >= '0' && *data <= '9') {
		file_size = file_size * 10 + (*data++ - '0');
		size--;
	}
	if (size == 0)
		return 0;
	char *field = strndup((const char *)data + 1, size - 1);
	if (range_parse(field, file_size, &set) == RANGE_PARTIAL)
		check_set(&set, file_size);
	else
		assert(set.count == 0);
	free(field);
	return 0;
}
