/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * multipart/byteranges (RFC 9110 section 14.6): the text between the ranges, and the length of the body before the
 * first byte is read.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include <stddef.h>
#include <stdint.h>

#include "http/range.h"

#define MULTIPART_BOUNDARY_BYTES 33 /* 128 random bits in hex and a NUL */

/* What the parts are of. The strings must live as long as the multipart. */
struct multipart_kind {
	uint64_t size;
	const char *type;
	const char *coding; /* of the bytes that the ranges are of; NULL: none. It is said of the parts: their sum is
			       not encoded. */
};

/* The body is head 0, range 0, head 1, range 1, …, and the closing delimiter. It owns nothing. */
struct multipart {
	char boundary[MULTIPART_BOUNDARY_BYTES];
	const struct range_set *set; /* the caller's, which lives as long */
	struct multipart_kind kind;
	uint64_t length; /* of the whole body */
};

/* Returns the length of the body of these ranges, without making it. */
uint64_t multipart_length(const struct range_set *set, const struct multipart_kind *kind);

/* 0, or the -errno of getrandom(2). The set holds at least two ranges, in order that no two share a byte. */
int multipart_init(struct multipart *multipart, const struct range_set *set, const struct multipart_kind *kind);

/* The length of the text before part i, or for i == set->count of the closing delimiter. */
size_t multipart_head_bytes(const struct multipart *multipart, unsigned i);
/* Writes that text and a NUL into text[multipart_text_bytes()]; returns its length. */
size_t multipart_head(const struct multipart *multipart, unsigned i, char *text);
size_t multipart_text_bytes(const struct multipart *multipart);

#endif
