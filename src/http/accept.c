/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Content negotiation for responses that ranged generates. The functions are pure and thread-safe. The field belongs to
 * the request.
 *
 * The main idea: a type that the field names wins over a type that only a wildcard matches. A browser sends
 * "text/html,...;q=0.9", and curl sends a wildcard. A program that wants JSON sends "application/json", often together
 * with a wildcard of the same quality. The file negotiate.c computes the qualities.
 */
#include "http/accept.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "http/negotiate.h"

static const char *const types[ACCEPT_FORMATS] = { "text/plain", "text/html", "application/json" };

static bool names(const char *field, enum accept_format format)
{
	return field != NULL && strcasestr(field, types[format]) != NULL;
}

enum accept_format accept_choose(const char *field, enum accept_format usual)
{
	unsigned quality[ACCEPT_FORMATS], best = 0;
	enum accept_format first = usual == ACCEPT_TEXT ? ACCEPT_TEXT : ACCEPT_HTML;

	for (enum accept_format format = first; format < ACCEPT_FORMATS; format++) {
		quality[format] = negotiate_type(field, types[format]);
		best = quality[format] > best ? quality[format] : best;
	}
	if (best == 0)
		return usual;
	for (enum accept_format format = ACCEPT_HTML; format < ACCEPT_FORMATS; format++)
		if (quality[format] == best && names(field, format))
			return format;
	for (enum accept_format format = first; format < ACCEPT_FORMATS; format++)
		if (quality[format] == best)
			return quality[usual] == best ? usual : format;
	return usual;
}
