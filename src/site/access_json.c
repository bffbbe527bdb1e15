/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats entries of the access log as JSON. The functions run on the writer thread of the log. The entry and the line
 * belong to the caller.
 *
 * The main idea: each text has a maximum length in the line, which includes its escapes. All maximum lengths together
 * fit into a line (access.c), so the line is complete JSON for any input, and no function checks for the end of the
 * line.
 */
#include "site/access_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"

static char *put(char *to, const char *text)
{
	return stpcpy(to, text);
}

static char *put_key(char *to, const char *key)
{
	return stpcpy(stpcpy(stpcpy(to, ",\""), key), "\":");
}

static char *put_text(char *to, const char *key, const char *text, size_t max)
{
	to = put_key(to, key);
	if (text == NULL)
		return put(to, "null");
	*to++ = '"';
	to += escape_put(to, max, text, strlen(text), ESCAPE_JSON);
	*to++ = '"';
	return to;
}

static char *put_number(char *to, const char *key, uint64_t number)
{
	to = put_key(to, key);
	return to + sprintf(to, "%" PRIu64, number);
}

size_t access_json_line(const struct access_entry *entry, char *line)
{
	char time[CLOCK_TEXT_BYTES], client[ADDRESS_TEXT_BYTES];
	char *to = put(line, "{\"time\":\"");

	to = put(put(to, clock_format_utc(entry->time_ns, time)), "\"");
	to = put_text(to, "client", address_format(&entry->client, client), sizeof(client));
	for (unsigned i = 0; i < ACCESS_TEXTS; i++)
		to = put_text(to, access_text_name(i), entry->texts[i], access_text_bytes(i));
	to = put_number(to, "status", entry->status);
	to = put_number(to, "bytes", entry->sent_bytes);
	to = put_number(to, "duration_us", entry->duration_ns / 1000);
	to = put_number(to, "wait_us", entry->wait_ns / 1000);
	to = entry->port != 0 ? put_number(to, "port", entry->port) : put_text(to, "port", NULL, 0);
	to = put(put_key(to, "tls"), entry->tls ? "true" : "false");
	to = put_text(to, "cache", access_source_name(entry->source), ACCESS_REASON_BYTES);
	to = put_text(to, "reason", entry->reason, ACCESS_REASON_BYTES);
	return (size_t)(put(to, "}") - line);
}
