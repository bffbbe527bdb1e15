/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line. Its options override the configuration file, which overrides the defaults. Main thread, or the
 * thread of a reload.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

struct options {
	struct config config;
	char *config_path; /* the file that was read; NULL: no file; owned */
	bool check_only;   /* --check was given */
	char *explain;	   /* the request target of --explain, in argv; NULL: --explain was not given */
	char **fields;	   /* header fields of that request, "Name: value", in argv; the array is owned */
	size_t field_count;
};

/*
 * Parses the command line and reads the configuration file. `sockets` has the names of the sockets that were passed to
 * the process, terminated by NULL.
 *
 * Returns 0 if the configuration is complete; config_finish() was then called, and the caller frees *options with
 * options_fini(). Otherwise returns an exit status (sysexits.h), and the error messages are in `faults`. --help,
 * --version and malformed options print a text and exit the process.
 */
int options_parse(int argc, char **argv, const char *const *sockets, struct options *options, FILE *faults);
/* Frees the contents. */
void options_fini(struct options *options);

#endif
