/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The requests of verify.c, and the bodies that their responses must have.
 */
#define _GNU_SOURCE
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_MIN_BYTES 512 /* more than twice the gap of coalesced ranges, and than the text of a part */

typedef unsigned long long ull;

uint64_t verify_seed = 1;

uint64_t verify_below(uint64_t limit)
{
	static uint64_t state;

	if (state == 0)
		state = verify_seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit > 1 ? (state >> 8) % limit : 0;
}

bool verify_chance(uint64_t percent)
{
	return verify_below(100) < percent;
}

uint64_t verify_length(uint64_t most)
{
	uint64_t length = 1 + verify_below(UINT64_C(1) << verify_below(64 - (unsigned)__builtin_clzll(most) + 1));

	return length < most ? length : most;
}

/* --- requests --- */

static void choose_range(struct query *query, uint64_t most)
{
	uint64_t size = query->file->size, length = verify_length(most < size ? most : size);

	query->count = 1;
	query->ranges[0].first = verify_below(size - length + 1);
	query->ranges[0].last = query->ranges[0].first + length - 1;
}

/* Chooses one range in each of several slots of equal size, and rotates their order. */
static void choose_multipart(struct query *query, uint64_t most)
{
	unsigned count = 2 + (unsigned)verify_below(RANGES_MAX - 1), turn = (unsigned)verify_below(count);
	uint64_t slot = query->file->size / count, room;

	/* A multipart that would be larger than the file is not sent. */
	if (slot < SLOT_MIN_BYTES) {
		query->kind = KIND_RANGE;
		choose_range(query, most);
		return;
	}
	query->count = count;
	room = slot / 2;
	for (unsigned i = 0; i < count; i++) {
		uint64_t length = verify_length(most < room ? most : room);
		uint64_t first = slot * ((i + turn) % count) + verify_below(room - length + 1);

		query->ranges[i].first = first;
		query->ranges[i].last = first + length - 1;
	}
}

static enum kind any_kind(void)
{
	uint64_t draw = verify_below(100);

	return draw < 60   ? KIND_RANGE
	       : draw < 80 ? KIND_MULTIPART
	       : draw < 90 ? KIND_WHOLE
	       : draw < 95 ? KIND_HEAD
	       : draw < 97 ? KIND_ABSENT
			   : KIND_UNCHANGED;
}

void verify_choose(struct query *query, const struct file *file, unsigned only, uint64_t most, bool last)
{
	*query = (struct query){ .file = file, .kind = only > 0 ? (enum kind)(only - 1) : any_kind() };
	if (query->kind == KIND_WHOLE && most < file->size)
		query->kind = KIND_RANGE;
	if (query->kind == KIND_MULTIPART)
		choose_multipart(query, most);
	else
		choose_range(query, most);
	query->old = last && only == 0 && verify_chance(3);
}

static bool has_ranges(const struct query *query)
{
	return query->kind == KIND_RANGE || query->kind == KIND_MULTIPART;
}

size_t verify_write(const struct query *query, char *text, size_t room)
{
	size_t at = (size_t)snprintf(text, room, "%s /%s%s HTTP/1.%d\r\nHost: x\r\n%s",
				     query->kind == KIND_HEAD ? "HEAD" : "GET", query->file->name,
				     query->kind == KIND_ABSENT ? ".absent" : "", query->old ? 0 : 1,
				     query->kind == KIND_UNCHANGED ? "If-None-Match: *\r\n" : "");

	for (unsigned i = 0; has_ranges(query) && i < query->count; i++)
		at += (size_t)snprintf(text + at, room - at, "%s%llu-%llu%s", i == 0 ? "Range: bytes=" : ",",
				       (ull)query->ranges[i].first, (ull)query->ranges[i].last,
				       i + 1 == query->count ? "\r\n" : "");
	return at + (size_t)snprintf(text + at, room - at, "\r\n");
}

uint64_t verify_bytes(const struct query *query)
{
	uint64_t sum = 0;

	if (query->kind == KIND_WHOLE)
		return query->file->size;
	for (unsigned i = 0; has_ranges(query) && i < query->count; i++)
		sum += query->ranges[i].last - query->ranges[i].first + 1;
	return sum;
}

/* --- responses --- */

/* Copies the value of a field. Returns false if the header does not have it. */
static bool field(const char *head, const char *name, char value[256])
{
	const char *found = strcasestr(head, name);

	value[0] = '\0';
	return found != NULL && sscanf(found + strlen(name), ": %255[^\r]", value) == 1;
}

static bool is_repeated(const char *head, const char *name)
{
	const char *found = strcasestr(head, name);

	return found != NULL && strcasestr(found + strlen(name), name) != NULL;
}

static void add_span(struct body *body, const char *bytes, uint64_t length)
{
	if (length > 0) {
		body->spans[body->count].bytes = bytes;
		body->spans[body->count++].length = length;
	}
	body->length += length;
}

static bool expect_range(struct body *body, const struct query *query, const char *head)
{
	uint64_t first = query->ranges[0].first, last = query->ranges[0].last;
	char value[256], expected[128];

	snprintf(expected, sizeof(expected), "bytes %llu-%llu/%llu", (ull)first, (ull)last, (ull)query->file->size);
	add_span(body, query->file->bytes + first, last - first + 1);
	return field(head, "\r\nContent-Range", value) && strcmp(value, expected) == 0;
}

static bool expect_multipart(struct body *body, const struct query *query, const char *head)
{
	char value[256], boundary[80];
	size_t at = 0;

	if (!field(head, "\r\nContent-Type", value) ||
	    sscanf(value, "multipart/byteranges; boundary=%79s", boundary) != 1)
		return false;
	for (unsigned i = 0; i < query->count; i++) {
		uint64_t first = query->ranges[i].first, last = query->ranges[i].last;
		int length = snprintf(body->parts + at, sizeof(body->parts) - at,
				      "\r\n--%s\r\nContent-Type: application/octet-stream\r\n"
				      "Content-Range: bytes %llu-%llu/%llu\r\n\r\n",
				      boundary, (ull)first, (ull)last, (ull)query->file->size);

		add_span(body, body->parts + at, (uint64_t)length);
		add_span(body, query->file->bytes + first, last - first + 1);
		at += (size_t)length;
	}
	add_span(body, body->parts + at,
		 (uint64_t)snprintf(body->parts + at, sizeof(body->parts) - at, "\r\n--%s--\r\n", boundary));
	return true;
}

bool verify_expect(struct body *body, const struct query *query, const char *head)
{
	static const unsigned statuses[KINDS] = { 206, 206, 200, 200, 404, 304 };
	unsigned status = (unsigned)strtoul(head + 9, NULL, 10);
	char value[256];
	uint64_t length = field(head, "\r\nContent-Length", value) ? strtoull(value, NULL, 10) : 0;

	body->count = 0, body->length = 0;
	body->closes = field(head, "\r\nConnection", value) && strcasecmp(value, "close") == 0;
	body->unavailable = status == 503;
	if (strncmp(head, "HTTP/1.1 ", 9) != 0 || is_repeated(head, "\r\nContent-Length:") ||
	    (status != statuses[query->kind] && status != 503))
		return false;
	if (query->kind == KIND_HEAD || (query->kind == KIND_UNCHANGED && status == 304))
		return status == 503 || length == query->file->size;
	if (status == 503 || query->kind == KIND_ABSENT)
		add_span(body, NULL, length);
	else if (query->kind == KIND_WHOLE)
		add_span(body, query->file->bytes, query->file->size);
	else if (query->kind == KIND_RANGE && !expect_range(body, query, head))
		return false;
	else if (query->kind == KIND_MULTIPART && !expect_multipart(body, query, head))
		return false;
	return length == body->length;
}
