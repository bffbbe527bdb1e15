/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Byte ranges (RFC 9110 section 14): what a Range field asks of a representation of known size. */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#define RANGE_COUNT_MAX 1000 /* the most ranges that one field may be allowed to have */
#define RANGE_GAP_BYTES 80   /* ranges with a gap of at most this between them are coalesced: a part costs more */

struct byte_range {
	uint64_t first, last; /* inclusive, inside the representation */
};

/* Zero-initialised storage of the caller's, which must not move: `ranges` may point into it. */
struct range_set {
	unsigned count;
	struct byte_range *ranges; /* `one`, or on the heap */
	struct byte_range one;
	bool past_end; /* the field asks for bytes beyond the end, whatever the verdict is */
};

enum range_verdict {
	RANGE_WHOLE,	     /* 200: no range, not bytes, malformed, or too many */
	RANGE_PARTIAL,	     /* 206: the set holds at least one range, coalesced, in the order asked */
	RANGE_UNSATISFIABLE, /* 416 */
	RANGE_NO_MEMORY,
};

/*
 * field: the value of the only Range field (the caller ignores Range when there are two), NULL for none. size: of the
 * representation, in bytes; 0 is always RANGE_WHOLE. A field of more than max ranges (1 … RANGE_COUNT_MAX) is
 * RANGE_WHOLE. A last-pos that overflows clamps to the end, a first-pos that does is unsatisfiable, "-0" is
 * unsatisfiable, a suffix longer than the representation is all of it; unsatisfiable ranges beside satisfiable ones are
 * left out as RFC 9110 section 14.1.2 has it. What the set held before is not freed; set->count is 0 unless the verdict
 * is RANGE_PARTIAL.
 */
enum range_verdict range_parse(const char *field, uint64_t size, unsigned max, struct range_set *set);

/* Returns whether the field is one that range_parse() does not ignore, whatever the size: of bytes, well formed, and of
 * at most max ranges. */
bool range_is_valid(const char *field, unsigned max);

/* Makes the set one range: all of a representation of this size. */
void range_set_whole(struct range_set *set, uint64_t size);
/* Frees what the set owns; it is empty then. Fine on an empty one. */
void range_set_fini(struct range_set *set);

#endif
