/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of a body: spans of the file, and between them the text of a multipart. The functions read no file and have
 * no side effects. A plan belongs to its transfer, and can be copied to remember a position.
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

/* Either text, which multipart_head() writes, or a span of the file. */
struct plan_piece {
	bool is_text;
	unsigned part;	 /* if is_text: the part that follows the text */
	uint64_t offset; /* in the file, in bytes */
	size_t length;	 /* in bytes; more than 0 */
};

void plan_init(struct plan *plan, const struct range_set *set, const struct multipart *multipart, size_t block_bytes);

/* Returns true and the next piece, or false at the end. */
bool plan_next(struct plan *plan, struct plan_piece *piece);

#endif
