/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line of the error log, as a file wants it (time, level) or as the journal wants it (sd-daemon(3) priority). */
#ifndef BASE_LINE_H
#define BASE_LINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 2048 /* with its newline */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * The line with its newline (and no NUL) into line[LINE_BYTES]; returns its length. Control bytes become \xNN; what
 * does not fit is cut with "…". Any thread.
 */
__attribute__((format(printf, 4, 0))) size_t line_format(char *line, enum log_level level, bool journal,
							 const char *format, va_list arguments);

/* stderr is the journal's socket: what JOURNAL_STREAM names, and not a file it was redirected to since. */
bool line_stderr_is_journal(void);

#endif
