/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conditional requests, RFC 9110 section 13. precondition_check() follows the order of section 13.2.2. The functions
 * are pure and thread-safe. The fields belong to the request.
 *
 * The main idea: a malformed field must not make a response less safe. A malformed If-Match or If-None-Match matches
 * nothing, which yields 412 or the whole representation. A malformed date is ignored. An If-Range that is neither a tag
 * nor a date does not match. Tags are compared in place, so a list is parsed without copying. A list is not split at
 * commas, because a tag may contain commas.
 */
#include "http/precondition.h"

#include <string.h>

#include "http/date.h"

#define BLANKS " \t"
/* a Last-Modified date is strong if it is this much older than Date; see if_range_holds() */
#define STRONG_AGE_SECONDS 2

struct tag {
	const char *opaque; /* opaque-tag of RFC 9110 section 8.8.3: without W/, with both quotes */
	size_t length;
	bool weak;
};

static bool parse_tag(const char **at, struct tag *tag)
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

/* Returns true if the whole field is a well-formed list of tags and one of them is the tag of the file. */
static bool lists_tag(const char *field, const struct validator *validator, bool strong)
{
	const char *etag = validator->etag;
	struct tag own, listed;
	bool found = false;
	if (!parse_tag(&etag, &own))
		return false;
	for (const char *at = field + strspn(field, BLANKS ","); *at != '\0'; at += strspn(at, BLANKS ",")) {
		if (!parse_tag(&at, &listed))
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

/*
 * Parses the date of a condition. Returns false if the field is absent or malformed, or if the file has no
 * Last-Modified.
 */
static bool read_date(const char *field, const struct validator *validator, int64_t now, int64_t *date)
{
	return field != NULL && validator->has_last_modified && date_parse(field, now, date) == 0;
}

/* Returns true if the text is the tag, compared byte by byte, and only blanks follow it. */
static bool is_the_tag(const char *text, const struct validator *validator)
{
	size_t length = strlen(validator->etag);
	return length > 0 && strncmp(text, validator->etag, length) == 0 &&
	       text[length + strspn(text + length, BLANKS)] == '\0';
}

bool precondition_is_if_range_tag(const char *if_range, const struct validator *validator)
{
	return if_range != NULL && !validator->weak && is_the_tag(if_range + strspn(if_range, BLANKS), validator);
}

/*
 * Returns true if the If-Range condition holds. A date must be strong, that is, clearly older than the Date of the
 * response (RFC 9110 sections 13.1.5 and 8.8.2.2).
 */
static bool if_range_holds(const char *field, const struct validator *validator, int64_t now)
{
	int64_t date;
	const char *text = field + strspn(field, BLANKS);
	if (validator->weak)
		return false;
	if (*text == '"' || strncmp(text, "W/", 2) == 0)
		return is_the_tag(text, validator);
	return !validator->shared_date && read_date(text, validator, now, &date) && date == validator->last_modified &&
	       date <= now - STRONG_AGE_SECONDS;
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
