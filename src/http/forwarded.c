/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each proxy adds to the right, so the fields are read from the right and no further than one can trust: what a client
 * sent itself stands to the left of what the first proxy added, and is neither believed nor parsed. It can't be made to
 * reach over either: a quote that it leaves open begins to the left of the comma at which reading stops.
 */
#include "http/forwarded.h"

#include "base/networks.h"

#include <string.h>
#include <strings.h>

/* A part of a field. */
struct part {
	const char *text;
	size_t length;
};

static struct part trimmed(struct part part)
{
	while (part.length > 0 && (part.text[0] == ' ' || part.text[0] == '\t')) {
		part.text++;
		part.length--;
	}
	while (part.length > 0 && (part.text[part.length - 1] == ' ' || part.text[part.length - 1] == '\t'))
		part.length--;
	return part;
}

/* Whether the byte before `at` is quoted by backslashes: an odd number of them stands before it. */
static bool is_escaped(const char *text, size_t at)
{
	size_t slashes = 0;

	while (slashes + 1 < at && text[at - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 1;
}

/* Takes the last element of a comma-separated list off; false: there was none. quotes: commas between them are no
 * commas. */
static bool take_last(struct part *list, bool quotes, struct part *element)
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
	*element = trimmed((struct part){ list->text + at, list->length - at });
	list->length = at > 0 ? at - 1 : 0;
	return true;
}

/* The same, passing over empty elements, which RFC 9110 section 5.6.1 allows. */
static bool next_element(struct part *list, bool quotes, struct part *element)
{
	while (take_last(list, quotes, element))
		if (element->length > 0)
			return true;
	return false;
}

/* --- one element of Forwarded --- */

struct hop {
	struct part node; /* its for=, without quotes; length 0: it has none */
	enum forwarded_proto proto;
};

static enum forwarded_proto proto_of(struct part value)
{
	if (value.length == 5 && strncasecmp(value.text, "https", 5) == 0)
		return FORWARDED_PROTO_HTTPS;
	return value.length == 4 && strncasecmp(value.text, "http", 4) == 0 ? FORWARDED_PROTO_HTTP
									    : FORWARDED_PROTO_UNKNOWN;
}

/* The length of a value: a quoted string, or all up to a semicolon. 0: a quote that is not closed, or nothing. */
static size_t value_length(struct part rest)
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

/* No backslashes are resolved: nothing that counts here has one. */
static struct part unquoted(struct part value)
{
	if (value.length >= 2 && value.text[0] == '"')
		return (struct part){ value.text + 1, value.length - 2 };
	return trimmed(value);
}

/* One "name=value" off the front of *rest. False: it is none. */
static bool take_pair(struct part *rest, struct part *name, struct part *value)
{
	const char *equals = memchr(rest->text, '=', rest->length);
	size_t used;

	if (equals == NULL || equals == rest->text)
		return false;
	*name = trimmed((struct part){ rest->text, (size_t)(equals - rest->text) });
	*rest = (struct part){ equals + 1, rest->length - (size_t)(equals + 1 - rest->text) };
	used = value_length(*rest);
	if (used == 0)
		return false;
	*value = unquoted((struct part){ rest->text, used });
	*rest = trimmed((struct part){ rest->text + used, rest->length - used });
	if (rest->length > 0 && rest->text[0] != ';')
		return false;
	return true;
}

static bool is_name(struct part name, const char *word)
{
	return name.length == strlen(word) && strncasecmp(name.text, word, name.length) == 0;
}

/* "for=192.0.2.1;proto=https;by=…". False: it can't be read. */
static bool parse_hop(struct part element, struct hop *hop)
{
	struct part name, value;

	*hop = (struct hop){ 0 };
	for (;;) {
		while (element.length > 0 &&
		       (element.text[0] == ';' || element.text[0] == ' ' || element.text[0] == '\t'))
			element = (struct part){ element.text + 1, element.length - 1 };
		if (element.length == 0)
			return true;
		if (!take_pair(&element, &name, &value))
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
	struct part list = { field, strlen(field) }, element;
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

/* Written by habit, not by a standard: IPv6 with brackets or without. */
static int parse_loosely(struct part text, struct address *address)
{
	return address_parse(text.text, text.length, address) == 0
		       ? 0
		       : address_parse_endpoint(text.text, text.length, address);
}

/* How many hops were walked. */
static unsigned walk_for(const char *field, const struct text_list *trusted, struct address *client)
{
	struct part list = { field, field != NULL ? strlen(field) : 0 }, element;
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

/* Of the hop at which the walk ended, counted from the right; many proxies write it once, whatever came before them. */
static enum forwarded_proto proto_at(const char *field, unsigned hops)
{
	struct part list = { field, field != NULL ? strlen(field) : 0 }, element;
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
