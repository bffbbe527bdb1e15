/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration file: key = value, site and location blocks, comments after "#". One thread at a time: the main
 * thread, or the thread of a reload.
 */
#ifndef CONFIG_CONFIG_FILE_H
#define CONFIG_CONFIG_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "config/config.h"

/*
 * Reads the file at `path`. Keys that the file does not set keep their defaults. All errors are written to `faults`,
 * one line each: "FILE:LINE: message". Returns 0, -EINVAL if the file has errors, or another -errno if it cannot be
 * read; that error is written to `faults` as well. `config` was initialized with config_init().
 */
int config_file_load(struct config *config, const char *path, FILE *faults);

/* Like config_file_load(), but parses `text`. `name` is the file name for messages. The text needs no final NUL. */
int config_file_parse(struct config *config, const char *name, const char *text, size_t length, FILE *faults);

#endif
