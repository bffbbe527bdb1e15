/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses Accept and Accept-Encoding. The functions are pure and thread-safe. The fields belong to the request.
 *
 * The main idea: both fields are lists whose members have a name, parameters and a weight (RFC 9110 section 12.4.2).
 * The list is parsed from left to right without copying. A malformed member is skipped, up to the next comma outside a
 * quoted string, so one malformed member does not invalidate the other members.
 */
#include "http/negotiate.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"
#define TOKEN "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A substring of a field, without a terminating NUL. */
struct slice {
	const char *at;
	size_t length;
};

struct member {
	struct slice name;
	struct slice parameters; /* the parameters before the weight */
	unsigned quality;
};

static bool is_text(const struct slice *text, const char *word)
{
	return strlen(word) == text->length && strncasecmp(text->at, word, text->length) == 0;
}

static bool same_text(const struct slice *a, const struct slice *b)
{
	return a->length == b->length && strncasecmp(a->at, b->at, a->length) == 0;
}

static struct slice parse_span(const char **at, const char *bytes)
{
	struct slice text = { *at, strspn(*at, bytes) };

	*at += text.length;
	return text;
}

/* Returns the end of a quoted string (RFC 9110 section 5.6.4), or NULL if it is unterminated. */
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

/* Parses name=value, without blanks around the "=". Removes the quotes of the value. */
static bool parse_parameter(const char **at, struct slice *name, struct slice *value)
{
	*name = parse_span(at, TOKEN);
	if (name->length == 0 || *(*at)++ != '=')
		return false;
	if (**at == '"') {
		const char *past = skip_quoted(*at);

		if (past == NULL)
			return false;
		*value = (struct slice){ *at + 1, (size_t)(past - *at) - 2 };
		*at = past;
		return true;
	}
	*value = parse_span(at, TOKEN);
	return value->length > 0;
}

/*
 * Advances from the end of a name or parameter to the next parameter. Skips empty parameters. Returns false if there is
 * no further parameter.
 */
static bool next_parameter(const char **at)
{
	*at += strspn(*at, BLANKS);
	if (**at != ';')
		return false;
	*at += strspn(*at, BLANKS ";");
	return **at != ',' && **at != '\0';
}

/* Parses a weight: "0", "0.5", "1.000", with at most three digits after the point. */
static bool read_quality(const struct slice *text, unsigned *quality)
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
	struct slice name, value;

	member->name = parse_span(at, TOKEN "/");
	member->parameters = (struct slice){ *at, 0 };
	member->quality = NEGOTIATE_BEST;
	while (next_parameter(at)) {
		if (!parse_parameter(at, &name, &value))
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

/* Parses the next well-formed member. Returns false at the end of the field. */
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

static bool is_coding(const struct slice *name, const char *coding)
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
		if (member.parameters.length > 0) /* malformed: a coding has no parameters */
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

/* Returns true if the media type has this parameter. */
static bool has_parameter(const char *type, const struct slice *name, const struct slice *value)
{
	const char *at = type + strcspn(type, ";");
	struct slice own_name, own_value;

	while (next_parameter(&at) && parse_parameter(&at, &own_name, &own_value))
		if (same_text(&own_name, name) && same_text(&own_value, value))
			return true;
	return false;
}

/* How specifically a media range matches. Each matching parameter adds 1. */
enum specificity {
	MATCHES_NOT,
	MATCHES_ANY = 0x1000,
	MATCHES_TYPE = 0x2000,
	MATCHES_SUBTYPE = 0x3000,
};

static unsigned specificity(const struct member *range, const char *type)
{
	size_t slash = strcspn(type, "/"), length = strcspn(type, "; \t");
	const struct slice whole = { type, length }, *name = &range->name;
	const char *at = range->parameters.at, *end = at + range->parameters.length;
	unsigned specific = MATCHES_SUBTYPE;
	struct slice parameter, value;

	if (is_text(name, "*/*"))
		specific = MATCHES_ANY;
	else if (name->length == slash + 2 && strncasecmp(name->at, type, slash) == 0 &&
		 strncmp(name->at + slash, "/*", 2) == 0)
		specific = MATCHES_TYPE;
	else if (!same_text(name, &whole))
		return MATCHES_NOT;
	while (at < end && next_parameter(&at) && parse_parameter(&at, &parameter, &value)) {
		if (is_text(&parameter, "charset")) /* clients send a charset although they accept any charset */
			continue;
		if (!has_parameter(type, &parameter, &value))
			return MATCHES_NOT;
		specific++;
	}
	return specific;
}

static bool is_range(const struct slice *name)
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
		unsigned specific = is_range(&member.name) ? specificity(&member, type) : 0;

		ranges += is_range(&member.name);
		if (specific > best) {
			best = specific;
			quality = member.quality;
		}
	}
	return ranges > 0 ? quality : NEGOTIATE_BEST;
}
