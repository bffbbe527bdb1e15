/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How what was queued for a log of requests becomes an entry of it. */
#ifndef BASE_LOG_FORM_H
#define BASE_LOG_FORM_H

#include <stddef.h>

#include "base/sink.h"

/* Used by a log's writer, at any time until it calls free(). */
struct log_form {
	/* The line, without a newline, into line[SINK_LINE_BYTES]; returns its length. */
	size_t (*line)(const struct log_form *form, const void *record, char *line);
	/* Hands what the journal takes besides to sink_field(). NULL: nothing. */
	void (*fields)(const struct log_form *form, const void *record, struct sink *sink);
	/* Nothing queued is of this form any more: see log_retire(). */
	void (*free)(struct log_form *form);
	struct log_form *next; /* the log's, once it is retired */
};

#endif
