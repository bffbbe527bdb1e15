/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The form of the lines of a log of requests: "combined", "timing", "json", or directives as Apache's mod_log_config
 * has them. The text is compiled once; the log's writer runs it.
 */
#ifndef SITE_ACCESS_FORMAT_H
#define SITE_ACCESS_FORMAT_H

#include "site/access.h"

struct access_format;

#define ACCESS_FORMAT_FAULT_BYTES 200

/* 0 with *format owned by the caller; -ENOMEM; -EINVAL with what is wrong, and where in the text, in `fault`. */
int access_format_new(const char *text, struct access_format **format, char fault[ACCESS_FORMAT_FAULT_BYTES]);
/* NULL is fine. */
void access_format_free(struct access_format *format);

/* For log_request(), with what access_pack() made. Lives as long as the format, and its free() frees that: see
 * log_retire(). */
struct log_form *access_format_form(struct access_format *format);

/*
 * The line of an entry, without a newline, into line[SINK_LINE_BYTES]; returns its length. Quotes, backslashes and
 * control bytes of what a client sent are written as \xNN; texts too long for the line are cut, and what follows them
 * is not. Any thread.
 */
size_t access_format_line(const struct access_format *format, const struct access_entry *entry, char *line);

#endif
