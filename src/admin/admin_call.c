/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions that set the answer of a call. The functions only fill in struct admin_call. admin_server.c sends the
 * answer after the resource has returned. A call belongs to the thread of its connection, so no lock is needed.
 *
 * There are three kinds of answers: a constant text, a text that is freed after it was sent, or a stream whose bytes a
 * callback produces.
 */
#include "admin/admin_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

const char *admin_call_argument(const struct admin_call *call, const char *name)
{
	for (unsigned i = 0; i < call->argument_count; i++)
		if (strcmp(call->arguments[i].name, name) == 0)
			return call->arguments[i].value;
	return NULL;
}

void admin_call_answer(struct admin_call *call, unsigned status, const char *type, const char *text, size_t length)
{
	call->status = status;
	call->type = type;
	call->text = text;
	call->length = length;
}

void admin_call_answer_owned(struct admin_call *call, unsigned status, const char *type, char *text, size_t length)
{
	static const char none[] = "out of memory\n";

	if (text == NULL) {
		admin_call_answer(call, 503, ADMIN_CALL_TEXT, none, sizeof(none) - 1);
		return;
	}
	admin_call_answer(call, status, type, text, length);
	call->owned = text;
}

void admin_call_say(struct admin_call *call, unsigned status, const char *format, ...)
{
	char *text = NULL;
	size_t length = 0;
	va_list list;
	FILE *stream = open_memstream(&text, &length);

	if (stream != NULL) {
		va_start(list, format);
		escape_vprintf(stream, format, list);
		va_end(list);
		fputc('\n', stream);
		fclose(stream);
	}
	admin_call_answer_owned(call, status, ADMIN_CALL_TEXT, text, length);
}

void admin_call_stream(struct admin_call *call, unsigned status, const char *type, admin_call_read_fn read,
		       admin_call_free_fn free, void *context)
{
	call->status = status;
	call->type = type;
	call->read = read;
	call->free = free;
	call->context = context;
}
