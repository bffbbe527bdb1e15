/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of a log of requests, put together by a list of ops; access_format.c makes such lists. Pure. */
#ifndef SITE_ACCESS_LINE_H
#define SITE_ACCESS_LINE_H

#include "site/access.h"

#define ACCESS_LINE_ELLIPSIS_BYTES 3

enum access_line_kind {
	ACCESS_LINE_LITERAL,
	ACCESS_LINE_TEXT,  /* of `text` */
	ACCESS_LINE_USER,  /* the same without blanks */
	ACCESS_LINE_PATH,  /* of the target, up to the query */
	ACCESS_LINE_QUERY, /* from the question mark on */
	ACCESS_LINE_CLIENT,
	ACCESS_LINE_DATE, /* as "[22/Nov/2026:23:26:41 +0000]" */
	ACCESS_LINE_RFC3339,
	ACCESS_LINE_TIME,     /* since 1970, in `unit` */
	ACCESS_LINE_TAKEN,    /* in `unit` */
	ACCESS_LINE_WAIT,     /* likewise */
	ACCESS_LINE_DURATION, /* with six decimals */
	ACCESS_LINE_DELAY,    /* the same, of the wait */
	ACCESS_LINE_STATUS,
	ACCESS_LINE_BYTES,
	ACCESS_LINE_BYTES_CLF, /* "-" for none */
	ACCESS_LINE_PORT,
	ACCESS_LINE_SCHEME,
	ACCESS_LINE_CACHE,
};

struct access_line_op {
	enum access_line_kind kind;
	union {
		enum access_text text;
		uint64_t unit; /* in ns */
		const char *literal;
	};
	size_t needs;  /* of the line at least; of a literal its length */
	size_t behind; /* the sum of those after it */
};

/*
 * Into line[SINK_LINE_BYTES]; returns the length. The sum of what all ops need is less than SINK_LINE_BYTES. Quotes,
 * backslashes and control bytes of texts are written as \xNN, and a text is cut, with "…", where those behind it would
 * have too little. An absent or empty one is "-", but for a query, which is nothing.
 */
size_t access_line_put(const struct access_line_op *ops, unsigned count, const struct access_entry *entry, char *line);

#endif
