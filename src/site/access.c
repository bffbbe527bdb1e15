/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entries of the access log. The worker of the request packs an entry. The writer thread of the log unpacks and formats
 * the entry. A record belongs to the queue of the log.
 *
 * The main idea: a record is a copy of the struct, followed by its texts, each with its NUL. Each text has a maximum
 * length of its own, so a long target cannot displace the status, and all maximum lengths together fit into a line.
 */
#include "site/access.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"

static const struct {
	const char *name, *field;
	size_t bytes;
} texts[ACCESS_TEXTS] = {
	[ACCESS_USER] = { "user", "RANGED_USER", 128 },
	[ACCESS_METHOD] = { "method", "RANGED_METHOD", 16 },
	[ACCESS_TARGET] = { "target", "RANGED_TARGET", ACCESS_TEXT_MAX },
	[ACCESS_VERSION] = { "version", "RANGED_VERSION", 16 },
	[ACCESS_REFERER] = { "referer", "RANGED_REFERER", 512 },
	[ACCESS_USER_AGENT] = { "user_agent", "RANGED_USER_AGENT", 512 },
	[ACCESS_RANGE] = { "range", "RANGED_RANGE", 256 },
	[ACCESS_HOST] = { "host", "RANGED_HOST", 256 },
	[ACCESS_SITE] = { "site", "RANGED_SITE", 256 },
	[ACCESS_FORWARDED_FOR] = { "forwarded_for", "RANGED_FORWARDED_FOR", 256 },
};

struct record {
	struct access_entry entry; /* the pointers in `texts` are compared with NULL but never dereferenced */
	char bytes[];		   /* the texts that are present */
};

_Static_assert(sizeof(struct record) + 128 + 16 + 1280 + 16 + 512 + 512 + 256 + 256 + 256 + 256 + ACCESS_TEXTS <=
		       ACCESS_RECORD_BYTES,
	       "the longest texts fit into a record");
_Static_assert(ACCESS_RECORD_BYTES <= LOG_RECORD_BYTES, "a record fits into the queue of a log");

size_t access_text_bytes(enum access_text text)
{
	return texts[text].bytes;
}

const char *access_text_name(enum access_text text)
{
	return texts[text].name;
}

const char *access_source_name(enum access_source source)
{
	static const char *const names[] = {
		[ACCESS_HIT] = "hit", [ACCESS_COALESCED] = "coalesced", [ACCESS_MISS] = "miss"
	};

	return names[source];
}

/* Copies the text and its NUL, truncated between two UTF-8 characters if necessary. Returns the end of the copy. */
static char *put_text(char *to, const char *text, size_t max)
{
	size_t length = strnlen(text, max + 1);

	if (length > max) {
		length = max - ESCAPE_ELLIPSIS_BYTES;
		for (unsigned i = 0; i < 3 && length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80; i++)
			length--;
		memcpy(to, text, length);
		memcpy(to + length, ESCAPE_ELLIPSIS, sizeof(ESCAPE_ELLIPSIS));
		return to + length + sizeof(ESCAPE_ELLIPSIS);
	}
	memcpy(to, text, length);
	to[length] = '\0';
	return to + length + 1;
}

size_t access_pack(const struct access_entry *entry, void *record)
{
	struct record *to = record;
	char *end = to->bytes;

	to->entry = *entry;
	for (unsigned i = 0; i < ACCESS_TEXTS; i++)
		if (entry->texts[i] != NULL)
			end = put_text(end, entry->texts[i], texts[i].bytes);
	return (size_t)(end - (char *)record);
}

void access_unpack(const void *record, struct access_entry *entry)
{
	const struct record *from = record;
	const char *text = from->bytes;

	*entry = from->entry;
	for (unsigned i = 0; i < ACCESS_TEXTS; i++) {
		if (entry->texts[i] == NULL)
			continue;
		entry->texts[i] = text;
		text += strlen(text) + 1;
	}
}

static void number_field(struct sink *sink, const char *name, uint64_t number)
{
	char text[24];

	sink_field(sink, name, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, number));
}

static void text_field(struct sink *sink, const char *name, const char *text)
{
	char value[4 * (ACCESS_TEXT_MAX + 1)]; /* an escaped byte is four bytes long */

	if (text != NULL)
		sink_field(sink, name, value, escape_put(value, sizeof(value), text, strlen(text), ESCAPE_VALUE));
}

void access_fields(const struct log_form *form, const void *record, struct sink *sink)
{
	struct access_entry entry;
	char client[ADDRESS_TEXT_BYTES], time[CLOCK_TEXT_BYTES];

	(void)form;
	access_unpack(record, &entry);
	text_field(sink, "RANGED_CLIENT", address_format(&entry.client, client));
	text_field(sink, "RANGED_TIME", clock_format_utc(entry.time_ns, time));
	for (unsigned i = 0; i < ACCESS_TEXTS; i++)
		text_field(sink, texts[i].field, entry.texts[i]);
	number_field(sink, "RANGED_STATUS", entry.status);
	number_field(sink, "RANGED_BYTES", entry.sent_bytes);
	number_field(sink, "RANGED_DURATION_US", entry.duration_ns / 1000);
	number_field(sink, "RANGED_WAIT_US", entry.wait_ns / 1000);
	number_field(sink, "RANGED_TLS", entry.tls);
	text_field(sink, "RANGED_CACHE", access_source_name(entry.source));
	text_field(sink, "RANGED_REASON", entry.reason);
}
