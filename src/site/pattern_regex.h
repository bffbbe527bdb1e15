/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converts regular expressions to globs, for messages about configurations of other servers. Thread-safe. */
#ifndef SITE_PATTERN_REGEX_H
#define SITE_PATTERN_REGEX_H

#include "site/pattern_texts.h"

/*
 * Adds globs that match about the same paths as the regular expression. Adds no glob for an expression that globs
 * cannot express.
 */
void pattern_regex_convert(const char *regex, struct pattern_texts *globs);

#endif
