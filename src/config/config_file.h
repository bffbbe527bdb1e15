/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses the configuration file, which has lines with key = value, blocks for sites and locations, and comments after
 * "#". Must be called by one thread at a time, either the main thread or the thread of a reload.
 */
#ifndef CONFIG_CONFIG_FILE_H
#define CONFIG_CONFIG_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "config/config.h"

/*
 * Reads the file at `path`. Keys that the file does not set keep their defaults. `config` must be initialised with
 * config_init(). Returns 0, -EINVAL if the file has errors, or another -errno if the file cannot be read. Writes each
 * error to `faults`, as a line of the form "FILE:LINE: message".
 */
int config_file_load(struct config *config, const char *path, FILE *faults);

/*
 * Parses `text` in the same way as config_file_load() parses a file. `name` is the file name for messages. The text
 * needs no final NUL.
 */
int config_file_parse(struct config *config, const char *name, const char *text, size_t length, FILE *faults);

#endif
