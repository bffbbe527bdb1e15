/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The header fields of a reply. Values that are formatted for one reply are stored in its own `text`, so that most
 * replies need no allocation. Longer values are on the heap, in the list `kept`, which reply_fini() frees. A failed
 * allocation sets `failed`, so that the callers need no checks. The sender tests `failed` once. The request owns the
 * reply. All functions run on the reactor's thread.
 */
#include "request/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/date.h"
#include "http/status.h"

struct kept {
	struct kept *next;
	char text[];
};

void reply_init(struct reply *reply)
{
	memset(reply, 0, offsetof(struct reply, own));
	reply->headers = reply->own;
	reply->header_room = REPLY_HEADERS_OWN;
}

static void clear(struct reply *reply)
{
	for (struct kept *kept; (kept = reply->kept) != NULL;) {
		reply->kept = kept->next;
		free(kept);
	}
	reply->header_count = 0;
	reply->text_used = 0;
}

void reply_fini(struct reply *reply)
{
	clear(reply);
	if (reply->headers != reply->own)
		free(reply->headers);
}

static bool grow(struct reply *reply)
{
	bool own = reply->headers == reply->own;
	struct reply_field *longer = reallocarray(own ? NULL : reply->headers, reply->header_room * 2, sizeof(*longer));

	if (longer == NULL)
		return false;
	if (own)
		memcpy(longer, reply->own, sizeof(reply->own));
	reply->headers = longer;
	reply->header_room *= 2;
	return true;
}

void reply_header(struct reply *reply, const char *name, const char *value)
{
	if (reply->header_count == reply->header_room && !grow(reply))
		reply->failed = true;
	else
		reply->headers[reply->header_count++] = (struct reply_field){ name, value };
}

/* Allocates memory for a value that is too long for `text`. Returns NULL if memory runs out. */
static char *keep(struct reply *reply, size_t bytes)
{
	struct kept *kept = malloc(sizeof(*kept) + bytes);

	if (kept == NULL) {
		reply->failed = true;
		return NULL;
	}
	kept->next = reply->kept;
	reply->kept = kept;
	return kept->text;
}

static const char *keep_format(struct reply *reply, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));
static const char *keep_format(struct reply *reply, const char *format, va_list arguments)
{
	char *text = reply->text + reply->text_used;
	size_t room = sizeof(reply->text) - reply->text_used;
	va_list again;
	int n;

	va_copy(again, arguments);
	n = vsnprintf(text, room, format, arguments);
	if (n >= 0 && (size_t)n < room) {
		reply->text_used += (size_t)n + 1;
	} else {
		text = n >= 0 ? keep(reply, (size_t)n + 1) : NULL;
		if (text != NULL)
			vsnprintf(text, (size_t)n + 1, format, again);
	}
	va_end(again);
	return text;
}

const char *reply_text_format(struct reply *reply, const char *format, ...)
{
	const char *text;
	va_list arguments;

	va_start(arguments, format);
	text = keep_format(reply, format, arguments);
	va_end(arguments);
	return text;
}

void reply_header_format(struct reply *reply, const char *name, const char *format, ...)
{
	const char *text;
	va_list arguments;

	va_start(arguments, format);
	text = keep_format(reply, format, arguments);
	va_end(arguments);
	if (text != NULL)
		reply_header(reply, name, text);
}

void reply_remove(struct reply *reply, const char *name)
{
	unsigned left = 0;

	for (unsigned i = 0; i < reply->header_count; i++)
		if (strcasecmp(reply->headers[i].name, name) != 0)
			reply->headers[left++] = reply->headers[i];
	reply->header_count = left;
}

const char *reply_value(const struct reply *reply, const char *name)
{
	for (unsigned i = 0; i < reply->header_count; i++)
		if (strcasecmp(reply->headers[i].name, name) == 0)
			return reply->headers[i].value;
	return NULL;
}

void reply_finish(struct reply *reply)
{
	static const char *const lists[] = {
		NULL,	  "Accept",	    "Accept-Encoding",	       "Accept, Accept-Encoding",
		"Origin", "Accept, Origin", "Accept-Encoding, Origin", "Accept, Accept-Encoding, Origin"
	};

	if (reply->vary != 0)
		reply_header(reply, "Vary", lists[reply->vary]);
}

void reply_empty(struct reply *reply, unsigned status)
{
	reply->status = status;
	reply->body = REPLY_EMPTY;
	reply->length = 0;
}

void reply_error(struct reply *reply, unsigned status, bool head)
{
	clear(reply);
	reply->young = false;
	reply_error_body(reply, status, head);
	if (status == 503)
		reply_header(reply, "Retry-After", "1");
}

void reply_error_body(struct reply *reply, unsigned status, bool head)
{
	reply->status = status;
	reply->body = head ? REPLY_LENGTH_ONLY : REPLY_TEXT;
	reply->data = status_body(status);
	reply->length = strlen(reply->data);
	reply_remove(reply, "Content-Type");
	reply_remove(reply, "X-Content-Type-Options");
	reply_header(reply, "Content-Type", "text/plain; charset=utf-8");
	reply_header(reply, "X-Content-Type-Options", "nosniff");
}

void reply_validators(struct reply *reply, const struct validator *validator)
{
	char date[DATE_BYTES];

	reply->young = validator->weak;
	if (validator->etag[0] != '\0')
		reply_header(reply, "ETag", validator->etag);
	if (validator->has_last_modified && (reply->status != 304 || validator->etag[0] == '\0'))
		reply_header_format(reply, "Last-Modified", "%s", date_format(validator->last_modified, date));
}
