/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * multipart/byteranges, RFC 9110 section 14.6, with the framing of RFC 2046 section 5.1.1. The request owns the
 * multipart. The worker of the connection runs these functions.
 *
 * The main idea: the length of the head of a part follows from the number of digits of its positions. The exact length
 * of the body is therefore known before any text is written. Each head is written when the transfer reaches it, so a
 * body of 1,000 parts needs no memory for its heads. Every delimiter begins with CRLF, including the first one, where
 * the CRLF ends an empty preamble. The boundary is random, so a file cannot be prepared to contain it.
 */
#include "http/multipart.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define DIGITS_MAX 20 /* number of digits of UINT64_MAX */

static int draw_boundary(char *boundary)
{
	uint64_t bits[2];
	ssize_t drawn;
	do
		drawn = getrandom(bits, sizeof(bits), 0);
	while (drawn < 0 && errno == EINTR);
	if (drawn < 0)
		return -errno;
	assert(drawn == sizeof(bits)); /* getrandom(2) does not truncate requests of up to 256 bytes */
	snprintf(boundary, MULTIPART_BOUNDARY_BYTES, "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
	return 0;
}

static size_t count_digits(uint64_t number)
{
	size_t digits = 1;

	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

/* Returns the length of a head whose three numbers have this many digits in total. */
static size_t head_bytes(const struct multipart_representation *representation, size_t digits)
{
	const size_t text = strlen("\r\n--\r\nContent-Type: \r\nContent-Range: bytes -/\r\n\r\n");
	const size_t coding =
		representation->coding != NULL ? strlen("Content-Encoding: \r\n") + strlen(representation->coding) : 0;

	return text + MULTIPART_BOUNDARY_BYTES - 1 + strlen(representation->type) + coding + digits;
}

#define CLOSING_BYTES (sizeof("\r\n----\r\n") - 1 + MULTIPART_BOUNDARY_BYTES - 1)

static size_t part_digits(const struct byte_range *range)
{
	return count_digits(range->first) + count_digits(range->last);
}

uint64_t multipart_length(const struct range_set *set, const struct multipart_representation *representation)
{
	const size_t each = head_bytes(representation, count_digits(representation->size));
	uint64_t length = CLOSING_BYTES;

	for (unsigned i = 0; i < set->count; i++)
		length += each + part_digits(&set->ranges[i]) + (set->ranges[i].last - set->ranges[i].first + 1);
	return length;
}

int multipart_init(struct multipart *multipart, const struct range_set *set,
		   const struct multipart_representation *representation)
{
	assert(set->count >= 2);
	multipart->set = set;
	multipart->representation = *representation;
	multipart->length = multipart_length(set, representation);
	return draw_boundary(multipart->boundary);
}

size_t multipart_head_bytes(const struct multipart *multipart, unsigned i)
{
	const struct range_set *set = multipart->set;

	assert(i <= set->count);
	if (i == set->count)
		return CLOSING_BYTES;
	return head_bytes(&multipart->representation,
			  count_digits(multipart->representation.size) + part_digits(&set->ranges[i]));
}

size_t multipart_text_bytes(const struct multipart *multipart)
{
	return head_bytes(&multipart->representation, 3 * DIGITS_MAX) + 1;
}

size_t multipart_head(const struct multipart *multipart, unsigned i, char *text)
{
	const struct multipart_representation *representation = &multipart->representation;
	const struct byte_range *range = &multipart->set->ranges[i];
	char *at = text + sprintf(text, "\r\n--%s", multipart->boundary);

	if (i == multipart->set->count) {
		at = stpcpy(at, "--\r\n");
	} else {
		at += sprintf(at, "\r\nContent-Type: %s\r\n", representation->type);
		if (representation->coding != NULL)
			at += sprintf(at, "Content-Encoding: %s\r\n", representation->coding);
		at += sprintf(at, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n", range->first,
			      range->last, representation->size);
	}
	assert((size_t)(at - text) == multipart_head_bytes(multipart, i));
	return (size_t)(at - text);
}
