/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of configuration: key = value, location blocks, comments after "#". Main thread only. */
#ifndef CONFIG_CONFIG_FILE_H
#define CONFIG_CONFIG_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "config/config.h"

/*
 * Reads the file at `path` on top of what config_init() set. All faults are written to `faults`, one line each:
 * FILE:LINE: what is wrong with which value. 0; -EINVAL after a fault in the file; or another -errno when it could not
 * be read (said as well).
 */
int config_file_load(struct config *config, const char *path, FILE *faults);

/* As config_file_load() of a file named `name` that holds `text`, which need not end in a NUL. */
int config_file_parse(struct config *config, const char *name, const char *text, size_t length, FILE *faults);

#endif
