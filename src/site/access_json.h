/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats an entry of the access log as a JSON object in one line. */
#ifndef SITE_ACCESS_JSON_H
#define SITE_ACCESS_JSON_H

#include "site/access.h"

/*
 * Writes the line, without a newline, to line[SINK_LINE_BYTES] and returns its length. Every key is present in every
 * line. An absent value is null. Texts are in the style ESCAPE_JSON, so the original bytes can be reconstructed.
 * Thread-safe.
 */
size_t access_json_line(const struct access_entry *entry, char *line);

#endif
