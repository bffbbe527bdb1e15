/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is answered: a status, header fields, and what the body is. The server sends it; MHD adds Date, Content-Length
 * and Connection.
 */
#ifndef REQUEST_REPLY_H
#define REQUEST_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/validator.h"

enum reply_body {
	REPLY_EMPTY,
	REPLY_TEXT,
	REPLY_SPAN,
	REPLY_COPY,
	REPLY_TRANSFER,
	REPLY_LISTING,
	REPLY_LENGTH_ONLY,
	REPLY_PREBUILT
};

/* Bits: the request fields that another answer to the same target would depend on (RFC 9110 section 12.5.5). */
enum reply_vary { REPLY_VARY_ACCEPT = 1, REPLY_VARY_ACCEPT_ENCODING = 2, REPLY_VARY_ORIGIN = 4 };

#define REPLY_HEADERS_OWN 20
#define REPLY_LENGTH_UNKNOWN UINT64_MAX /* of REPLY_LENGTH_ONLY */

struct reply_field {
	const char *name, *value;
};

struct reply {
	unsigned status;
	enum reply_body body;
	const void
		*data; /* REPLY_TEXT: static; REPLY_SPAN, REPLY_COPY: the request's; REPLY_PREBUILT: the server's own */
	uint64_t length; /* of the body (REPLY_LISTING: of what was taken of it), or for REPLY_LENGTH_ONLY what it would
			    be */
	bool listing;	 /* it is one: of a folder, not of a file to be saved under a name */
	bool young;	 /* its validators are those of a young file: see clock_is_young() */
	unsigned vary;	 /* bits of enum reply_vary; reply_finish() makes the field */
	unsigned header_count, header_room;
	struct reply_field *headers; /* `own`, or longer and on the heap */
	void *kept;		     /* values that did not fit into `text`, chained */
	bool failed;		     /* there was no memory for a field: the reply can't be sent */
	size_t text_used;
	/* from here on nothing is cleared beforehand */
	struct reply_field own[REPLY_HEADERS_OWN];
	char text[768]; /* where values live */
};

/* No status, body or field yet. */
void reply_init(struct reply *reply);
/* Frees what it owns. */
void reply_fini(struct reply *reply);

/* Adds a field. name and value are not copied. */
void reply_header(struct reply *reply, const char *name, const char *value);
/* Adds a field whose value is kept in the reply, whatever its length. */
void reply_header_format(struct reply *reply, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A text that is kept in the reply, whatever its length. NULL: no memory, and the reply has failed. */
const char *reply_text_format(struct reply *reply, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes all fields of this name away, in any case. */
void reply_remove(struct reply *reply, const char *name);
/* The value of the first field of this name, or NULL. */
const char *reply_value(const struct reply *reply, const char *name);

/* No body and no fields yet. */
void reply_empty(struct reply *reply, unsigned status);
/* The small body of an error in place of whatever was there; head: its length only. */
void reply_error(struct reply *reply, unsigned status, bool head);
/* The same, and the fields that are there stay. */
void reply_error_body(struct reply *reply, unsigned status, bool head);
/* ETag and Last-Modified; a 304 has the tag only (RFC 9110 section 15.4.5), unless there is none. */
void reply_validators(struct reply *reply, const struct validator *validator);
/* The fields are all there: adds Vary. */
void reply_finish(struct reply *reply);

#endif
