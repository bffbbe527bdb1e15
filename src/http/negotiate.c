/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both fields are lists of a name, its parameters, and a weight behind them (RFC 9110 section 12.4.2). A list is walked
 * from left to right without copying; a member that can't be read is stepped over, up to the next comma that is not in
 * a quoted string, so that one odd member does not cost the client all the others.
 */
#include "http/negotiate.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"
#define TOKEN "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct text {
	const char *at;
	size_t length;
};

struct member {
	struct text name;
	struct text parameters; /* all but the weight and what stands behind it */
	unsigned quality;
};

static bool is_text(const struct text *text, const char *word)
{
	return strlen(word) == text->length && strncasecmp(text->at, word, text->length) == 0;
}

static bool same_text(const struct text *a, const struct text *b)
{
	return a->length == b->length && strncasecmp(a->at, b->at, a->length) == 0;
}

static struct text take_span(const char **at, const char *bytes)
{
	struct text text = { *at, strspn(*at, bytes) };

	*at += text.length;
	return text;
}

/* Past a quoted string (RFC 9110 section 5.6.4), or NULL if it does not end. */
static const char *skip_quoted(const char *at)
{
	for (at++; *at != '\0' && *at != '"'; at++)
		if (*at == '\\' && at[1] != '\0')
			at++;
	return *at == '"' ? at + 1 : NULL;
}

static const char *skip_member(const char *at)
{
	while (*at != '\0' && *at != ',') {
		const char *past = *at == '"' ? skip_quoted(at) : NULL;

		at = past != NULL ? past : at + 1;
	}
	return at;
}

/* name=value, with no blanks around the "="; the value without its quotes. */
static bool take_parameter(const char **at, struct text *name, struct text *value)
{
	*name = take_span(at, TOKEN);
	if (name->length == 0 || *(*at)++ != '=')
		return false;
	if (**at == '"') {
		const char *past = skip_quoted(*at);

		if (past == NULL)
			return false;
		*value = (struct text){ *at + 1, (size_t)(past - *at) - 2 };
		*at = past;
		return true;
	}
	*value = take_span(at, TOKEN);
	return value->length > 0;
}

/* From the end of a parameter, or of the name, to the next parameter; false: there is none. Empty ones are stepped
 * over. */
static bool next_parameter(const char **at)
{
	*at += strspn(*at, BLANKS);
	if (**at != ';')
		return false;
	*at += strspn(*at, BLANKS ";");
	return **at != ',' && **at != '\0';
}

/* "0", "0.5", "1.000": at most three digits behind the point. */
static bool read_quality(const struct text *text, unsigned *quality)
{
	unsigned place = 100;

	if (text->length == 0 || text->length > 5 || (text->at[0] != '0' && text->at[0] != '1') ||
	    (text->length > 1 && text->at[1] != '.'))
		return false;
	*quality = text->at[0] == '1' ? NEGOTIATE_BEST : 0;
	for (size_t i = 2; i < text->length; i++, place /= 10) {
		if (text->at[i] < '0' || text->at[i] > '9')
			return false;
		*quality += (unsigned)(text->at[i] - '0') * place;
	}
	return *quality <= NEGOTIATE_BEST;
}

static bool read_member(const char **at, struct member *member)
{
	bool weighted = false;
	struct text name, value;

	member->name = take_span(at, TOKEN "/");
	member->parameters = (struct text){ *at, 0 };
	member->quality = NEGOTIATE_BEST;
	while (next_parameter(at)) {
		if (!take_parameter(at, &name, &value))
			return false;
		if (!weighted && is_text(&name, "q")) {
			weighted = true;
			if (!read_quality(&value, &member->quality))
				return false;
		} else if (!weighted) {
			member->parameters.length = (size_t)(*at - member->parameters.at);
		}
	}
	return member->name.length > 0 && (**at == ',' || **at == '\0');
}

/* The next member that can be read; false: there is none. */
static bool next_member(const char **at, struct member *member)
{
	for (;;) {
		const char *start = *at += strspn(*at, BLANKS ",");

		if (*start == '\0')
			return false;
		if (read_member(at, member))
			return true;
		*at = skip_member(start);
	}
}

static bool is_coding(const struct text *name, const char *coding)
{
	return is_text(name, coding) || (strcasecmp(coding, "gzip") == 0 && is_text(name, "x-gzip"));
}

unsigned negotiate_encoding(const char *field, const char *coding)
{
	bool identity = strcasecmp(coding, "identity") == 0, any = false;
	unsigned quality = identity ? 1 : 0;
	struct member member;

	if (field == NULL)
		return identity ? NEGOTIATE_BEST : 0;
	while (next_member(&field, &member)) {
		if (member.parameters.length > 0) /* codings have none */
			continue;
		if (is_coding(&member.name, coding))
			return member.quality;
		if (!any && is_text(&member.name, "*")) {
			any = true;
			quality = member.quality;
		}
	}
	return quality;
}

/* The type has this parameter. */
static bool has_parameter(const char *type, const struct text *name, const struct text *value)
{
	const char *at = type + strcspn(type, ";");
	struct text own_name, own_value;

	while (next_parameter(&at) && take_parameter(&at, &own_name, &own_value))
		if (same_text(&own_name, name) && same_text(&own_value, value))
			return true;
	return false;
}

enum fit { FIT_NOT, FIT_ANY = 0x1000, FIT_TYPE = 0x2000, FIT_WHOLE = 0x3000 }; /* and one more for each parameter */

/* How specific a range is about the type. */
static unsigned fit(const struct member *range, const char *type)
{
	size_t slash = strcspn(type, "/"), length = strcspn(type, "; \t");
	const struct text whole = { type, length }, *name = &range->name;
	const char *at = range->parameters.at, *end = at + range->parameters.length;
	unsigned specific = FIT_WHOLE;
	struct text parameter, value;

	if (is_text(name, "*/*"))
		specific = FIT_ANY;
	else if (name->length == slash + 2 && strncasecmp(name->at, type, slash) == 0 &&
		 strncmp(name->at + slash, "/*", 2) == 0)
		specific = FIT_TYPE;
	else if (!same_text(name, &whole))
		return FIT_NOT;
	while (at < end && next_parameter(&at) && take_parameter(&at, &parameter, &value)) {
		if (is_text(&parameter, "charset")) /* clients name it where they mean any */
			continue;
		if (!has_parameter(type, &parameter, &value))
			return FIT_NOT;
		specific++;
	}
	return specific;
}

static bool is_range(const struct text *name)
{
	const char *slash = memchr(name->at, '/', name->length);

	if (name->length > 0 && name->at[0] == '*')
		return is_text(name, "*/*");
	return slash != NULL && slash > name->at && slash + 1 < name->at + name->length &&
	       memchr(slash + 1, '/', name->length - (size_t)(slash + 1 - name->at)) == NULL;
}

unsigned negotiate_type(const char *field, const char *type)
{
	unsigned best = 0, quality = 0, ranges = 0;
	struct member member;

	while (field != NULL && next_member(&field, &member)) {
		unsigned specific = is_range(&member.name) ? fit(&member, type) : 0;

		ranges += is_range(&member.name);
		if (specific > best) {
			best = specific;
			quality = member.quality;
		}
	}
	return ranges > 0 ? quality : NEGOTIATE_BEST;
}
