/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the client behind a chain of trusted proxies. The functions are pure and thread-safe. The fields belong to the
 * request.
 *
 * The main idea: each proxy appends an element at the right end. The fields are therefore read from the right, until an
 * element does not come from a trusted proxy. The elements that the client itself sent are to the left of the element
 * of the first proxy. These elements are neither trusted nor parsed. The client cannot extend its elements to the right
 * with an unterminated quote, because that quote begins to the left of the comma at which reading stops.
 */
#include "http/forwarded.h"

#include "base/networks.h"

#include <string.h>
#include <strings.h>

/* A substring of a field, without a terminating NUL. */
struct slice {
	const char *text;
	size_t length;
};

static struct slice trimmed(struct slice part)
{
	while (part.length > 0 && (part.text[0] == ' ' || part.text[0] == '\t')) {
		part.text++;
		part.length--;
	}
	while (part.length > 0 && (part.text[part.length - 1] == ' ' || part.text[part.length - 1] == '\t'))
		part.length--;
	return part;
}

/* Returns true if the byte before `at` is escaped: an odd number of backslashes precedes it. */
static bool is_escaped(const char *text, size_t at)
{
	size_t slashes = 0;

	while (slashes + 1 < at && text[at - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 1;
}

/*
 * Removes the last element from a comma-separated list. With `quotes`, commas in quoted strings do not separate
 * elements. Returns false if the list is empty.
 */
static bool pop_element(struct slice *list, bool quotes, struct slice *element)
{
	size_t at = list->length;
	bool quoted = false;

	if (list->text == NULL || list->length == 0)
		return false;
	for (; at > 0; at--) {
		if (quotes && list->text[at - 1] == '"' && !is_escaped(list->text, at))
			quoted = !quoted;
		else if (!quoted && list->text[at - 1] == ',')
			break;
	}
	*element = trimmed((struct slice){ list->text + at, list->length - at });
	list->length = at > 0 ? at - 1 : 0;
	return true;
}

/*
 * Removes the last element that is not empty. RFC 9110 section 5.6.1 allows empty elements. Returns false if there is
 * no such element.
 */
static bool next_element(struct slice *list, bool quotes, struct slice *element)
{
	while (pop_element(list, quotes, element))
		if (element->length > 0)
			return true;
	return false;
}

/* --- one element of Forwarded --- */

struct hop {
	struct slice node; /* value of "for", without quotes; length 0 if absent */
	enum forwarded_proto proto;
};

static enum forwarded_proto proto_of(struct slice value)
{
	if (value.length == 5 && strncasecmp(value.text, "https", 5) == 0)
		return FORWARDED_PROTO_HTTPS;
	return value.length == 4 && strncasecmp(value.text, "http", 4) == 0 ? FORWARDED_PROTO_HTTP
									    : FORWARDED_PROTO_UNKNOWN;
}

/*
 * Returns the length of the value at the start of `rest`: a quoted string, or the text up to a semicolon. Returns 0 for
 * an unterminated quoted string or an empty value.
 */
static size_t value_length(struct slice rest)
{
	size_t i = 1;

	if (rest.length == 0 || rest.text[0] != '"')
		return rest.length == 0			       ? 0
		       : strcspn(rest.text, ";") < rest.length ? strcspn(rest.text, ";")
							       : rest.length;
	for (; i < rest.length && rest.text[i] != '"'; i++)
		if (rest.text[i] == '\\')
			i++;
	return i < rest.length ? i + 1 : 0;
}

/* Removes the quotes. Backslashes are not resolved, because no value that is used here contains a backslash. */
static struct slice unquoted(struct slice value)
{
	if (value.length >= 2 && value.text[0] == '"')
		return (struct slice){ value.text + 1, value.length - 2 };
	return trimmed(value);
}

/* Removes one "name=value" pair from the start of *rest. Returns false if the pair is malformed. */
static bool parse_pair(struct slice *rest, struct slice *name, struct slice *value)
{
	const char *equals = memchr(rest->text, '=', rest->length);
	size_t used;

	if (equals == NULL || equals == rest->text)
		return false;
	*name = trimmed((struct slice){ rest->text, (size_t)(equals - rest->text) });
	*rest = (struct slice){ equals + 1, rest->length - (size_t)(equals + 1 - rest->text) };
	used = value_length(*rest);
	if (used == 0)
		return false;
	*value = unquoted((struct slice){ rest->text, used });
	*rest = trimmed((struct slice){ rest->text + used, rest->length - used });
	if (rest->length > 0 && rest->text[0] != ';')
		return false;
	return true;
}

static bool is_name(struct slice name, const char *word)
{
	return name.length == strlen(word) && strncasecmp(name.text, word, name.length) == 0;
}

/* Parses an element: "for=192.0.2.1;proto=https;by=...". Returns false if it is malformed. */
static bool parse_hop(struct slice element, struct hop *hop)
{
	struct slice name, value;

	*hop = (struct hop){ 0 };
	for (;;) {
		while (element.length > 0 &&
		       (element.text[0] == ';' || element.text[0] == ' ' || element.text[0] == '\t'))
			element = (struct slice){ element.text + 1, element.length - 1 };
		if (element.length == 0)
			return true;
		if (!parse_pair(&element, &name, &value))
			return false;
		if (is_name(name, "for") && hop->node.length > 0)
			return false;
		if (is_name(name, "for"))
			hop->node = value;
		else if (is_name(name, "proto"))
			hop->proto = proto_of(value);
	}
}

/* --- the walk --- */

static enum forwarded_proto walk_forwarded(const char *field, const struct text_list *trusted, struct address *client)
{
	struct slice list = { field, strlen(field) }, element;
	enum forwarded_proto proto = FORWARDED_PROTO_UNKNOWN;
	struct hop hop;

	while (next_element(&list, true, &element) && parse_hop(element, &hop)) {
		struct address node;

		proto = hop.proto;
		if (hop.node.length == 0 || address_parse_endpoint(hop.node.text, hop.node.length, &node) != 0)
			break;
		*client = node;
		if (networks_narrowest(trusted, &node) < 0)
			break;
	}
	return proto;
}

/*
 * Parses an address of X-Forwarded-For. The field has no standard, so IPv6 addresses occur with and without brackets.
 */
static int parse_loosely(struct slice text, struct address *address)
{
	return address_parse(text.text, text.length, address) == 0
		       ? 0
		       : address_parse_endpoint(text.text, text.length, address);
}

/* Walks X-Forwarded-For from the right. Returns the number of elements that were read. */
static unsigned walk_for(const char *field, const struct text_list *trusted, struct address *client)
{
	struct slice list = { field, field != NULL ? strlen(field) : 0 }, element;
	struct address node;
	unsigned hops = 0;

	while (next_element(&list, false, &element)) {
		hops++;
		if (parse_loosely(element, &node) != 0)
			break;
		*client = node;
		if (networks_narrowest(trusted, &node) < 0)
			break;
	}
	return hops;
}

/*
 * Returns the scheme of element number `hops` from the right, at which the walk ended. If the field has fewer elements,
 * returns the scheme of the leftmost element, because many proxies write a single value, regardless of the proxies
 * before them.
 */
static enum forwarded_proto proto_at(const char *field, unsigned hops)
{
	struct slice list = { field, field != NULL ? strlen(field) : 0 }, element;
	enum forwarded_proto proto = FORWARDED_PROTO_UNKNOWN;

	do {
		if (!next_element(&list, false, &element))
			break;
		proto = proto_of(element);
	} while (hops-- > 1);
	return proto;
}

enum forwarded_proto forwarded_walk(const struct forwarded_fields *fields, const struct text_list *trusted,
				    struct address *client)
{
	struct address other = *client;
	unsigned hops = walk_for(fields->forwarded_for, trusted, &other);
	enum forwarded_proto proto = FORWARDED_PROTO_UNKNOWN;

	if (fields->forwarded != NULL)
		proto = walk_forwarded(fields->forwarded, trusted, client);
	if (fields->forwarded != NULL && fields->forwarded_for != NULL && !address_same(client, &other))
		return FORWARDED_CONTRADICTION;
	if (fields->forwarded == NULL)
		*client = other;
	return proto != FORWARDED_PROTO_UNKNOWN ? proto : proto_at(fields->forwarded_proto, hops);
}
