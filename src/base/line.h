/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats lines of the error log. A line in a file begins with the time and the level. A line for the journal begins
 * with the priority that sd-daemon(3) defines.
 */
#ifndef BASE_LINE_H
#define BASE_LINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 2048 /* maximum length, including the newline */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * Writes a line with its newline, without a NUL, to line[LINE_BYTES], and returns its length. Control bytes become
 * \xNN. A line that does not fit is truncated and ends in "…". Thread-safe.
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
