/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conditional requests, RFC 9110 section 13: precondition_check() is section 13.2.2 in its order.
 *
 * A field that can't be read never makes an answer less safe: a malformed If-Match or If-None-Match matches nothing
 * (412, or the whole representation), a date that is none is as if absent, an If-Range that is neither tag nor date
 * does not match. Tags are compared as they stand in the field, so a list is walked without copying; commas may stand
 * inside the quotes.
 */
#include "http/precondition.h"

#include <string.h>

#include "http/date.h"

#define BLANKS " \t"
#define SETTLED_SECONDS 2 /* a Last-Modified this much older than Date is strong, RFC 9110 section 8.8.2.2 */

/* A tag without its W/: from quote to quote. */
struct tag {
	const char *opaque;
	size_t length;
	bool weak;
};

static bool take_tag(const char **at, struct tag *tag)
{
	tag->weak = strncmp(*at, "W/", 2) == 0;
	tag->opaque = tag->weak ? *at + 2 : *at;
	if (*tag->opaque != '"')
		return false;
	const char *end = tag->opaque + 1;
	while ((unsigned char)*end > ' ' && *end != '"' && *end != 0x7f)
		end++;
	if (*end != '"')
		return false;
	tag->length = (size_t)(end + 1 - tag->opaque);
	*at = end + 1;
	return true;
}

static bool is_same(const struct tag *a, const struct tag *b, bool strong)
{
	if (strong && (a->weak || b->weak))
		return false;
	return a->length == b->length && memcmp(a->opaque, b->opaque, a->length) == 0;
}

static bool is_star(const char *field)
{
	field += strspn(field, BLANKS);
	return *field == '*' && field[1 + strspn(field + 1, BLANKS)] == '\0';
}

/* One of the tags of the field is the file's, and the field is a list of tags from end to end. */
static bool lists_tag(const char *field, const struct validator *validator, bool strong)
{
	const char *etag = validator->etag;
	struct tag own, listed;
	bool found = false;
	if (!take_tag(&etag, &own))
		return false;
	for (const char *at = field + strspn(field, BLANKS ","); *at != '\0'; at += strspn(at, BLANKS ",")) {
		if (!take_tag(&at, &listed))
			return false;
		at += strspn(at, BLANKS);
		if (*at != ',' && *at != '\0')
			return false;
		found = found || is_same(&own, &listed, strong);
	}
	return found;
}

static bool matches(const char *field, const struct validator *validator, bool strong)
{
	return is_star(field) || lists_tag(field, validator, strong);
}

/* A date to compare Last-Modified with: false when there is no such field, no date in it, or no Last-Modified. */
static bool read_date(const char *field, const struct validator *validator, int64_t now, int64_t *date)
{
	return field != NULL && validator->has_last_modified && date_parse(field, now, date) == 0;
}

/* The tag, strong and byte by byte, and nothing after it but blanks. */
static bool is_the_tag(const char *text, const struct validator *validator)
{
	size_t length = strlen(validator->etag);
	return length > 0 && strncmp(text, validator->etag, length) == 0 &&
	       text[length + strspn(text + length, BLANKS)] == '\0';
}

bool precondition_names(const char *if_range, const struct validator *validator)
{
	return if_range != NULL && !validator->weak && is_the_tag(if_range + strspn(if_range, BLANKS), validator);
}

static bool if_range_holds(const char *field, const struct validator *validator, int64_t now)
{
	int64_t date;
	const char *text = field + strspn(field, BLANKS);
	if (validator->weak)
		return false;
	if (*text == '"' || strncmp(text, "W/", 2) == 0)
		return is_the_tag(text, validator);
	return !validator->shared_date && read_date(text, validator, now, &date) && date == validator->last_modified &&
	       date <= now - SETTLED_SECONDS;
}

enum precondition_verdict precondition_check(const struct precondition_fields *fields,
					     const struct validator *validator, int64_t now)
{
	int64_t date;
	if (fields->if_match != NULL) {
		if (!matches(fields->if_match, validator, true))
			return PRECONDITION_FAILED;
	} else if (read_date(fields->if_unmodified_since, validator, now, &date) && validator->last_modified > date) {
		return PRECONDITION_FAILED;
	}
	if (fields->if_none_match != NULL) {
		if (matches(fields->if_none_match, validator, false))
			return PRECONDITION_NOT_MODIFIED;
	} else if (read_date(fields->if_modified_since, validator, now, &date) && validator->last_modified <= date) {
		return PRECONDITION_NOT_MODIFIED;
	}
	if (fields->if_range != NULL && !if_range_holds(fields->if_range, validator, now))
		return PRECONDITION_WHOLE;
	return PRECONDITION_NONE;
}
