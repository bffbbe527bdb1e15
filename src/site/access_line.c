/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats lines of the access log. The functions run on the writer thread of the log. The line belongs to the caller.
 *
 * The main idea: each operation appends one value to the line and leaves room for the minimum length of the operations
 * after it. Each entry is therefore one line with all its values, regardless of the length of the client's texts.
 */
#include "site/access_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/escape.h"

static bool is_absent(const char *text)
{
	return text == NULL || *text == '\0';
}

/* Returns the text of an operation and sets its length. An absent text is "". */
static const char *text_of(const struct access_line_op *op, const struct access_entry *entry, size_t *length)
{
	const char *text = entry->texts[op->text] != NULL ? entry->texts[op->text] : "";

	*length = op->kind == ACCESS_LINE_PATH ? strcspn(text, "?") : strlen(text);
	if (op->kind != ACCESS_LINE_QUERY)
		return text;
	text += strcspn(text, "?");
	*length = strlen(text);
	return text;
}

/* Appends a text with escapes. Returns the new length of the line. */
static size_t put_text(const struct access_line_op *op, const struct access_entry *entry, char *line, size_t used)
{
	const size_t room = SINK_LINE_BYTES - 1 - op->reserved_bytes - used, max = access_text_bytes(op->text);
	size_t length;
	const char *text = text_of(op, entry, &length);
	const bool part = op->kind == ACCESS_LINE_REQUEST && op->text != ACCESS_METHOD; /* after a blank */

	if (part && is_absent(entry->texts[ACCESS_METHOD]))
		return used;
	if (length == 0 && (part || op->kind == ACCESS_LINE_QUERY))
		return used;
	if (length == 0) {
		line[used] = '-';
		return used + 1;
	}
	if (part)
		line[used++] = ' ';
	return used + escape_put(line + used, room - part < max ? room - part : max, text, length,
				 op->kind == ACCESS_LINE_USER ? ESCAPE_WORD : ESCAPE_QUOTED);
}

static size_t put(char *line, const char *text)
{
	size_t length = strlen(text);

	memcpy(line, text, length);
	return length;
}

static size_t put_number(char *line, uint64_t number)
{
	char digits[20];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	for (size_t i = 0; i < count; i++)
		line[i] = digits[count - 1 - i];
	return count;
}

static size_t put_seconds(char *line, uint64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, ns / CLOCK_NS_PER_S, ns / 1000 % 1000000);
	return put(line, text);
}

/*
 * Formats the date once for each second and thread, because many requests share a second. The date is local time, as in
 * Apache. localtime_r() takes a lock of libc, but only threads that format lines of logs use that lock.
 */
static size_t put_date(char *line, int64_t time_ns)
{
	static _Thread_local time_t last;
	static _Thread_local char text[2 * CLOCK_TEXT_BYTES];
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(time_ns / (int64_t)CLOCK_NS_PER_S);
	char offset[CLOCK_TEXT_BYTES];
	struct tm tm;

	if (seconds == last && text[0] != '\0')
		return put(line, text);
	last = seconds;
	localtime_r(&seconds, &tm);
	clock_format_offset(&tm, "", offset);
	snprintf(text, sizeof(text), "[%02d/%s/%04d:%02d:%02d:%02d %s]", tm.tm_mday, months[tm.tm_mon],
		 tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, offset);
	return put(line, text);
}

/* Writes a value of at most min_bytes. Returns its length. */
static size_t put_fixed(const struct access_line_op *op, const struct access_entry *entry, char *line)
{
	char text[CLOCK_TEXT_BYTES > ADDRESS_TEXT_BYTES ? CLOCK_TEXT_BYTES : ADDRESS_TEXT_BYTES];
	const char *source = access_source_name(entry->source);

	switch (op->kind) {
	case ACCESS_LINE_LITERAL:
		memcpy(line, op->literal, op->min_bytes);
		return op->min_bytes;
	case ACCESS_LINE_CLIENT:
		return put(line, address_format(&entry->client, text));
	case ACCESS_LINE_DATE:
		return put_date(line, entry->time_ns);
	case ACCESS_LINE_RFC3339:
		return put(line, clock_format_utc(entry->time_ns, text));
	case ACCESS_LINE_TIME:
		return put_number(line, (uint64_t)entry->time_ns / op->unit);
	case ACCESS_LINE_DURATION:
		return put_number(line, entry->duration_ns / op->unit);
	case ACCESS_LINE_WAIT:
		return put_number(line, entry->wait_ns / op->unit);
	case ACCESS_LINE_DURATION_SECONDS:
		return put_seconds(line, entry->duration_ns);
	case ACCESS_LINE_WAIT_SECONDS:
		return put_seconds(line, entry->wait_ns);
	case ACCESS_LINE_STATUS:
		return put_number(line, entry->status);
	case ACCESS_LINE_BYTES:
		return put_number(line, entry->sent_bytes);
	case ACCESS_LINE_BYTES_CLF:
		return entry->sent_bytes > 0 ? put_number(line, entry->sent_bytes) : put(line, "-");
	case ACCESS_LINE_PORT:
		return entry->port > 0 ? put_number(line, entry->port) : put(line, "-");
	case ACCESS_LINE_SCHEME:
		return put(line, entry->tls ? "https" : "http");
	case ACCESS_LINE_CACHE:
		return put(line, source != NULL ? source : "-");
	case ACCESS_LINE_REASON:
		return put(line, entry->reason != NULL ? entry->reason : "-");
	case ACCESS_LINE_TEXT:
	case ACCESS_LINE_REQUEST:
	case ACCESS_LINE_USER:
	case ACCESS_LINE_PATH:
	case ACCESS_LINE_QUERY:
		break;
	}
	return 0;
}

size_t access_line_put(const struct access_line_op *ops, unsigned count, const struct access_entry *entry, char *line)
{
	size_t used = 0;

	for (unsigned i = 0; i < count; i++) {
		bool text = ops[i].kind >= ACCESS_LINE_TEXT && ops[i].kind <= ACCESS_LINE_QUERY;

		used = text ? put_text(&ops[i], entry, line, used) : used + put_fixed(&ops[i], entry, line + used);
	}
	return used;
}
