/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of range_parse(). The input is a size in decimal, one separating byte and the field: "10000
 * bytes=0-9". The resulting ranges must be within the size and have gaps of more than RANGE_GAP_BYTES. Fields of more
 * than MAX ranges must be ignored.
 */
#include "http/range.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAX 100 /* check_set() is quadratic */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_apart(const struct byte_range *a, const struct byte_range *b)
{
	const struct byte_range *low = a->first < b->first ? a : b, *high = low == a ? b : a;
	assert(high->first > low->last);
	assert(high->first - low->last - 1 > RANGE_GAP_BYTES);
}

static void check_set(const struct range_set *set, uint64_t size)
{
	assert(set->count >= 1 && set->count <= MAX);
	for (unsigned i = 0; i < set->count; i++) {
		assert(set->ranges[i].first <= set->ranges[i].last);
		assert(set->ranges[i].last < size);
		for (unsigned j = 0; j < i; j++)
			check_apart(&set->ranges[i], &set->ranges[j]);
	}
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
	enum range_verdict verdict = range_parse(field, file_size, MAX, &set);
	if (verdict == RANGE_PARTIAL)
		check_set(&set, file_size);
	else
		assert(set.count == 0);
	assert(file_size == 0 || range_is_valid(field, MAX) == (verdict != RANGE_WHOLE));
	range_set_fini(&set);
	free(field);
	return 0;
}
