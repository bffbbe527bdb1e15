/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ranged --explain: what would become of one request, and why, without serving it. Main thread only. */
#ifndef DAEMON_EXPLAIN_H
#define DAEMON_EXPLAIN_H

#include "config/options.h"

/*
 * Goes the way of a GET of options->explain with the fields of options->fields, through the same steps as a served one,
 * and prints on stdout what each finds: the site and the blocks with file:line, the file, preconditions, ranges, reads,
 * the status and the fields. The exit status: 0, or one of sysexits.h, with the reason on stderr.
 */
int explain_run(struct options *options);

#endif
