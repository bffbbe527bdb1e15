/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values that are made for one reply live in the reply's own text, so that making one costs no allocation; a value that does
 * not fit there would be a mistake of ours and is left out. Lengths of what a client chooses are bounded elsewhere.
 */
#include "http/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/date.h"
#include "http/status.h"

void reply_header(struct reply *reply, const char *name, const char *value)
{
	reply->headers[reply->header_count].name = name;
	reply->headers[reply->header_count++].value = value;
}

void reply_header_format(struct reply *reply, const char *name, const char *format, ...)
{
	char *text = reply->text + reply->text_used;
	size_t room = sizeof(reply->text) - reply->text_used;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(text, room, format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= room)
		return;
	reply->text_used += (size_t)n + 1;
	reply_header(reply, name, text);
}

void reply_empty(struct reply *reply, unsigned status)
{
	reply->status = status;
	reply->body = REPLY_EMPTY;
	reply->length = 0;
}

void reply_refuse(struct reply *reply, unsigned status, bool head)
{
	reply->status = status;
	reply->body = head ? REPLY_LENGTH_ONLY : REPLY_TEXT;
	reply->data = status_body(status);
	reply->length = strlen(reply->data);
	reply->header_count = 0;
	reply->text_used = 0;
	reply_header(reply, "Content-Type", "text/plain; charset=utf-8");
	reply_header(reply, "X-Content-Type-Options", "nosniff");
	if (status == 503)
		reply_header(reply, "Retry-After", "1");
}

void reply_validators(struct reply *reply, const struct validator *validator)
{
	char date[DATE_BYTES];

	if (validator->etag[0] != '\0')
		reply_header(reply, "ETag", validator->etag);
	if (validator->has_last_modified && (reply->status != 304 || validator->etag[0] == '\0'))
		reply_header_format(reply, "Last-Modified", "%s", date_format(validator->last_modified, date));
}

void reply_fini(struct reply *reply)
{
	free(reply->location);
}
