/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The format of a request log: how a queued record becomes an entry of the log. */
#ifndef BASE_LOG_FORM_H
#define BASE_LOG_FORM_H

#include <stddef.h>

#include "base/sink.h"

/*
 * The owner embeds this struct in a struct of its own. The writer thread of the log may call line() and fields() at any
 * time until it calls free(), which returns the struct to its owner.
 */
struct log_form {
	/* Writes the line of a record, without a newline, to line[SINK_LINE_BYTES] and returns its length. */
	size_t (*line)(const struct log_form *form, const void *record, char *line);
	/* Passes additional fields for the journal to sink_field(). NULL: no additional fields. */
	void (*fields)(const struct log_form *form, const void *record, struct sink *sink);
	/* Called after log_retire(), when the queue no longer contains records of this form. */
	void (*free)(struct log_form *form);
	struct log_form *next; /* next retired form; owned by the log after log_retire() */
};

#endif
