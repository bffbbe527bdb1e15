/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ranged --check: checks a configuration without serving it. */
#ifndef DAEMON_CHECK_H
#define DAEMON_CHECK_H

#include "config/options.h"

/*
 * Checks the objects that a start with this configuration would open: roots, keys, passwords, certificates, logs and
 * the user. Creates no files. Logs errors to stderr. If there are no errors, prints the warnings and "FILE: ok".
 * Returns the exit status: 0 or EX_CONFIG (sysexits.h). Called on the main thread.
 */
int check_run(struct options *options);

#endif
