/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reply: the status, the header fields, and the kind of the body. mhd/sender.c makes a response of libmicrohttpd
 * (MHD) from a reply. MHD adds Date, Content-Length and Connection. A reply belongs to its request, and to the
 * reactor's thread.
 */
#ifndef REQUEST_REPLY_H
#define REQUEST_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/validator.h"

enum reply_body {
	REPLY_EMPTY,	   /* no body */
	REPLY_TEXT,	   /* static text */
	REPLY_SPAN,	   /* bytes of a pinned extent, sent without a copy */
	REPLY_COPY,	   /* bytes of a pinned extent, which the sender copies at once */
	REPLY_TRANSFER,	   /* a transfer of the request */
	REPLY_LISTING,	   /* a listing of the request; its length is unknown */
	REPLY_LENGTH_ONLY, /* only the Content-Length of the body, for HEAD and 304 */
	REPLY_PREBUILT	   /* a prebuilt response */
};

/* Bits for the request fields on which the selection of the response depends (RFC 9110 section 12.5.5). */
enum reply_vary { REPLY_VARY_ACCEPT = 1, REPLY_VARY_ACCEPT_ENCODING = 2, REPLY_VARY_ORIGIN = 4 };

#define REPLY_HEADERS_OWN 20
#define REPLY_LENGTH_UNKNOWN UINT64_MAX /* with REPLY_LENGTH_ONLY: the length of the body is not known */

struct reply_field {
	const char *name, *value;
};

struct reply {
	unsigned status;
	enum reply_body body;
	/*
	 * REPLY_TEXT: static memory. REPLY_SPAN, REPLY_COPY: memory that the request has pinned. REPLY_PREBUILT: the
	 * response of mhd/sender.c.
	 */
	const void *data;
	uint64_t length; /* length of the body, in bytes; REPLY_LISTING: number of bytes sent so far */
	bool listing;	 /* the reply is a listing, so it is not saved under a file name */
	bool young;	 /* the validators are those of a recently changed file; see clock_is_young() */
	unsigned vary;	 /* bits of enum reply_vary; reply_finish() makes the field */
	unsigned header_count, header_room;
	struct reply_field *headers; /* `own`, or a longer array on the heap */
	void *kept;		     /* a list of values that did not fit into `text` */
	bool failed;		     /* there was no memory for a field; the reply cannot be sent */
	size_t text_used;
	/* reply_init() does not clear the following fields */
	struct reply_field own[REPLY_HEADERS_OWN];
	char text[768]; /* memory for values */
};

/* Initialises an empty reply. The storage may contain anything. */
void reply_init(struct reply *reply);
/* Frees the memory of the values and fields. */
void reply_fini(struct reply *reply);

/* Adds a field. The name and the value are not copied. */
void reply_header(struct reply *reply, const char *name, const char *value);
/*
 * Adds a field whose value is formatted into memory of the reply. The value may have any length. The name is not
 * copied.
 */
void reply_header_format(struct reply *reply, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Formats a text into memory of the reply and returns it. If memory runs out, sets reply->failed and returns NULL. */
const char *reply_text_format(struct reply *reply, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Removes all fields of this name, ignoring case. */
void reply_remove(struct reply *reply, const char *name);
/* Returns the value of the first field of this name, or NULL. */
const char *reply_value(const struct reply *reply, const char *name);

/* Sets the status, removes the body, and keeps the fields. */
void reply_empty(struct reply *reply, unsigned status);
/*
 * Removes all fields, and sets the status and the plain-text body of an error. Adds Retry-After to 503. If `head` is
 * true, only the length of the body is sent.
 */
void reply_error(struct reply *reply, unsigned status, bool head);
/* Sets the status and the plain-text body of an error, and keeps all fields except the content type. */
void reply_error_body(struct reply *reply, unsigned status, bool head);
/* Adds ETag and Last-Modified. A 304 gets Last-Modified only if there is no tag (RFC 9110 section 15.4.5). */
void reply_validators(struct reply *reply, const struct validator *validator);
/* Adds Vary. Must be called after all other fields were added. */
void reply_finish(struct reply *reply);

#endif
