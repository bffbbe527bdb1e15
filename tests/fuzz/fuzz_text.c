/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of base/text.h. The input is a file name of any bytes. The link must decode to these bytes. JSON and
 * HTML must be UTF-8 and must contain no characters that end a string or begin a tag. The same input as a query of a
 * listing and as an Accept field must not crash.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/accept.h"
#include "listing/listing_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
	if (!truth)
		abort();
}

static void check_href(const struct text *text, const char *name, size_t length)
{
	const char *at = text->bytes, *end = text->bytes + text->used;

	for (size_t i = 0; i < length; i++) {
		char digits[3] = { 0 };

		must(at < end);
		if (*at != '%') {
			must(strchr("\"'<>& /?#\\:", *at) == NULL && *at == name[i]);
			at++;
			continue;
		}
		must(end - at >= 3);
		memcpy(digits, at + 1, 2);
		must((char)strtoul(digits, NULL, 16) == name[i]);
		at += 3;
	}
	must(at == end);
}

static void check_visible(const struct text *text, const char *forbidden)
{
	for (size_t i = 0; i < text->used; i++)
		must((unsigned char)text->bytes[i] >= ' ' && strchr(forbidden, text->bytes[i]) == NULL);
}

/* Checks that every quote is escaped, and that every backslash begins an escape. */
static void check_json(const struct text *text)
{
	for (size_t i = 0; i < text->used; i++) {
		must((unsigned char)text->bytes[i] >= ' ' && text->bytes[i] != '"');
		if (text->bytes[i] == '\\') {
			i++;
			must(i < text->used && strchr("\"\\u", text->bytes[i]) != NULL);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text html = { 0 }, json = { 0 }, href = { 0 };
	struct listing_query query;
	char *name = malloc(size + 1);

	must(name != NULL);
	if (size == 0) {
		free(name);
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		name[i] = data[i] != 0 ? (char)data[i] : 'x';
	name[size] = '\0';
	text_html(&html, name, size);
	text_json(&json, name, size);
	text_href(&href, name, size);
	check_visible(&html, "<>\"'\x7f");
	check_json(&json);
	check_href(&href, name, size);
	listing_query_parse(name, &query);
	must(accept_choose(name, ACCEPT_TEXT) < ACCEPT_FORMATS && accept_choose(name, ACCEPT_HTML) != ACCEPT_TEXT);
	text_fini(&html);
	text_fini(&json);
	text_fini(&href);
	free(name);
	return 0;
}
