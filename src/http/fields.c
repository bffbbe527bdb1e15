/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Collects the header fields of one request and rejects ambiguous requests. The struct belongs to the request. The
 * worker of the connection runs these functions.
 *
 * The main idea: libmicrohttpd passes on every field line, but uses only the first of two conflicting lines. Conflicts
 * are therefore detected here, over all lines. A request is invalid if it contains:
 * - two Content-Length lines, or a Content-Length together with a Transfer-Encoding
 * - two Host lines, or an invalid Host
 * - a field name that is not a token (RFC 9110 section 5.6.2), or a CR inside a value
 *
 * Two Range lines do not make a request invalid, but the Range field is then ignored. Several lines of a list field,
 * such as If-Match, are one list (RFC 9110 section 5.3).
 */
#include "http/fields.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/authority.h"

enum method fields_method(const char *method)
{
	static const char *const refused[] = { "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT" };

	if (strcmp(method, "GET") == 0)
		return METHOD_GET;
	if (strcmp(method, "HEAD") == 0)
		return METHOD_HEAD;
	if (strcmp(method, "OPTIONS") == 0)
		return METHOD_OPTIONS;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strcmp(method, refused[i]) == 0)
			return METHOD_REFUSED;
	return METHOD_UNKNOWN;
}

bool fields_is_token_byte(char byte)
{
	if ((byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'))
		return true;
	return byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL;
}

static bool is_token(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!fields_is_token_byte(name[i]))
			return false;
	return length > 0;
}

static bool parse_length(const char *value, uint64_t *length)
{
	*length = 0;
	for (const char *p = value; *p != '\0'; p++)
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(*length, 10, length) ||
		    __builtin_add_overflow(*length, (uint64_t)(*p - '0'), length))
			return false;
	return *value != '\0';
}

static int join(struct fields *fields, const char **field, unsigned i, const char *value)
{
	char *joined;

	if (*field == NULL) {
		*field = value;
		return 0;
	}
	joined = malloc(strlen(*field) + 2 + strlen(value) + 1);
	if (joined == NULL)
		return -ENOMEM;
	stpcpy(stpcpy(stpcpy(joined, *field), ", "), value);
	free(fields->joined[i]);
	*field = fields->joined[i] = joined;
	fields->has_joined = true;
	return 0;
}

/*
 * `lists` are the fields whose lines form one list. For a field of `singles`, the last line overrides the earlier
 * lines.
 */
static const struct {
	const char *name;
	size_t place;
} lists[FIELDS_LISTS] = {
	{ "If-Match", offsetof(struct fields, conditions.if_match) },
	{ "If-Unmodified-Since", offsetof(struct fields, conditions.if_unmodified_since) },
	{ "If-None-Match", offsetof(struct fields, conditions.if_none_match) },
	{ "If-Modified-Since", offsetof(struct fields, conditions.if_modified_since) },
	{ "If-Range", offsetof(struct fields, conditions.if_range) },
	{ "Accept", offsetof(struct fields, accept) },
	{ "Accept-Encoding", offsetof(struct fields, accept_encoding) },
	{ "Want-Repr-Digest", offsetof(struct fields, want_repr_digest) },
	{ "Forwarded", offsetof(struct fields, forwarded) },
	{ "X-Forwarded-For", offsetof(struct fields, forwarded_for) },
	{ "X-Forwarded-Proto", offsetof(struct fields, forwarded_proto) },
}, singles[] = {
	{ "Referer", offsetof(struct fields, referer) },
	{ "User-Agent", offsetof(struct fields, user_agent) },
	{ "Origin", offsetof(struct fields, origin) },
	{ "Access-Control-Request-Method", offsetof(struct fields, cors_method) },
	{ "Access-Control-Request-Headers", offsetof(struct fields, cors_headers) },
};

static bool same_name(const char *a, const char *b)
{
	return (a[0] | 0x20) == (b[0] | 0x20) && strcasecmp(a, b) == 0;
}

/*
 * Adds a line of a field whose lines are counted, because a second line is rejected or invalidates the first. Returns
 * false for other fields.
 */
static bool add_counted(struct fields *fields, const char *name, const char *value)
{
	if (same_name(name, "Host")) {
		fields->hosts++;
		fields->host = value;
	} else if (same_name(name, "Range")) {
		fields->ranges++;
		fields->range = value;
	} else if (same_name(name, "Content-Length")) {
		fields->lengths++;
		fields->bad_length |= !parse_length(value, &fields->content_length);
	} else if (same_name(name, "Transfer-Encoding")) {
		fields->transfer_encodings++;
		fields->transfer_encoding = value;
	} else if (same_name(name, "Authorization")) {
		fields->authorizations++;
		fields->authorization = value;
	} else {
		return false;
	}
	return true;
}

int fields_add(struct fields *fields, const char *name, size_t name_length, const char *value)
{
	if (value == NULL)
		value = "";
	fields->count++;
	if (!is_token(name, name_length)) {
		fields->bad_name = true;
		return 0;
	}
	if (strchr(value, '\r') != NULL)
		fields->bad_value = true;
	if (add_counted(fields, name, value))
		return 0;
	for (unsigned i = 0; i < FIELDS_LISTS; i++)
		if (same_name(name, lists[i].name))
			return join(fields, (const char **)((char *)fields + lists[i].place), i, value);
	for (unsigned i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
		if (same_name(name, singles[i].name))
			*(const char **)((char *)fields + singles[i].place) = value;
	return 0;
}

void fields_fini(struct fields *fields)
{
	for (unsigned i = 0; i < FIELDS_LISTS && fields->has_joined; i++)
		free(fields->joined[i]);
}

/*
 * Returns the status with which to reject a Transfer-Encoding (RFC 9112 sections 6.1 and 6.3). Returns 0 if there is no
 * such field, or if its value is "chunked", which is the only coding that libmicrohttpd decodes.
 * - The status is 400 if "chunked" is not the last coding or is applied twice, because the length of the body is then
 *   unknown.
 * - The status is 501 if other codings precede "chunked", because they are not implemented.
 */
static unsigned refuse_transfer_encoding(const struct fields *fields)
{
	const char *value = fields->transfer_encoding, *comma;
	size_t length;

	if (fields->transfer_encodings == 0 || (fields->transfer_encodings == 1 && strcasecmp(value, "chunked") == 0))
		return 0;
	comma = strrchr(value, ',');
	if (fields->transfer_encodings > 1 || comma == NULL ||
	    strcasecmp(comma + 1 + strspn(comma + 1, " \t"), "chunked") != 0)
		return 400;
	for (const char *at = value; at < comma; at += length + 1) {
		at += strspn(at, " \t");
		length = strcspn(at, ", \t");
		if (length == strlen("chunked") && strncasecmp(at, "chunked", length) == 0)
			return 400;
	}
	return comma == value ? 400 : 501;
}

unsigned fields_refuse(const struct fields *fields, const struct fields_limits *limits, enum method method,
		       bool http_1_0, size_t target_length, size_t header_bytes)
{
	unsigned status;

	if (target_length > limits->target_bytes)
		return 414;
	if (header_bytes > limits->header_bytes || fields->count > limits->headers)
		return 431;
	if (fields->bad_name || fields->bad_value || fields->bad_length || fields->lengths > 1 ||
	    (fields->lengths > 0 && fields->transfer_encodings > 0))
		return 400;
	if (fields->hosts > 1 || (fields->hosts == 0 && !http_1_0) ||
	    (fields->hosts > 0 && !authority_is_valid(fields->host, strlen(fields->host))))
		return 400;
	status = refuse_transfer_encoding(fields);
	if (status != 0)
		return status;
	if (method == METHOD_REFUSED)
		return 405;
	if (method == METHOD_UNKNOWN)
		return 501;
	if (fields->content_length > FIELDS_BODY_MAX)
		return 413;
	return 0;
}
