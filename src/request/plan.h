/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a body is made of, in order: spans of the file, and between them the text of a multipart. Pure: it reads
 * nothing. */
#ifndef REQUEST_PLAN_H
#define REQUEST_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/multipart.h"
#include "http/range.h"

struct plan {
	const struct range_set *set;	   /* the caller's; at least one range */
	const struct multipart *multipart; /* the caller's; NULL: one range, no text */
	size_t block_bytes; /* a power of two; no span crosses a multiple of it, so no two of one range share a disk
			       block */
	unsigned part;
	bool in_text;
	uint64_t position;
};

/* Either text, which multipart_head() writes, or a span of the file. */
struct plan_piece {
	bool is_text;
	unsigned part; /* of text: the part it stands before */
	uint64_t offset;
	size_t length;
};

void plan_init(struct plan *plan, const struct range_set *set, const struct multipart *multipart, size_t block_bytes);

/* True and the next piece (length > 0), or false at the end. */
bool plan_next(struct plan *plan, struct plan_piece *piece);

#endif
