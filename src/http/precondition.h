/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conditional requests, in the order of RFC 9110 section 13.2.2. The functions are pure and thread-safe. */
#ifndef HTTP_PRECONDITION_H
#define HTTP_PRECONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "http/validator.h"

/* The fields of one request. An absent field is NULL. The caller joins several lines of a field with ", ". */
struct precondition_fields {
	const char *if_match, *if_unmodified_since, *if_none_match, *if_modified_since, *if_range;
};

enum precondition_verdict {
	PRECONDITION_NONE,	   /* all conditions hold: serve the response and evaluate Range */
	PRECONDITION_WHOLE,	   /* If-Range does not match: serve the response without evaluating Range */
	PRECONDITION_NOT_MODIFIED, /* respond with 304 */
	PRECONDITION_FAILED,	   /* respond with 412 */
};

/* Returns true if the If-Range field (NULL: absent) is the entity tag of this validator, compared strongly. */
bool precondition_is_if_range_tag(const char *if_range, const struct validator *validator);

/*
 * Evaluates the conditions of a GET or HEAD request for an existing file. `now` is the Date of the response, in seconds
 * since 1970. A malformed list of tags matches nothing, and a malformed date is ignored. If-Range never matches if the
 * validator is weak. An If-Range date never matches if validator->shared_date is set.
 */
enum precondition_verdict precondition_check(const struct precondition_fields *fields,
					     const struct validator *validator, int64_t now);

#endif
