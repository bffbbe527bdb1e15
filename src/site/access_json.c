/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats entries of the access log as JSON. The functions run on the writer thread of the log. The entry and the line
 * belong to the caller.
 *
 * The main idea: jansson writes the line but accepts UTF-8 only, and a client may send any bytes. Texts are therefore
 * converted to UTF-8 first. They are truncated by their length in the line, where a control byte is six bytes long, so
 * the line is complete JSON for any input.
 */
#include "site/access_json.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#define ELLIPSIS "…"

struct json_text {
	char bytes[ACCESS_TEXT_MAX + sizeof(ELLIPSIS)];
	size_t used;
	size_t left; /* remaining bytes of the line */
};

/* Returns the length of the UTF-8 character (RFC 3629) that begins here, or 0 if there is none. */
static unsigned character_bytes(const unsigned char *p)
{
	unsigned bytes = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;

	for (unsigned i = 1; i < bytes; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) || (*p == 0xf0 && p[1] < 0x90) ||
	    (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return bytes;
}

/* Appends bytes whose length in the line is line_bytes. Returns false if they do not fit. */
static bool put(struct json_text *text, const void *bytes, size_t length, size_t line_bytes)
{
	if (line_bytes > text->left)
		return false;
	text->left -= line_bytes;
	memcpy(text->bytes + text->used, bytes, length);
	text->used += length;
	return true;
}

static bool put_character(struct json_text *text, const unsigned char *p, unsigned bytes)
{
	static const char hex[] = "0123456789abcdef";

	if (bytes == 0 || *p == '\\')
		return put(text, (char[]){ '\\', 'x', hex[*p >> 4], hex[*p & 15] }, 4, 5);
	return put(text, p, bytes, *p < ' ' ? 6 : *p == '"' ? 2 : bytes);
}

static json_t *text_value(const char *from, size_t max)
{
	struct json_text text = { .left = max };
	const unsigned char *p = (const unsigned char *)from;

	if (from == NULL)
		return json_null();
	while (*p != '\0') {
		unsigned bytes = character_bytes(p);

		if (!put_character(&text, p, bytes)) {
			text.left = sizeof(ELLIPSIS);
			put(&text, ELLIPSIS, sizeof(ELLIPSIS) - 1, sizeof(ELLIPSIS) - 1);
			break;
		}
		p += bytes > 0 ? bytes : 1;
	}
	return json_stringn_nocheck(text.bytes, text.used);
}

static json_t *object(const struct access_entry *entry)
{
	char time[ACCESS_TIME_BYTES], client[ADDRESS_TEXT_BYTES];
	const char *source = access_source_name(entry->source);
	json_t *line = json_object();
	int failed = line == NULL;

	failed |= json_object_set_new_nocheck(line, "time", json_string(access_time(entry->time_ns, time)));
	failed |= json_object_set_new_nocheck(line, "client", json_string(address_format(&entry->client, client)));
	for (unsigned i = 0; i < ACCESS_TEXTS; i++)
		failed |= json_object_set_new_nocheck(line, access_text_name(i),
						      text_value(entry->texts[i], access_text_bytes(i)));
	failed |= json_object_set_new_nocheck(line, "status", json_integer(entry->status));
	failed |= json_object_set_new_nocheck(line, "bytes", json_integer((json_int_t)entry->sent_bytes));
	failed |=
		json_object_set_new_nocheck(line, "duration_us", json_integer((json_int_t)(entry->duration_ns / 1000)));
	failed |= json_object_set_new_nocheck(line, "wait_us", json_integer((json_int_t)(entry->wait_ns / 1000)));
	failed |= json_object_set_new_nocheck(line, "port", entry->port != 0 ? json_integer(entry->port) : json_null());
	failed |= json_object_set_new_nocheck(line, "tls", json_boolean(entry->tls));
	failed |= json_object_set_new_nocheck(line, "cache", source != NULL ? json_string(source) : json_null());
	failed |= json_object_set_new_nocheck(line, "reason",
					      entry->reason != NULL ? json_string(entry->reason) : json_null());
	if (failed == 0)
		return line;
	json_decref(line);
	return NULL;
}

struct output {
	char *bytes;
	size_t used;
};

static int append(const char *bytes, size_t length, void *context)
{
	struct output *output = context;

	if (length > SINK_LINE_BYTES - 1 - output->used)
		return -1;
	memcpy(output->bytes + output->used, bytes, length);
	output->used += length;
	return 0;
}

size_t access_json_line(const struct access_entry *entry, char *line)
{
	struct output output = { .bytes = line };
	json_t *value = object(entry);

	if (value == NULL || json_dump_callback(value, append, &output, JSON_COMPACT) != 0)
		output.used = 0;
	json_decref(value);
	return output.used;
}
