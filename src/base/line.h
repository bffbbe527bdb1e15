/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats lines of the error log, as text or as JSON objects. A text line in a file begins with the time and the level.
 * A line for the journal begins with the priority that sd-daemon(3) defines, which the journal removes.
 */
#ifndef BASE_LINE_H
#define BASE_LINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 2048 /* maximum length, including the newline */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum line_style { LINE_STYLE_TEXT, LINE_STYLE_JSON };

/* Sets the style of all lines that are formatted from now on. The default is text. Thread-safe. */
void line_set_style(enum line_style style);

/*
 * Writes a line with its newline, without a NUL, to line[LINE_BYTES], and returns its length. A line that does not fit
 * is truncated, and its text ends in "…". Thread-safe.
 * - Text: the local time, the level, and the message in the style ESCAPE_MESSAGE.
 * - JSON: an object with the strings "time" (in UTC), "level" and "message". The message is in the style ESCAPE_JSON.
 * Both are valid UTF-8.
 */
__attribute__((format(printf, 4, 0))) size_t line_format(char *line, enum log_level level, bool journal,
							 const char *format, va_list arguments);

/*
 * Returns true if stderr is connected to the journal. The environment variable JOURNAL_STREAM (systemd.exec(5))
 * contains the device and inode of the stderr that systemd has set up. They do not match if stderr was redirected.
 * Thread-safe.
 */
bool line_stderr_is_journal(void);

#endif
