/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ranged --explain: prints how ranged would answer a request, and why. Called on the main thread. */
#ifndef DAEMON_EXPLAIN_H
#define DAEMON_EXPLAIN_H

#include "config/options.h"

/*
 * Runs a GET request for options->explain, with the header fields in options->fields, through the steps of a served
 * request. Prints these results on stdout: the site, the matching blocks with FILE:LINE, the file, preconditions,
 * ranges, reads, and the response header. Returns 0, or writes the error to stderr and returns an exit status
 * (sysexits.h).
 */
int explain_run(struct options *options);

#endif
