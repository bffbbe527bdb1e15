/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * multipart/byteranges (RFC 9110 section 14.6): the text between the ranges, so that the length is known before the first byte is
 * read.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include <stddef.h>
#include <stdint.h>

#include "http/range.h"

#define MULTIPART_BOUNDARY_BYTES 33 /* 128 random bits in hex and a NUL */

/* What the parts are of. */
struct multipart_kind {
	uint64_t size;
	const char *type;
	const char *coding; /* of the bytes that the ranges are of; NULL: none. It is said of the parts: their sum is not encoded. */
};

/* The body is head 0, range 0, head 1, range 1, …, and the closing delimiter. */
struct multipart {
	char boundary[MULTIPART_BOUNDARY_BYTES];
	unsigned count;
	size_t head_start[RANGE_SERVED_MAX + 2]; /* where head i begins in text; last, where the text ends */
	char *text;				 /* owned */
	uint64_t length;			 /* of the whole body */
};

/* 0 or -ENOMEM, or the -errno of getrandom(2); nothing to give back then. set->count is 2 … RANGE_SERVED_MAX; set is not kept. */
int multipart_init(struct multipart *multipart, const struct range_set *set, const struct multipart_kind *kind);
void multipart_fini(struct multipart *multipart);

/* The text before part i, or for i == count the closing delimiter. Not NUL-terminated. */
const char *multipart_head(const struct multipart *multipart, unsigned i, size_t *length);

#endif
