/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sequence of the pieces of a body: spans of the file, and the text of a multipart between them. The functions read
 * no file and have no side effects. A plan belongs to its transfer. A copy of a plan stores a position in the body.
 */
#ifndef REQUEST_PLAN_H
#define REQUEST_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/multipart.h"
#include "http/range.h"

struct plan {
	const struct range_set *set;	   /* at least one range; must live as long as the plan */
	const struct multipart *multipart; /* must live as long as the plan; NULL: one range, no text */
	size_t block_bytes;		   /* a power of two; no span crosses a multiple of it */
	unsigned part;			   /* the current range */
	bool in_text;			   /* the next piece is the text before `part` */
	uint64_t position;		   /* offset in the file of the next span */
};

/* A piece of a body: either text, which multipart_head() writes, or a span of the file. */
struct plan_piece {
	bool is_text;
	unsigned part;	 /* if is_text: the part that follows the text */
	uint64_t offset; /* in the file, in bytes */
	size_t length;	 /* in bytes; more than 0 */
};

void plan_init(struct plan *plan, const struct range_set *set, const struct multipart *multipart, size_t block_bytes);

/* Returns true and sets *piece to the next piece, or returns false at the end of the body. */
bool plan_next(struct plan *plan, struct plan_piece *piece);

#endif
