/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The answer of a long cache command: a stream of JSON objects, one on each line. Each line describes the progress. The
 * last line is the result and has the member "done". Used only by the thread of the connection.
 */
#ifndef ADMIN_CACHE_LINES_H
#define ADMIN_CACHE_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "admin/admin_call.h"

/* Size of a buffer for the path in a line. A longer path is shortened. JSON escapes can make it six times as long. */
#define CACHE_LINES_PATH_BYTES 600

struct cache_lines_functions {
	/*
	 * Continues until the time until_ns (CLOCK_MONOTONIC) or until the command has ended. Returns true at the end.
	 */
	bool (*proceed)(void *context, uint64_t until_ns);
	/* Returns the object of a line, or NULL if memory runs out. `done` is true for the last line. */
	json_t *(*describe)(void *context, bool done);
	/* Frees the context. Called once, also if the client disconnects before the end. */
	void (*free)(void *context);
};

/* Adds the members "elapsed_ms" and "done" to each line. Owns context; if memory runs out, frees it and answers 503. */
void cache_lines_answer(struct admin_call *call, const struct cache_lines_functions *functions, void *context);

#endif
