/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Byte ranges (RFC 9110 section 14): parses a Range field for a representation of known size. The functions are
 * thread-safe and have no side effects except allocations.
 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#define RANGE_COUNT_MAX 1000 /* upper bound of the configured maximum number of ranges */
/* ranges with a gap of at most this size are coalesced, because an additional part would be larger */
#define RANGE_GAP_BYTES 80

struct byte_range {
	uint64_t first, last; /* positions within the representation, both inclusive */
};

/* A set of ranges. The caller owns the zero-initialised struct and must not move it: `ranges` may point into it. */
struct range_set {
	unsigned count;
	struct byte_range *ranges; /* points to `one`, or to the heap */
	struct byte_range one;
	bool past_end; /* true if the field requests bytes after the end; set regardless of the verdict */
};

enum range_verdict {
	RANGE_WHOLE, /* status 200: no field, another unit, a malformed field, or too many ranges */
	/* status 206: the set contains at least one range; the ranges are coalesced and in the requested order */
	RANGE_PARTIAL,
	RANGE_UNSATISFIABLE, /* status 416 */
	RANGE_NO_MEMORY,
};

/*
 * Parses the value of the Range field, which is NULL if the field is absent. If a request has several Range fields, the
 * caller ignores them. `size` is the size of the representation in bytes, and `max` is the maximum number of ranges, 1
 * to RANGE_COUNT_MAX.
 * - The result is RANGE_WHOLE for an empty representation, and for a field of more than `max` ranges.
 * - A last position that overflows is clamped to the end. A first position that overflows is unsatisfiable.
 * - "-0" is unsatisfiable. A suffix that is longer than the representation selects the whole representation.
 * - Unsatisfiable ranges are omitted if the field also contains satisfiable ranges (RFC 9110 section 14.1.2).
 * Previous content of the set is not freed. set->count is 0 unless the result is RANGE_PARTIAL.
 */
enum range_verdict range_parse(const char *field, uint64_t size, unsigned max, struct range_set *set);

/*
 * Returns true if range_parse() evaluates this field for a representation that is not empty. The unit must be bytes,
 * and the field must be well formed and have at most `max` ranges.
 */
bool range_is_valid(const char *field, unsigned max);

/* Initialises the set with one range that covers a whole representation of `size` bytes. The size must not be 0. */
void range_set_whole(struct range_set *set, uint64_t size);
/* Frees the memory of the set and empties it. Has no effect on an empty set. */
void range_set_fini(struct range_set *set);

#endif
