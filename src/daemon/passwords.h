/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the htpasswd files that a configuration names. Main thread, or the thread of a reload. */
#ifndef DAEMON_PASSWORDS_H
#define DAEMON_PASSWORDS_H

#include "auth/login.h"
#include "config/config.h"

/*
 * Reads the files that were not read before; they are kept until the process ends. Returns 0, or -errno after it has
 * logged the error.
 */
int passwords_add(struct login *login, const struct config *config);
/*
 * Creates a login and reads all files. Returns 0 with *login owned by the caller, or -errno after it has logged the
 * error. `offload` may be NULL if no password will be checked.
 */
int passwords_open(struct login **login, const struct config *config, struct offload *offload);

#endif
