/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * multipart/byteranges, RFC 9110 section 14.6, framed as RFC 2046 section 5.1.1 has it.
 *
 * All the text between the ranges is written once, before the answer begins, into one allocation; the body is then the heads and
 * the ranges in turn, and its exact length is known while no byte of the file has been read. Every delimiter begins with CRLF, also
 * the first one, where it stands for an empty preamble. The boundary is random, so no file can be made to contain it.
 */
#include "http/multipart.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Of a head without its type and coding: 69 of text, 32 of boundary, three numbers of at most 20 digits, a NUL. */
#define HEAD_BYTES_MAX 192

static int draw_boundary(char *boundary)
{
	uint64_t bits[2];
	ssize_t drawn;
	do
		drawn = getrandom(bits, sizeof bits, 0);
	while (drawn < 0 && errno == EINTR);
	if (drawn < 0)
		return -errno;
	assert(drawn == sizeof bits); /* getrandom(2): up to 256 bytes come whole */
	snprintf(boundary, MULTIPART_BOUNDARY_BYTES, "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
	return 0;
}

static size_t write_head(char *to, const char *boundary, const struct multipart_kind *kind, const struct byte_range *range)
{
	char *at = to + sprintf(to, "\r\n--%s\r\nContent-Type: %s\r\n", boundary, kind->type);

	if (kind->coding != NULL)
		at += sprintf(at, "Content-Encoding: %s\r\n", kind->coding);
	at += sprintf(at, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n", range->first, range->last, kind->size);
	return (size_t)(at - to);
}

static void write_heads(struct multipart *multipart, const struct range_set *set, const struct multipart_kind *kind)
{
	size_t used = 0;
	multipart->length = 0;
	for (unsigned i = 0; i < set->count; i++) {
		multipart->head_start[i] = used;
		used += write_head(multipart->text + used, multipart->boundary, kind, &set->ranges[i]);
		multipart->length += set->ranges[i].last - set->ranges[i].first + 1;
	}
	multipart->head_start[set->count] = used;
	used += (size_t)sprintf(multipart->text + used, "\r\n--%s--\r\n", multipart->boundary);
	multipart->head_start[set->count + 1] = used;
	multipart->length += used;
}

int multipart_init(struct multipart *multipart, const struct range_set *set, const struct multipart_kind *kind)
{
	assert(set->count >= 2 && set->count <= RANGE_SERVED_MAX);
	multipart->text = NULL;
	multipart->count = set->count;
	int result = draw_boundary(multipart->boundary);
	if (result < 0)
		return result;
	multipart->text = malloc((set->count + 1) *
				 (HEAD_BYTES_MAX + strlen(kind->type) + (kind->coding != NULL ? strlen(kind->coding) : 0)));
	if (multipart->text == NULL)
		return -ENOMEM;
	write_heads(multipart, set, kind);
	return 0;
}

void multipart_fini(struct multipart *multipart)
{
	free(multipart->text);
	multipart->text = NULL;
}

const char *multipart_head(const struct multipart *multipart, unsigned i, size_t *length)
{
	assert(i <= multipart->count);
	*length = multipart->head_start[i + 1] - multipart->head_start[i];
	return multipart->text + multipart->head_start[i];
}
