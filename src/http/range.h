/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Byte ranges (RFC 9110 section 14): parses a Range field for a representation of known size. Pure except for memory;
 * any thread.
 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#define RANGE_COUNT_MAX 1000 /* upper bound of the configured maximum number of ranges */
#define RANGE_GAP_BYTES 80   /* ranges with a gap of at most this size are coalesced, as an additional part is larger */

struct byte_range {
	uint64_t first, last; /* positions within the representation, both inclusive */
};

/* A set of ranges. The caller owns the zero-initialised struct and must not move it: `ranges` may point into it. */
struct range_set {
	unsigned count;
	struct byte_range *ranges; /* points to `one`, or to the heap */
	struct byte_range one;
	bool past_end; /* the field requests bytes after the end; set regardless of the verdict */
};

enum range_verdict {
	RANGE_WHOLE,	     /* status 200: no field, another unit, malformed, or too many ranges */
	RANGE_PARTIAL,	     /* status 206: the set contains at least one range; coalesced, in the requested order */
	RANGE_UNSATISFIABLE, /* status 416 */
	RANGE_NO_MEMORY,
};

/*
 * Parses the value of the only Range field; NULL is no field. The caller ignores two Range fields. `size` is the size
 * of the representation in bytes, and `max` is the maximum number of ranges, 1 to RANGE_COUNT_MAX.
 * - An empty representation and a field of more than `max` ranges are RANGE_WHOLE.
 * - A last position that overflows is clamped to the end. A first position that overflows is unsatisfiable.
 * - "-0" is unsatisfiable. A suffix longer than the representation is the whole representation.
 * - Unsatisfiable ranges beside satisfiable ones are omitted (RFC 9110 section 14.1.2).
 * Previous content of the set is not freed. set->count is 0 unless the result is RANGE_PARTIAL.
 */
enum range_verdict range_parse(const char *field, uint64_t size, unsigned max, struct range_set *set);

/*
 * Returns true if range_parse() evaluates this field for a representation that is not empty. The unit must be bytes,
 * and the field must be well formed and have at most `max` ranges.
 */
bool range_is_valid(const char *field, unsigned max);

/* Sets the set to one range that covers a whole representation of this size, which must not be 0. */
void range_set_whole(struct range_set *set, uint64_t size);
/* Frees the memory of the set and empties it. Has no effect on an empty set. */
void range_set_fini(struct range_set *set);

#endif
