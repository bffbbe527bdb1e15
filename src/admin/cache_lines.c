/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread of the connection alternates between the command, for PROGRESS_MS each time, and the transmission of a
 * line. If the client has disconnected, libmicrohttpd fails to send the next line and frees the stream. The command
 * therefore ends at most PROGRESS_MS after its client.
 */
#include "admin/cache_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin/cache_answer.h"
#include "base/clock.h"
#include "base/escape.h"

#define PROGRESS_MS 250 /* time between two lines */

struct lines {
	const struct cache_lines_functions *functions;
	void *context;
	uint64_t begun_ns;
	bool done;		 /* the last line was produced */
	char *line;		 /* the current line, terminated by a newline instead of a NUL */
	size_t line_bytes, sent; /* length of the line; number of bytes sent */
};

static void free_lines(void *context)
{
	struct lines *lines = context;

	lines->functions->free(lines->context);
	free(lines->line);
	free(lines);
}

/* Replaces the current line. Returns false if memory runs out. */
static bool make_line(struct lines *lines)
{
	json_t *object = lines->functions->describe(lines->context, lines->done);
	const uint64_t elapsed_ns = clock_now_ns() - lines->begun_ns;
	char *text;

	json_object_set_new(object, "elapsed_ms", json_integer((json_int_t)(elapsed_ns / CLOCK_NS_PER_MS)));
	if (lines->done)
		json_object_set_new(object, "done", json_true());
	text = escape_json_document(json_dumps(object, JSON_COMPACT));
	json_decref(object);
	free(lines->line);
	lines->line = text;
	if (text == NULL)
		return false;
	lines->line_bytes = strlen(text) + 1;
	text[lines->line_bytes - 1] = '\n';
	lines->sent = 0;
	return true;
}

/* See admin_call_read_fn. */
static ssize_t read_lines(void *context, char *buffer, size_t bytes)
{
	struct lines *lines = context;
	size_t left = lines->line_bytes - lines->sent, n;

	if (left == 0) {
		if (lines->done)
			return 0;
		lines->done = lines->functions->proceed(lines->context, clock_now_ns() + PROGRESS_MS * CLOCK_NS_PER_MS);
		if (!make_line(lines))
			return -ENOMEM;
		left = lines->line_bytes;
	}
	n = left < bytes ? left : bytes;
	memcpy(buffer, lines->line + lines->sent, n);
	lines->sent += n;
	return (ssize_t)n;
}

void cache_lines_answer(struct admin_call *call, const struct cache_lines_functions *functions, void *context)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (lines == NULL) {
		functions->free(context);
		cache_answer_error(call, 503, "out of memory");
		return;
	}
	*lines = (struct lines){ .functions = functions, .context = context, .begun_ns = clock_now_ns() };
	admin_call_stream(call, 200, ADMIN_CALL_LINES, read_lines, free_lines, lines);
}
