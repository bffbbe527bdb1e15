/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats lines of the error log. The functions are thread-safe. They depend only on the clock and the environment, and
 * write only to memory that the caller provides.
 *
 * The main idea: one call makes exactly one line, regardless of the content of its arguments. A file name from a
 * request can contain newlines and escape sequences. Such a name must neither forge a second line nor control a
 * terminal, so control bytes are escaped. Bytes of 0x80 and above are copied unchanged, because they are usually UTF-8.
 */
#include "base/line.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

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

bool line_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) != 2 || fstat(STDERR_FILENO, &st) < 0)
		return false;
	return st.st_dev == device && st.st_ino == inode;
}

static size_t put_prefix(char *line, enum log_level level, bool journal)
{
	int64_t now = clock_wall_ns();
	time_t seconds = (time_t)(now / (int64_t)CLOCK_NS_PER_S);
	struct tm tm;
	char date[32];

	if (journal)
		return (size_t)snprintf(line, LINE_BYTES, "<%c>", levels[level].priority);
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	return (size_t)snprintf(line, LINE_BYTES, "%s.%03dZ %s: ", date, (int)(now / (int64_t)CLOCK_NS_PER_MS % 1000),
				levels[level].name);
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

size_t line_format(char *line, enum log_level level, bool journal, const char *format, va_list arguments)
{
	char text[LINE_BYTES];
	int wanted = vsnprintf(text, sizeof(text), format, arguments);
	size_t length = put_prefix(line, level, journal);

	if (wanted < 0)
		text[0] = '\0';
	length = put_text(line, length, text, wanted >= (int)sizeof(text));
	line[length++] = '\n';
	return length;
}
