/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the configuration file and the files that it includes, and joins them to one text for the parser. Must be
 * called by one thread at a time, either the main thread or the thread of a reload.
 */
#ifndef CONFIG_CONFIG_SOURCE_H
#define CONFIG_CONFIG_SOURCE_H

#include <stddef.h>
#include <stdio.h>

#include "base/text_list.h"
#include "config/config_places.h"

/* The joined text. The caller owns the struct, which must be zero-initialised, and frees its contents. */
struct config_source {
	char *text; /* `length` bytes without comments, variables and includes */
	size_t length;
	struct config_places places;
	/* A line for each replaced variable and each included or ignored file. For --check. */
	struct text_list notes;
};

/*
 * Reads a file and the files that it includes. A relative name of an included file is relative to the directory of the
 * including file. Returns 0, -EINVAL if a file has errors, or another -errno if the file cannot be read. Writes each
 * error to `faults`, as a line "FILE:LINE: message". The caller calls config_source_fini() in all cases.
 */
int config_source_read(struct config_source *source, const char *path, FILE *faults);
/*
 * Copies a text that is not from a file. Its "include" settings are not replaced, so that the parser rejects them.
 * `name` is the name of the text in messages. Returns errors in the same way.
 */
int config_source_copy(struct config_source *source, const char *name, const char *text, size_t length, FILE *faults);
void config_source_fini(struct config_source *source);

#endif
