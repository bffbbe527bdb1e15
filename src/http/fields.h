/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The request line and header fields that ranged looks at, gathered one by one, and what is refused on sight of them.
 * Pure. */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/precondition.h"

#define FIELDS_TARGET_MAX 8192	      /* the most that may be allowed: bytes of a request target */
#define FIELDS_HEADER_MAX (32 * 1024) /* and of a header block: 1,000 ranges of ten digits have 22 KiB */
#define FIELDS_HEADER_USUAL \
	(12 * 1024) /* that every connection has memory for, whatever the configuration was at the start */
#define FIELDS_BODY_MAX (64 * 1024) /* bytes of a body on GET that are read away */

#define FIELDS_LISTS 11 /* fields that may come in several lines */

enum method { METHOD_GET, METHOD_HEAD, METHOD_OPTIONS, METHOD_REFUSED /* known, not served */, METHOD_UNKNOWN };

/*
 * Values live as long as the request's header memory; those that came in several lines are joined with ", " in memory
 * owned here.
 */
struct fields {
	const char *range, *referer, *user_agent, *transfer_encoding, *host, *authorization, *origin;
	const char *cors_method, *cors_headers; /* Access-Control-Request-… */
	const char *accept, *accept_encoding, *want_repr_digest, *forwarded, *forwarded_for,
		*forwarded_proto; /* X-Forwarded-… */
	struct precondition_fields conditions;
	unsigned count, hosts, ranges, lengths, transfer_encodings, authorizations;
	uint64_t content_length;
	bool bad_name, bad_value, bad_length, has_joined;
	char *joined[FIELDS_LISTS];
};

/* What is too much, within the bounds above. */
struct fields_limits {
	size_t target_bytes, header_bytes;
	unsigned headers;
};

#define FIELDS_ALLOWED "GET, HEAD, OPTIONS" /* the methods that are served */

enum method fields_method(const char *method);

/* tchar of RFC 9110 section 5.6.2: what a name of a field is made of. */
bool fields_is_token_byte(char byte);

/* One field line. value may be NULL (empty). 0 or -ENOMEM. */
int fields_add(struct fields *fields, const char *name, size_t name_length, const char *value);
void fields_fini(struct fields *fields);

/*
 * The status with which to refuse the request before its body is read (400, 405, 413, 414, 431, 501), or 0. http_1_0:
 * Host may be missing. RFC 9112 sections 2.2 and 5.1 (names and values), 3.2 (Host), 6.1 and 6.3 (framing: what
 * smugglers play with is refused, not repaired).
 */
unsigned fields_refuse(const struct fields *fields, const struct fields_limits *limits, enum method method,
		       bool http_1_0, size_t target_length, size_t header_bytes);

#endif
