/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ranged --explain: prints how one request would be answered, and why, without serving it. Main thread. */
#ifndef DAEMON_EXPLAIN_H
#define DAEMON_EXPLAIN_H

#include "config/options.h"

/*
 * Runs a GET of options->explain with the header fields options->fields through the steps of a served request. Prints
 * the results on stdout: the site, the matching blocks with FILE:LINE, the file, preconditions, ranges, reads, and the
 * response header. Returns 0, or an exit status (sysexits.h) after it has written the reason to stderr.
 */
int explain_run(struct options *options);

#endif
