/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conditional requests, in the order of RFC 9110 section 13.2.2. */
#ifndef HTTP_PRECONDITION_H
#define HTTP_PRECONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "http/validator.h"

/* The fields of one request; NULL: absent. Several lines of one field are joined with ", " by the caller. */
struct precondition_fields {
	const char *if_match, *if_unmodified_since, *if_none_match, *if_modified_since, *if_range;
};

enum precondition_verdict {
	PRECONDITION_NONE,	   /* go on; Range counts */
	PRECONDITION_WHOLE,	   /* go on, but If-Range did not match: ignore Range */
	PRECONDITION_NOT_MODIFIED, /* 304 */
	PRECONDITION_FAILED,	   /* 412 */
};

/* Returns whether an If-Range field (NULL: none) is the tag of this validator, compared strongly. */
bool precondition_names(const char *if_range, const struct validator *validator);

/*
 * For GET and HEAD on a file that exists. now: seconds since 1970 (the Date of the answer). A field that can't be read:
 * a list of tags matches nothing, a date is as if absent. A file whose tag is weak matches no If-Range, a date neither;
 * nor does a date that is shared.
 */
enum precondition_verdict precondition_check(const struct precondition_fields *fields,
					     const struct validator *validator, int64_t now);

#endif
