/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is answered: a status, header fields, and what the body is. The server sends it; MHD adds Date, Content-Length and
 * Connection.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/validator.h"

enum reply_body { REPLY_EMPTY, REPLY_TEXT, REPLY_SPAN, REPLY_TRANSFER, REPLY_LENGTH_ONLY, REPLY_READY };

#define REPLY_HEADERS_MAX 10

struct reply {
	unsigned status;
	enum reply_body body;
	const void *data; /* REPLY_TEXT: static; REPLY_SPAN: the request's; REPLY_READY: the server's own */
	uint64_t length;  /* of the body, or for REPLY_LENGTH_ONLY what it would be */
	unsigned header_count; /* the steps add fewer than REPLY_HEADERS_MAX */
	struct {
		const char *name, *value;
	} headers[REPLY_HEADERS_MAX];
	char text[640]; /* where values live */
	size_t text_used;
	char *location; /* but this one, which may be long */
};

/* Adds a field. name and value are not copied. */
void reply_header(struct reply *reply, const char *name, const char *value);
/* Adds a field whose value is kept in the reply. */
void reply_header_format(struct reply *reply, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* No body and no fields yet. */
void reply_empty(struct reply *reply, unsigned status);
/* The small body of an error in place of whatever was there; head: its length only. */
void reply_refuse(struct reply *reply, unsigned status, bool head);
/* ETag and Last-Modified; a 304 has the tag only (RFC 9110 section 15.4.5), unless there is none. */
void reply_validators(struct reply *reply, const struct validator *validator);
/* Frees what it owns. */
void reply_fini(struct reply *reply);

#endif
