/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The types that verify.c and verify_requests.c share. verify.c has the connections. verify_requests.c chooses and
 * writes requests, and computes the expected body of a response from its header.
 */
#ifndef HTTP_VERIFY_H
#define HTTP_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX 8
#define SPANS_MAX (2 * RANGES_MAX + 1)

enum kind { KIND_RANGE, KIND_MULTIPART, KIND_WHOLE, KIND_HEAD, KIND_ABSENT, KIND_UNCHANGED, KINDS };

struct file {
	const char *name, *bytes;
	uint64_t size;
};

struct query {
	enum kind kind;
	bool old; /* HTTP/1.0 */
	const struct file *file;
	unsigned count; /* of ranges */
	struct {
		uint64_t first, last;
	} ranges[RANGES_MAX];
};

/* The expected body of a response. A span whose `bytes` is NULL may have any bytes. */
struct body {
	struct {
		const char *bytes;
		uint64_t length;
	} spans[SPANS_MAX];
	unsigned count;
	uint64_t length;
	bool closes;	  /* the header has "Connection: close" */
	bool unavailable; /* status 503 */
	char parts[4096]; /* the text between the ranges of a multipart */
};

/* The seed of the pseudo-random numbers; not 0. */
extern uint64_t verify_seed;

/* Returns a pseudo-random number from 0 to `limit` - 1. */
uint64_t verify_below(uint64_t limit);
bool verify_chance(uint64_t percent);

/* Returns a number from 1 to `most`; each order of magnitude is equally likely. */
uint64_t verify_length(uint64_t most);

/*
 * Chooses a request for `file`. `only` is the kind + 1, or 0 for all kinds. No range is longer than `most`. HTTP/1.0 is
 * possible if the request is the last one of its batch.
 */
void verify_choose(struct query *query, const struct file *file, unsigned only, uint64_t most, bool last);

/* Writes the text of the request, and returns its length. */
size_t verify_write(const struct query *query, char *text, size_t room);

/* Returns the number of bytes of the file in the response. */
uint64_t verify_bytes(const struct query *query);

/* Computes the expected body. Returns false if the header is wrong. `head` ends with an empty line and a NUL. */
bool verify_expect(struct body *body, const struct query *query, const char *head);

#endif
