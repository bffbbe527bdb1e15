/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line. Its options override the configuration file, which overrides the defaults. Called by the main
 * thread and the thread of a reload.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

struct options {
	struct config config;
	char *config_path; /* path of the file that was read; owned; NULL: no file was read */
	bool check_only;   /* --check was given */
	/* True: started by a user at a terminal, without a configuration file. A process does not change this value. */
	bool interactive;
	const char *ignored_path; /* the default file, if it exists and an interactive start did not read it; or NULL */
	char *explain;		  /* request target of --explain, in argv; NULL: --explain was not given */
	char **fields;		  /* header fields of --header, "Name: value", in argv; the array is owned */
	size_t field_count;
};

/*
 * Parses the command line and reads the configuration file. `sockets` has the names of the sockets that were passed to
 * the process, terminated by NULL.
 *
 * Returns 0 if the configuration is complete. In that case, config_finish() was called, and the caller frees *options
 * with options_fini(). Otherwise writes the error messages to `faults` and returns an exit status (sysexits.h). --help,
 * --version and malformed options print a text and exit the process.
 */
int options_parse(int argc, char **argv, const char *const *sockets, struct options *options, FILE *faults);
/* Frees the contents of the struct. */
void options_fini(struct options *options);

#endif
