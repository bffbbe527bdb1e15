/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats lines of the error log. The functions are thread-safe. They depend only on the clock, the environment and the
 * style, and write only to memory that the caller provides.
 *
 * The main idea: one call makes exactly one line, regardless of the content of its arguments. A file name from a
 * request can contain newlines and escape sequences. Such a name must neither forge a second line nor control a
 * terminal, so base/escape.c escapes the message.
 *
 * Lines of text have the local time, because people read them beside other logs of the machine. JSON is for programs
 * and has UTC, which is never ambiguous.
 */
#include "base/line.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"

static const struct {
	const char *name;
	char priority; /* see sd-daemon(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", '3' },
	[LOG_LEVEL_WARNING] = { "warning", '4' },
	[LOG_LEVEL_INFO] = { "info", '6' },
	[LOG_LEVEL_DEBUG] = { "debug", '7' },
};

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

static size_t put_priority(char *line, enum log_level level)
{
	return (size_t)snprintf(line, LINE_BYTES, "<%c>", levels[level].priority);
}

static size_t put_prefix(char *line, enum log_level level, bool journal)
{
	char time[CLOCK_TEXT_BYTES];

	if (journal)
		return put_priority(line, level);
	return (size_t)snprintf(line, LINE_BYTES, "%s %s: ", clock_format_local(clock_wall_ns(), time),
				levels[level].name);
}

static size_t put_json_prefix(char *line, enum log_level level, bool journal)
{
	size_t length = journal ? put_priority(line, level) : 0;
	char time[CLOCK_TEXT_BYTES];

	return length + (size_t)snprintf(line + length, LINE_BYTES - length,
					 "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"",
					 clock_format_utc(clock_wall_ns(), time), levels[level].name);
}

/*
 * The buffer of the message is as long as the whole line. A message that does not fit into the buffer therefore does
 * not fit behind the prefix either, so escape_put() truncates it.
 */
size_t line_format(char *line, enum log_level level, bool journal, const char *format, va_list arguments)
{
	const bool json = atomic_load_explicit(&line_style, memory_order_relaxed) == LINE_STYLE_JSON;
	const size_t end_bytes = json ? JSON_END_BYTES : 0;
	char text[LINE_BYTES];
	size_t length = json ? put_json_prefix(line, level, journal) : put_prefix(line, level, journal);

	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		text[0] = '\0';
	length += escape_put(line + length, LINE_BYTES - 1 - end_bytes - length, text, strlen(text),
			     json ? ESCAPE_JSON : ESCAPE_MESSAGE);
	memcpy(line + length, JSON_END, end_bytes);
	length += end_bytes;
	line[length++] = '\n';
	return length;
}
