/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks the syntax of ranged.conf before libconfuse parses it, because libconfuse stops at the first error, and often
 * names a later line. Thread-safe.
 */
#ifndef CONFIG_CONFIG_SYNTAX_H
#define CONFIG_CONFIG_SYNTAX_H

#include <stddef.h>

/* Called for an error, with its line in the text. */
typedef void (*config_syntax_fault_fn)(int line, const char *message);

/*
 * Checks a text without comments. Calls `fault` for each error, in the order of the text. Replaces settings and blocks
 * that have an error with blanks, so that the remaining text can be parsed. Returns the number of errors.
 */
unsigned config_syntax_check(char *text, size_t length, config_syntax_fault_fn fault);

#endif
