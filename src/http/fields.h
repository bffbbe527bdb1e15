/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Collects, line by line, the header fields of a request that ranged evaluates, and rejects requests with an invalid
 * head. The functions have no side effects except allocations. They must be called by one thread at a time for each
 * struct.
 */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/precondition.h"

#define FIELDS_TARGET_MAX 8192 /* upper bound of the limit of a request target, in bytes */
/* upper bound of the limit of a request header, in bytes; 1,000 ranges of ten digits need 22 KiB */
#define FIELDS_HEADER_MAX (32 * 1024)
/* header size, in bytes, for which every connection has memory, so that a reload can raise the limit to this size */
#define FIELDS_HEADER_USUAL (12 * 1024)
#define FIELDS_BODY_MAX (64 * 1024) /* maximum length of the body of a GET request, which is read and discarded */

#define FIELDS_LISTS 11 /* number of list fields, which may have several lines (RFC 9110 section 5.3) */

enum method { METHOD_GET, METHOD_HEAD, METHOD_OPTIONS, METHOD_REFUSED /* known but not served */, METHOD_UNKNOWN };

/*
 * The fields of one request. The caller zero-initialises the struct. The values point into the header memory of the
 * request. The values of a list field with several lines are joined with ", ", in memory that this struct owns. A field
 * without a line is NULL.
 */
struct fields {
	const char *range, *referer, *user_agent, *transfer_encoding, *host, *authorization, *origin;
	const char *cors_method, *cors_headers; /* Access-Control-Request-Method and -Headers */
	const char *accept, *accept_encoding, *want_repr_digest, *forwarded;
	const char *forwarded_for, *forwarded_proto; /* X-Forwarded-For and X-Forwarded-Proto */
	struct precondition_fields conditions;
	unsigned count; /* number of all field lines */
	/* number of lines of each of these fields */
	unsigned hosts, ranges, lengths, transfer_encodings, authorizations;
	uint64_t content_length;
	bool bad_name;	 /* true if a field name is not a token */
	bool bad_value;	 /* true if a field value contains a CR */
	bool bad_length; /* true if Content-Length is not a number */
	bool has_joined; /* true if `joined` has an element */
	char *joined[FIELDS_LISTS];
};

/* The configured limits of a request, which do not exceed FIELDS_TARGET_MAX and FIELDS_HEADER_MAX. */
struct fields_limits {
	size_t target_bytes, header_bytes;
	unsigned headers; /* number of field lines */
};

#define FIELDS_ALLOWED "GET, HEAD, OPTIONS" /* the methods that are served, for the Allow field */

/* Returns the method with this name, which is case-sensitive (RFC 9110 section 9.1). */
enum method fields_method(const char *method);

/* Returns true for a byte of a token: tchar of RFC 9110 section 5.6.2. Field names are tokens. */
bool fields_is_token_byte(char byte);

/* Adds one field line. A NULL value is an empty value. Returns 0 or -ENOMEM. */
int fields_add(struct fields *fields, const char *name, size_t name_length, const char *value);
/* Frees the joined values. */
void fields_fini(struct fields *fields);

/*
 * Returns the status with which to reject the request before its body is read (400, 405, 413, 414, 431, 501), or 0 to
 * accept it. The Host field is optional for HTTP/1.0 (http_1_0). The rules are in RFC 9112 sections 2.2 and 5.1 (names
 * and values), 3.2 (Host), and 6.1 and 6.3 (framing). Ambiguous framing, which request smuggling exploits, is rejected
 * and not repaired.
 */
unsigned fields_refuse(const struct fields *fields, const struct fields_limits *limits, enum method method,
		       bool http_1_0, size_t target_length, size_t header_bytes);

#endif
