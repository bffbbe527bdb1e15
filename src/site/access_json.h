/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request as one object of JSON in one line. */
#ifndef SITE_ACCESS_JSON_H
#define SITE_ACCESS_JSON_H

#include "site/access.h"

/*
 * Into line[SINK_LINE_BYTES]; returns its length, 0 without memory. All keys are always there, null if absent. Texts
 * are UTF-8: bytes that are none become "\xNN", and a backslash "\x5c", so that what was sent can be told. Any thread.
 */
size_t access_json_line(const struct access_entry *entry, char *line);

#endif
