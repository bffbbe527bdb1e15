/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * multipart/byteranges (RFC 9110 section 14.6): the text between the ranges, and the length of the body, which is known
 * before the first byte is read. The functions are thread-safe and, except multipart_init(), pure.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include <stddef.h>
#include <stdint.h>

#include "http/range.h"

#define MULTIPART_BOUNDARY_BYTES 33 /* 128 random bits in hexadecimal and a NUL */

/* The representation whose ranges are the parts. The strings must outlive the multipart. */
struct multipart_representation {
	uint64_t size; /* in bytes */
	const char *type;
	/*
	 * Content coding of the representation, or NULL if it has none. Each part contains the coding in its own header
	 * fields, because the multipart body as a whole is not encoded.
	 */
	const char *coding;
};

/*
 * A multipart body. It consists of head 0, range 0, head 1, range 1 and so on, and the closing delimiter. The caller
 * owns the struct. The struct owns no memory.
 */
struct multipart {
	char boundary[MULTIPART_BOUNDARY_BYTES];
	const struct range_set *set; /* owned by the caller; must outlive the multipart */
	struct multipart_representation representation;
	uint64_t length; /* length of the whole body, in bytes */
};

/* Returns the length of the body for these ranges, in bytes, without creating it. */
uint64_t multipart_length(const struct range_set *set, const struct multipart_representation *representation);

/*
 * Initialises a multipart with a random boundary. The set must contain at least two ranges, and no two of them may
 * overlap. Returns 0, or -errno of getrandom(2).
 */
int multipart_init(struct multipart *multipart, const struct range_set *set,
		   const struct multipart_representation *representation);

/* Returns the length of the head of part i. For i == set->count, it is the length of the closing delimiter. */
size_t multipart_head_bytes(const struct multipart *multipart, unsigned i);
/*
 * Writes the head of part i, or the closing delimiter, and a NUL to text[multipart_text_bytes()]. Returns its length.
 */
size_t multipart_head(const struct multipart *multipart, unsigned i, char *text);
/* Returns the size of a buffer for any head of this multipart, with its NUL. */
size_t multipart_text_bytes(const struct multipart *multipart);

#endif
