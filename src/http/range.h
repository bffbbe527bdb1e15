/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Byte ranges (RFC 9110 section 14): what a Range field asks of a representation of known size. */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdint.h>

#define RANGE_PARSED_MAX 128	/* ranges read from one field; more: the field is ignored */
#define RANGE_SERVED_MAX 16	/* left after merging; more: the whole is sent */
#define RANGE_MERGE_GAP 4096	/* ranges closer than this become one */
#define RANGE_PART_OVERHEAD 256 /* what a part costs beside its bytes … */
#define RANGE_COST_SLACK 4096	/* … and how much dearer than the whole the parts may be */

struct byte_range {
	uint64_t first, last; /* inclusive, inside the representation */
};

struct range_set {
	unsigned count;
	struct byte_range ranges[RANGE_PARSED_MAX];
};

enum range_verdict {
	RANGE_WHOLE,	     /* 200: no range, not bytes, malformed, or too many */
	RANGE_PARTIAL,	     /* 206: set->count is 1 … RANGE_SERVED_MAX, merged, in the order asked */
	RANGE_UNSATISFIABLE, /* 416 */
};

/*
 * field: the value of the only Range field (the caller ignores Range when there are two), NULL for none. size: of the
 * representation, in bytes; 0 is always RANGE_WHOLE. A last-pos that overflows clamps to the end, a first-pos that does is
 * unsatisfiable, "-0" is unsatisfiable, a suffix longer than the representation is all of it; unsatisfiable ranges beside
 * satisfiable ones are left out as RFC 9110 section 14.1.2 has it. set->count is 0 unless the verdict is RANGE_PARTIAL.
 */
enum range_verdict range_parse(const char *field, uint64_t size, struct range_set *set);

#endif
