/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replaces ${NAME} and ${NAME:-default} in the text of ranged.conf. The values come from the environment of the
 * process, which must not change meanwhile.
 */
#ifndef CONFIG_CONFIG_VARIABLES_H
#define CONFIG_CONFIG_VARIABLES_H

#include <stddef.h>
#include <stdio.h>

#include "base/text_list.h"

#define CONFIG_VARIABLES_MAX_BYTES ((size_t)1 << 20)

struct config_variables {
	const char *name;	/* Name of the file, for messages. */
	FILE *faults;		/* Receives a line "NAME:LINE: message" for each error. */
	struct text_list *seen; /* Receives a line of the same form for each variable, with its value. For --check. */
};

/*
 * Replaces all variables of the text. The text must not contain comments or NUL bytes. Variables are replaced in words
 * and in double quotes, but not in single quotes. A value is never parsed: it cannot end a string, a list or a line.
 * The line numbers do not change.
 *
 * Stores the new text, which the caller frees and which needs no final NUL, and its length. Returns 0, -ENOMEM, or
 * -EINVAL after errors in the text: a variable that is not set and has no default, a variable that is not closed, an
 * invalid name, or a new text of more than CONFIG_VARIABLES_MAX_BYTES.
 */
int config_variables_expand(const struct config_variables *variables, const char *text, size_t length, char **expanded,
			    size_t *expanded_bytes);

#endif
