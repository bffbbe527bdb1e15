/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The format of an access log: "combined", "timing", "json", or a format string with the directives of Apache's
 * mod_log_config. The string is compiled once, by the main thread. The writer thread of the log formats lines with it.
 */
#ifndef SITE_ACCESS_FORMAT_H
#define SITE_ACCESS_FORMAT_H

#include "site/access.h"

struct access_format;

#define ACCESS_FORMAT_FAULT_BYTES 200

/*
 * Compiles a format, which the caller then owns. Returns 0 on success, -ENOMEM, or -EINVAL, in which case `fault`
 * describes the error and its position in the text.
 */
int access_format_new(const char *text, struct access_format **format, char fault[ACCESS_FORMAT_FAULT_BYTES]);
/* Frees a format. NULL is allowed. */
void access_format_free(struct access_format *format);

/*
 * Returns the form for log_request() with records of access_pack(). The form is a member of the format, and its free()
 * frees the format (see log_retire()).
 */
struct log_form *access_format_form(struct access_format *format);

/*
 * Writes the line of an entry, without a newline, to line[SINK_LINE_BYTES] and returns its length. Texts of the client
 * are escaped, see access_line.h and access_json.h. A text that is too long is truncated, but the values after it are
 * complete. Thread-safe.
 */
size_t access_format_line(const struct access_format *format, const struct access_entry *entry, char *line);

#endif
