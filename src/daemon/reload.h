/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIGHUP: the configuration is read again and taken, or refused as a whole. Main thread only. */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/generation.h"

/*
 * From the same command line as at the start. True: *all begins with a new generation, which the workers take up from here on. False: what
 * was wrong is in the log, and nothing has changed.
 */
bool reload_configuration(struct generation **all, int argc, char **argv);

#endif
