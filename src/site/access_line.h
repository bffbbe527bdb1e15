/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats a line of the access log with a list of operations, which access_format.c compiles. The functions are
 * thread-safe. They use memory of the caller and a cached date for each thread.
 */
#ifndef SITE_ACCESS_LINE_H
#define SITE_ACCESS_LINE_H

#include "site/access.h"

enum access_line_kind {
	ACCESS_LINE_LITERAL,
	ACCESS_LINE_TEXT, /* the text `text` */
	/*
	 * A part of the request line. The target and the version begin with a blank, and are omitted if they are
	 * absent. A request line without a method is "-", because programs that read logs expect a method before a
	 * target.
	 */
	ACCESS_LINE_REQUEST,
	ACCESS_LINE_USER,  /* the text `text`, with escaped blanks */
	ACCESS_LINE_PATH,  /* the target up to the query */
	ACCESS_LINE_QUERY, /* the query with its question mark */
	ACCESS_LINE_CLIENT,
	ACCESS_LINE_DATE, /* local time, "[23/Nov/2026:00:26:41 +0100]" */
	ACCESS_LINE_RFC3339,
	ACCESS_LINE_TIME,	      /* time of arrival of the request since 1970, in `unit` */
	ACCESS_LINE_DURATION,	      /* an integer, in `unit` */
	ACCESS_LINE_WAIT,	      /* an integer, in `unit` */
	ACCESS_LINE_DURATION_SECONDS, /* in seconds, with six decimals */
	ACCESS_LINE_WAIT_SECONDS,     /* in seconds, with six decimals */
	ACCESS_LINE_STATUS,
	ACCESS_LINE_BYTES,
	ACCESS_LINE_BYTES_CLF, /* "-" for 0, as in the Common Log Format */
	ACCESS_LINE_PORT,
	ACCESS_LINE_SCHEME,
	ACCESS_LINE_CACHE,
	ACCESS_LINE_REASON,
};

struct access_line_op {
	enum access_line_kind kind;
	union {
		enum access_text text;
		uint64_t unit; /* in nanoseconds */
		const char *literal;
	};
	size_t min_bytes;      /* minimum length in the line; for a literal, its length */
	size_t reserved_bytes; /* sum of min_bytes of the operations after this one */
};

/*
 * Writes the line of an entry to line[SINK_LINE_BYTES] and returns its length. The sum of min_bytes of all operations
 * must be less than SINK_LINE_BYTES. Texts are in the style ESCAPE_QUOTED. A text is truncated and ends in "…" if the
 * operations after it need the room. An absent or empty text is written as "-". An absent query is omitted.
 */
size_t access_line_put(const struct access_line_op *ops, unsigned count, const struct access_entry *entry, char *line);

#endif
