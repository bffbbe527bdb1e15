/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats lines of the error log. The functions are thread-safe. They depend only on the clock, the environment and the
 * style, and write only to memory that the caller provides.
 *
 * The main idea: one call makes exactly one line, regardless of the content of its arguments. A file name from a
 * request can contain newlines and escape sequences. Such a name must neither forge a second line nor control a
 * terminal, so control bytes are escaped. Bytes of 0x80 and above are copied unchanged, because they are usually UTF-8.
 */
#include "base/line.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

static const struct {
	const char *name;
	char priority; /* see sd-daemon(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", '3' },
	[LOG_LEVEL_WARNING] = { "warning", '4' },
	[LOG_LEVEL_INFO] = { "info", '6' },
	[LOG_LEVEL_DEBUG] = { "debug", '7' },
};

#define ELLIPSIS "…"
#define ELLIPSIS_BYTES (sizeof(ELLIPSIS) - 1)
#define JSON_END "\"}"
#define JSON_END_BYTES (sizeof(JSON_END) - 1)

/* Relaxed order, because a line that is logged during a reload may have the old style or the new one. */
static _Atomic enum line_style line_style;

void line_set_style(enum line_style style)
{
	atomic_store_explicit(&line_style, style, memory_order_relaxed);
}

bool line_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) != 2 || fstat(STDERR_FILENO, &st) < 0)
		return false;
	return st.st_dev == device && st.st_ino == inode;
}

static void format_time(char text[40])
{
	int64_t now = clock_wall_ns();
	time_t seconds = (time_t)(now / (int64_t)CLOCK_NS_PER_S);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	size_t length = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + length, 8, ".%03dZ", (int)(now / (int64_t)CLOCK_NS_PER_MS % 1000));
}

static size_t put_priority(char *line, enum log_level level)
{
	return (size_t)snprintf(line, LINE_BYTES, "<%c>", levels[level].priority);
}

static size_t put_prefix(char *line, enum log_level level, bool journal)
{
	char time[40];

	if (journal)
		return put_priority(line, level);
	format_time(time);
	return (size_t)snprintf(line, LINE_BYTES, "%s %s: ", time, levels[level].name);
}

/* Appends one byte, unchanged or as \xNN. Returns the new length, or the old length if there is no room below `end`. */
static size_t put_byte(char *line, size_t length, size_t end, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	if (byte >= 0x20 && byte != 0x7f) {
		if (length < end)
			line[length++] = (char)byte;
	} else if (length + 4 <= end) {
		memcpy(line + length, (char[]){ '\\', 'x', digits[byte >> 4], digits[byte & 15] }, 4);
		length += 4;
	}
	return length;
}

/* Returns the length of the line without its last UTF-8 character if that character may be incomplete. */
static size_t drop_torn_character(const char *line, size_t length)
{
	size_t start = length;

	while (start > 0 && length - start < 3 && ((unsigned char)line[start - 1] & 0xc0) == 0x80)
		start--;
	return start > 0 && (unsigned char)line[start - 1] >= 0xc0 ? start - 1 : length;
}

static size_t put_text(char *line, size_t length, const char *text, bool cut)
{
	size_t end = LINE_BYTES - 1 - ELLIPSIS_BYTES;

	for (; *text; text++) {
		size_t before = length;
		length = put_byte(line, length, end, (unsigned char)*text);
		if (length == before) {
			cut = true;
			break;
		}
	}
	if (!cut)
		return length;
	length = drop_torn_character(line, length);
	memcpy(line + length, ELLIPSIS, ELLIPSIS_BYTES);
	return length + ELLIPSIS_BYTES;
}

/* --- JSON --- */

static size_t put_json_prefix(char *line, enum log_level level, bool journal)
{
	size_t length = journal ? put_priority(line, level) : 0;
	char time[40];

	format_time(time);
	return length + (size_t)snprintf(line + length, LINE_BYTES - length,
					 "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"", time, levels[level].name);
}

/*
 * Writes the first character of the text, escaped for a string, to escaped[8]. Sets *used to the number of bytes of the
 * text. Returns the length of the result.
 */
static size_t escape_json(const char *text, size_t *used, char escaped[8])
{
	const unsigned char byte = (unsigned char)*text;

	*used = text_character(text, strnlen(text, 4));
	if (*used == 0 || byte == '\\') {
		*used = 1;
		return (size_t)snprintf(escaped, 8, "\\\\x%02x", byte);
	}
	if (byte < ' ' || byte == 0x7f)
		return (size_t)snprintf(escaped, 8, "\\u%04x", byte);
	if (byte == '"')
		return (size_t)snprintf(escaped, 8, "\\\"");
	memcpy(escaped, text, *used);
	return *used;
}

static size_t put_json_text(char *line, size_t length, const char *text, bool cut)
{
	const size_t end = LINE_BYTES - 1 - JSON_END_BYTES - ELLIPSIS_BYTES;
	char escaped[8];
	size_t used;

	for (; *text != '\0'; text += used) {
		size_t bytes = escape_json(text, &used, escaped);

		if (length + bytes > end) {
			cut = true;
			break;
		}
		memcpy(line + length, escaped, bytes);
		length += bytes;
	}
	if (cut) {
		memcpy(line + length, ELLIPSIS, ELLIPSIS_BYTES);
		length += ELLIPSIS_BYTES;
	}
	memcpy(line + length, JSON_END, JSON_END_BYTES);
	return length + JSON_END_BYTES;
}

size_t line_format(char *line, enum log_level level, bool journal, const char *format, va_list arguments)
{
	const bool json = atomic_load_explicit(&line_style, memory_order_relaxed) == LINE_STYLE_JSON;
	char text[LINE_BYTES];
	int wanted = vsnprintf(text, sizeof(text), format, arguments);
	bool cut = wanted >= (int)sizeof(text);
	size_t length;

	if (wanted < 0)
		text[0] = '\0';
	if (json && cut)
		text[drop_torn_character(text, strlen(text))] = '\0';
	if (json)
		length = put_json_text(line, put_json_prefix(line, level, journal), text, cut);
	else
		length = put_text(line, put_prefix(line, level, journal), text, cut);
	line[length++] = '\n';
	return length;
}
