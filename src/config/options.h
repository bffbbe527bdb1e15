/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line. What it sets beats the file of configuration, which beats the defaults. Main thread only. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

struct options {
	struct config config;
	char *config_path; /* the file that was read; NULL: none */
	bool check_only;   /* --check */
	char *explain;	   /* the target of --explain; NULL: serve. In argv, as what `fields` points to. */
	char **fields;	   /* of its header; "Name: value" */
	size_t field_count;
};

/*
 * 0; or, all said on `faults`, the status to exit with (sysexits.h). --help and --version, and what is wrong with argv
 * itself, print and exit at once. sockets: the names of the sockets that were passed to the process, NULL at the end.
 * With 0 the caller owns *options and gives it back with options_fini(); config_finish() was called.
 */
int options_parse(int argc, char **argv, const char *const *sockets, struct options *options, FILE *faults);
void options_fini(struct options *options);

#endif
